"""Checks of lesson 04, The U-Net."""

from collections.abc import Callable

import keras
import numpy as np

from .core import NotYet, exercise, expect, given

__all__ = ["up_step"]


@exercise("Up, join, mix. Three of these steps, and a last one without a skip, are the decoder.")
def up_step(answer: Callable) -> None:
    x, skip = keras.Input((4, 4, 6)), keras.Input((8, 8, 5))
    try:
        result = given(answer(x, skip, 5))
    except ValueError as error:
        raise NotYet(
            "A layer refuses what it is given. Before they join, x must be as large as the skip: with which stride "
            f"does its side double? The message was: {error}"
        ) from None
    expect(keras.backend.is_keras_tensor(result), f"Return what the last layer gives, not a {type(result).__name__}.")
    step = keras.Model([x, skip], result)
    layers = [type(operation).__name__ for operation in step.operations]
    rng = np.random.default_rng(0)
    coarse, fine = rng.normal(size=(3, 4, 4, 6)), rng.normal(size=(2, 3, 8, 8, 5))
    first, other = (keras.ops.convert_to_numpy(step([coarse, features])) for features in fine)
    _, height, width, channels = result.shape
    expect(not np.array_equal(first, other), "The result is the same whatever the skip says. Where does it join?")
    expect("Add" not in layers, "You add the skip to x. Adding blends the two at once: stack their channels instead.")
    expect(height == width, f"The result is {height} x {width}: stacked in space. Channels are the last axis.")
    hint = "Does the up-convolution double the side, and the 3 x 3 convolution keep it (padding)?"
    expect(height == 8, f"4 x 4 pixels should become 8 x 8, not {height} x {width}. {hint}")
    expect(channels != 10, "This has width + skip channels. A convolution *after* the join brings them to width.")
    expect(channels == 5, f"The result should have width channels, 5 here; it has {channels}.")
    expect("BatchNormalization" in layers, "Up, join, mix: all there. What keeps the values in range for training?")
    expect(first.min() >= 0, "There are negative values in the result: which layer should come last?")
    try:
        last = answer(x, None, 5).shape
    except Exception:
        last = None
    expect(last == result.shape, "One thing is left: at the last step skip is None, and nothing joins.")
