"""Checks of lesson 03, The encoder."""

from collections.abc import Callable

import keras

from .core import exercise, expect, given

__all__ = ["unfreeze_from"]


@exercise("What you mean to train is trained, and nothing else.")
def unfreeze_from(answer: Callable) -> None:
    names = [f"conv{stage}_block{block}_1_{kind}" for stage in (3, 4) for block in (1, 2, 3) for kind in ("conv", "bn")]
    makers = {"conv": lambda name: keras.layers.Conv2D(1, 1, name=name), "bn": keras.layers.BatchNormalization}
    encoder = keras.Sequential([keras.Input((2, 2, 1)), *(makers[name[15:]](name=name) for name in names)])
    start = names.index("conv4_block2_1_conv")

    def trained() -> list[bool]:
        return [layer.trainable for layer in encoder.layers]

    encoder.trainable = False
    for layer in encoder.layers[::3]:
        layer.trainable = True
    before, result = trained(), answer(encoder, "conv4_block2")
    after = trained()
    if after == before and not encoder.trainable:
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
    expect(not any(after[:start]), f"{names[after.index(True)]} comes before the block and can still be trained.")
    expect(all(after[start:]), "In the block, or after it, a layer is still frozen. All of them should be trainable.")
    expect(
        encoder.trainable,
        "The layers are right, but the encoder as a whole is still frozen, and so has no trainable weights at all. "
        "Begin with `encoder.trainable = True`.",
    )
