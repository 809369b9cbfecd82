"""Checks of lesson 03, The encoder."""

from collections.abc import Callable

import keras
import numpy as np

from .core import exercise, expect, given

__all__ = ["learning_layers", "to_caffe", "unfreeze_from"]

MEAN = np.array([103.939, 116.779, 123.68])  # ImageNet's mean colour: blue, green, red


@exercise(
    "This is what the network was trained on.",
    "A slice with the step -1 turns the last axis round, and `...` stands for all axes before it. Then numpy "
    "takes an array of three numbers off the last axis.",
)
def to_caffe(answer: Callable) -> None:
    photos = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 3), "uint8")
    result = np.asarray(given(answer(photos.copy())))
    expect(result.shape == photos.shape, f"The shape {photos.shape} should stay; yours is {result.shape}.")
    expect(
        result.dtype != np.uint8,
        "Your result is uint8, which has no negative numbers: 3 - 100 goes round to 159 there.",
    )
    expect(abs(result).max() > 2, "Your numbers are as small as 0-1. This network wants the scale of 0 to 255.")
    bgr = photos[..., ::-1]
    for wrong, hint in (
        (bgr, "The channels are in order. What is to be taken off each?"),
        (photos - MEAN, "The mean of blue was taken off red: the channels are still red, green, blue."),
        (photos - MEAN[::-1], "Each channel has lost its own mean, but red is still the first of them."),
        (bgr - MEAN[::-1], "The channels are turned round, and the mean as well: now red's is taken off blue."),
        (bgr + MEAN, "You add the mean. Take it off."),
        (photos[:, :, ::-1] - MEAN, "You mirror the photo from left to right. Which axis holds the channels?"),
        (photos[:, ::-1] - MEAN, "You turn the photo upside down. Which axis holds the channels?"),
        (photos[::-1] - MEAN, "You turn the order of the photos round. Which axis holds the channels?"),
    ):
        expect(not np.allclose(result, wrong, atol=0.01), hint)
    whole = (result == result.round()).all() and abs(result - (bgr - MEAN)).max() < 1
    expect(not whole, "Right, but without the decimals: 3 - 103.939 is no whole number.")
    expect(np.allclose(result, bgr - MEAN, atol=0.01), "Blue, green, red; from each its mean; and nothing else.")
    one, right = np.asarray(given(answer(photos[:1, :2]))), (bgr - MEAN)[:1, :2]
    hint = "Right for two photos, but not for one of another size. Does a number stand in your code?"
    expect(one.shape == right.shape and np.allclose(one, right, atol=0.01), hint)


@exercise(
    "What you mean to train is trained, and nothing else.",
    "Go through encoder.layers in order, with a variable that is False at first and becomes True at the first "
    "layer whose name starts with the block's name and an underscore. Set each layer's `trainable` "
    "to this variable, with one =.",
)
def unfreeze_from(answer: Callable) -> None:
    # neither the order of the alphabet nor that of the numbers; pool1 comes first in ResNet50 as well
    blocks = ["pool1", *(f"conv{stage}_block{block}" for stage in (3, 4) for block in (1, 2, 3)), "add_block1"]
    names = [f"{block}_1_{kind}" for block in blocks for kind in ("conv", "bn")]
    makers = {"conv": lambda name: keras.layers.Conv2D(1, 1, name=name), "bn": keras.layers.BatchNormalization}
    encoder = keras.Sequential([keras.Input((2, 2, 1)), *(makers[name.split("_")[-1]](name=name) for name in names)])
    start = names.index("conv4_block2_1_conv")

    def trained() -> list[bool]:
        return [layer.trainable for layer in encoder.layers]

    encoder.trainable = False
    for layer in encoder.layers[::3]:
        layer.trainable = True
    before, result = trained(), answer(encoder, "conv4_block2")
    after = trained()
    if after == before and not encoder.trainable:
        expect(
            result is not None,
            "Nothing has changed. Is there a == where you meant =?",
        )
        given(result)
    expect(
        any(after),
        "Everything is frozen. Is there a == where you meant =? And no layer has the very name of the block: "
        "the names of its layers begin with it.",
    )
    expect(not all(after), "Everything is trainable. Which layers come before the block? Freeze those.")
    expect(
        after != [i < start for i in range(len(names))],
        "The wrong way round: what comes before the block is trained, and the rest is frozen.",
    )
    expect(
        after != ["conv4_block2_" in name for name in names],
        "The block itself is trainable, but what follows it is frozen. From the block's first layer on, all should be.",
    )
    expect(
        after not in ([name >= "conv4_block2" for name in names], [name > "conv4_block2_1_conv" for name in names]),
        "This compares names, and so goes by the alphabet. What follows the block is told by the order of the layers.",
    )
    expect(not any(after[:start]), f"{names[after.index(True)]} comes before the block and can still be trained.")
    expect(all(after[start:]), "In the block, or after it, a layer is still frozen. All of them should be trainable.")
    expect(
        encoder.trainable,
        "The layers are right, but the encoder as a whole is still frozen, and says that it has no trainable weights. "
        "Begin with `encoder.trainable = True`.",
    )
    for layer in encoder.layers:
        layer.trainable = False
    answer(encoder, "conv3_block3")
    again, start = trained(), names.index("conv3_block3_1_conv")
    expect(again != after, "The same layers for conv3_block3 as for conv4_block2. Is `name` used?")
    expect(
        all(again[start:]) and not any(again[:start]),
        "Right for an encoder that was frozen as a whole. Where its flag is True already, frozen layers stay frozen: "
        "set the flag of each layer.",
    )


@exercise(
    "This list would have shown the slip with == at once.",
    "First look at the encoder's own flag. If it is False, return an empty list. Otherwise keep the names of those "
    "layers whose list `trainable_weights` is not empty.",
)
def learning_layers(answer: Callable) -> None:
    layers = [
        layer(name=f"{block}_{kind}")
        for block in "ab"
        for kind, layer in {
            "conv": lambda name: keras.layers.Conv2D(1, 1, name=name),
            "bn": keras.layers.BatchNormalization,
            "relu": keras.layers.ReLU,
        }.items()
    ]
    encoder = keras.Sequential([keras.Input((2, 2, 1)), *layers])

    def flags() -> list[bool]:
        return [part.trainable for part in (encoder, *layers)]

    def asked() -> list[str]:
        before = flags()
        result = given(answer(encoder))
        expect(flags() == before, "After your function a flag is another than before. Ask, and set nothing.")
        expect(
            isinstance(result, list | tuple | set),
            f"Return a list of names. Yours is of the type {type(result).__name__}.",
        )
        expect(
            all(isinstance(name, str) for name in result), "Return the layers' names, not the layers: each has a .name."
        )
        expect(not any("/" in name for name in result), "These are names of weights. Which layers do they belong to?")
        return sorted(result)

    for layer in layers[:3]:
        layer.trainable = False
    named = asked()
    expect("b_relu" not in named, "b_relu may be trainable, but it has no weights: there is nothing in it to train.")
    expect("a_conv" not in named, "a_conv is frozen, and in your list. It has weights; which of them are trainable?")
    expect(len(set(named)) == len(named), f"{named}: each layer once, however many weights it has.")
    expect(named == ["b_bn", "b_conv"], f"With block a frozen, b_conv and b_bn learn. You give {named}.")
    encoder.trainable = False
    layers[3].trainable = True
    expect(
        not asked(),
        "The encoder as a whole is frozen here, so trained by itself it learns nothing. You name b_conv, since its own "
        "flag is True.",
    )
    encoder.trainable = True
    for layer in layers:
        layer.trainable = True
    named = asked()
    expect(named == ["a_bn", "a_conv", "b_bn", "b_conv"], f"With nothing frozen, two of each block learn, not {named}.")
