"""Checks of lesson 04, The U-Net."""

from collections.abc import Callable
from itertools import combinations

import keras
import numpy as np

from .core import NotYet, exercise, expect, given

__all__ = ["is_doubled", "map_sides", "step_parameters", "up_step"]


@exercise(
    "These are the sides at which the skips and the bottleneck wait for the decoder.",
    "The first map has half the side, the next half of that, four times in all. Whole numbers are wanted: // "
    "divides and gives one.",
)
def map_sides(answer: Callable) -> None:
    for size in (224, 64):
        result = given(answer(size))
        hint = f"Return a list of four sides, a number each; this is a {type(result).__name__}: {result}."
        expect(np.ndim(result) == 1, hint)
        sides, right = list(result), [size // 2, size // 4, size // 8, size // 16]
        expect(sides[:1] != [size], "Your list begins with the photo itself. How large is it after the first halving?")
        expect(len(sides) == 4, f"The photo is halved four times, and each time there is a map. You have {len(sides)}.")
        expect(sides != right[::-1], "The right sides, but the smallest first. The decoder meets them so; begin above.")
        where = f"For a photo of {size} pixels a side you give {sides}."
        expect(sides == right, f"{where} Each side is half of the one before, and the first is half of the photo's.")
        whole = all(isinstance(side, int | np.integer) for side in sides)
        expect(whole, f"{where} A side is a whole number of pixels: which division gives whole numbers?")


@exercise(
    "Up, join, mix. Three of these steps, and a last one without a skip, are the decoder.",
    "Section 5 has all the lines. Two things become parameters, the width and the skip; and the line that joins "
    "runs only if there is a skip.",
)
def up_step(answer: Callable) -> None:
    x, skip = keras.Input((4, 4, 6)), keras.Input((8, 8, 5))
    try:
        result = given(answer(x, skip, 5))
    except ValueError as error:
        hint = ""
        if "matching shapes" in str(error):
            hint = "Before they join, x must be as large as the skip: with which stride does its side double? "
        elif "Only input tensors" in str(error):
            hint = "A layer is first made, then called: layers.ReLU()(x). "
        raise NotYet(f"A layer refuses what it is given. {hint}The message was: {error}") from None
    expect(keras.backend.is_keras_tensor(result), f"Return what the last layer gives, not a {type(result).__name__}.")
    step = keras.Model([x, skip], result)
    layers = _kinds(step)
    rng = np.random.default_rng(0)
    coarse, fine = rng.normal(size=(2, 1, 4, 4, 6)), rng.normal(size=(2, 1, 8, 8, 5))

    def run(coarse: np.ndarray, fine: np.ndarray) -> np.ndarray:
        return keras.ops.convert_to_numpy(step([coarse, fine]))

    first = run(coarse[0], fine[0])
    _, height, width, channels = result.shape
    expect(
        not np.array_equal(first, run(coarse[0], fine[1])),
        "The result is the same whatever the skip says. Where does it join?",
    )
    expect(
        not np.array_equal(first, run(coarse[1], fine[0])),
        "The result is the same whatever x says: the coarse features do not reach it.",
    )
    expect(
        "Concatenate" in layers or not layers & {"Add", "Average", "Multiply", "Maximum", "Minimum"},
        "You add the skip to x, or blend the two. That can work, but here their channels are to be stacked, so that "
        "the convolution weighs them.",
    )
    expect(height == width, f"The result is {height} x {width}: stacked in space. Channels are the last axis.")
    hint = "Does the up-convolution double the side, and the 3 x 3 convolution keep it (padding)?"
    expect(height == 8, f"4 x 4 pixels should become 8 x 8, not {height} x {width}. {hint}")
    dots = np.zeros((4, 1, 8, 8, 5))  # one fine pixel in each block of four: four skips with the same means and maxima
    for k, dot in enumerate(dots):
        dot[:, k // 2 :: 2, k % 2 :: 2] = 1
    outcomes = [run(coarse[0], dot) for dot in dots]
    expect(
        not any(np.array_equal(a, b) for a, b in combinations(outcomes, 2)),
        "The skip's fine detail is lost: with its pixels changed about, the result is the same. At which size do the "
        "two join?",
    )
    expect(channels != 10, "This has width + skip channels. A convolution *after* the join brings them to width.")
    expect(channels == 5, f"The result should have width channels, 5 here; it has {channels}.")
    expect(_normalises(layers), "Up, join, mix: all there. What keeps the values in range for training?")
    expect(first.min() >= 0, "There are negative values in the result: which layer should come last?")
    other = answer(x, keras.Input((8, 8, 7)), 3)
    expect(other.shape == (None, 8, 8, 3), f"For a width of 3 the result has {other.shape[3]} channels. Is it used?")
    try:
        last = keras.Model(x, answer(x, None, 3))
    except Exception:
        last = None
    expect(
        last is not None and last.output.shape == other.shape,
        "One thing is left: at the last step skip is None, and nothing joins.",
    )
    pair = np.zeros((2, 4, 4, 6))
    pair[1, 1, 1] = 1  # mixed, it reaches beyond the block of 2 x 2 that it becomes
    beyond = np.array(keras.ops.convert_to_numpy(last(pair)))
    beyond[:, 2:4, 2:4] = 0
    expect(
        _normalises(_kinds(last)) and not np.array_equal(*beyond),
        "Without a skip nothing joins, but the step still mixes: what stands in the `if`, and what after it?",
    )


def _kinds(model: keras.Model) -> set[str]:
    """The names of the kinds of layers and operations in a model, and in the models that are part of it."""
    parts = model.layers if isinstance(model, keras.Sequential) else model.operations
    inner = [_kinds(part) for part in parts if isinstance(part, keras.Model)]
    return {type(part).__name__ for part in parts}.union(*inner)


def _normalises(kinds: set[str]) -> bool:
    return any(kind.endswith("Normalization") for kind in kinds)


@exercise(
    "A question that you can put to any network, before you train it.",
    "Take the upper left pixel of each block: a slice with the step 2 along height and width. Repeat it twice "
    "along both, with numpy's repeat(2, axis=...), and compare with what you were given.",
)
def is_doubled(answer: Callable) -> None:
    rng = np.random.default_rng(0)
    doubled = rng.random((3, 4, 3, 1)).repeat(2, axis=1).repeat(2, axis=2)
    speck = doubled.copy()
    speck[-1, -1, -1] = 2
    corner = doubled.copy()
    corner[0, 0, 1] = 2
    nearly = doubled.astype("float32")
    nearly[1, 2, 3] = np.nextafter(nearly[1, 2, 3], np.float32(2))  # the next number that there is
    # the mean of each block, row and column is as before
    even = rng.integers(2, 7, (2, 4, 6, 1)).repeat(2, axis=1).repeat(2, axis=2) / 8
    tilt = np.array([[0, 1, 0, -1], [-1, 0, 1, 0], [0, -1, 0, 1], [1, 0, -1, 0]]) / 8
    even += np.tile(tilt, (2, 3))[:, :, None]
    result = given(answer(doubled))
    expect(np.ndim(result) == 0, "Return one answer, True or False, not one for each pixel: all of them must agree.")
    expect(result, "These masks were doubled, and you say no. Which four pixels make up the first block?")
    flat = np.zeros((3, 4, 6, 1), "uint8")
    expect(answer(flat), "Three masks of nothing but 0 pass for doubled as well: a block may be like its neighbour.")
    noise, tall, wide = (rng.random(shape) for shape in ((2, 8, 6, 1), (2, 4, 6, 1), (2, 8, 3, 1)))
    for hand, hint in (
        (noise, "No two pixels here are alike, and you say yes. What do you compare each pixel with?"),
        (tall.repeat(2, axis=1), "These are doubled in height only, and you say yes. And in width?"),
        (wide.repeat(2, axis=2), "These are doubled in width only, and you say yes. And in height?"),
        (corner, "One pixel, at the upper right of a block, breaks it here, and you say yes. A block has four."),
        (speck, "One pixel, the last of the last photo, breaks its block here, and you say yes. Do you look at all?"),
        (even, "Every block here has the mean of a doubled one, but its pixels differ. Compare pixels, not means."),
        (np.roll(doubled, 1, axis=2), "Here blocks begin one pixel further right. Where does the first one begin?"),
        (nearly, "Two pixels here are nearly the same, and you say yes. Is there a tolerance in your comparison?"),
    ):
        expect(not answer(hand), hint)


@exercise(
    "You know the price of a step before it is built.",
    "Add up three layers. The up-convolution has 2 x 2 x (channels in) x width weights and width biases. The "
    "convolution has 3 x 3 x (channels in) x width weights: how many channels come in after the join? Batch norm "
    "has 4 numbers for each of the width channels.",
)
def step_parameters(answer: Callable) -> None:
    for x, skip, width in ((10, 3, 4), (1024, 512, 128), (16, 0, 2)):
        result = given(answer(x, skip, width))
        expect(np.ndim(result) == 0, f"Return one number, the sum of all, not a {type(result).__name__}.")
        up, mix, norm = 4 * x * width + width, 9 * (width + skip) * width, 4 * width
        right = up + mix + norm
        wide, large = 9 * (x + skip) * width, 9 * x * width + width
        for wrong, hint in {
            up + mix: "It is without the batch norm: four numbers for each of its channels.",
            up + mix + norm // 2: "Batch norm's mean and variance count too, though no gradient moves them.",
            right - width: "Is the up-convolution's bias in it? One for each output channel.",
            right + width: "The mixing convolution is built with use_bias=False. Which other layer has the shift?",
            up + 9 * width**2 + norm: "How many channels does the mixing convolution see, after the join?",
            up + wide + norm: "The mixing convolution comes after the up-convolution: what is joined?",
            large + mix + norm: "The up-convolution paints blocks of 2 x 2: that many weights for a pair of channels.",
        }.items():
            expect(result == right or result != wrong, f"You count {result:,}. {hint}")
        expect(
            result == right,
            f"For {x} channels from below, {skip} across and a width of {width} you count {result:,}, which is "
            f"{'too few' if result < right else 'too many'}. Count each of the three layers alone, then add.",
        )
