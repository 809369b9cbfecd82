"""Self-checks of the exercises: each says what is not right yet, and hints before it tells.

A check prints, and never raises: an unsolved notebook runs to its end.
"""

from collections.abc import Callable
from functools import wraps

import keras
import numpy as np
from PIL import Image

from . import drawn, metrics


class NotYet(Exception):
    """The answer is not right yet; the text is the hint."""


def exercise(praise: str):
    """Makes a check of a function that raises ``NotYet``. The check prints the hint, or that all is right."""

    def decorate(function: Callable) -> Callable[..., None]:
        @wraps(function)
        def check(*answers) -> None:
            try:
                function(*answers)
            except NotYet as hint:
                print(f"Not yet. {hint}")
            except Exception as error:  # whatever a learner's code does
                print(f"Not yet. Your code stopped with {type(error).__name__}: {error}")
            else:
                print(f"Right! {praise}")

        return check

    return decorate


def expect(condition: bool, hint: str) -> None:
    """Raises ``NotYet`` with the hint unless the condition holds."""
    if not condition:
        raise NotYet(hint)


def given(value):
    """Returns the value, unless it is what an unsolved exercise gives."""
    expect(value is not None and value is not ..., "Put your code in the place of the dots, and run both cells again.")
    return value


# 00 Start here


@exercise("A threshold turns what the network thinks into what it says.")
def to_mask(answer: Callable) -> None:
    probability = np.array([[0.125, 0.25, 0.5], [0.75, 0.5, 1]], "float32")
    mask, low = given(answer(probability, 0.5)), answer(probability, 0.25)
    truth = np.array([[0, 0, 1], [1, 1, 1]])
    expect(isinstance(mask, np.ndarray), f"Return a numpy array; this is a {type(mask).__name__}.")
    expect(mask.shape == (2, 3), f"The mask should have the shape of the probabilities, (2, 3), not {mask.shape}.")
    expect(mask.dtype != bool, "True and False are right. What turns them into 1 and 0, dtype uint8?")
    expect(set(np.unique(mask)) <= {0, 1}, f"The values should be 0 and 1, not {np.unique(mask).tolist()}.")
    expect(not np.array_equal(mask, 1 - truth), "Hand and background are exchanged. A high probability means hand.")
    expect(not np.array_equal(mask, probability > 0.5), "A pixel at the threshold is hand too: at least, not above.")
    expect(not np.array_equal(mask, low), "The masks at 0.25 and at 0.5 are the same. Is the threshold used?")
    expect(np.array_equal(mask, truth), "Some pixels differ. Compare each probability with the threshold.")
    expect(mask.dtype == np.uint8, f"The values are right; the dtype should be uint8, not {mask.dtype}.")


# 01 Photos and masks


@exercise("One channel, two values, and 1 means skin.")
def read_mask(answer: Callable) -> None:
    sample = drawn.load()[0]
    mask = given(answer(sample.mask))
    truth = sample.read()[1]
    expect(isinstance(mask, np.ndarray), f"Return a numpy array; this is a {type(mask).__name__}.")
    expect(mask.ndim == 2, f"A mask has one channel; this array has the shape {mask.shape}. Which reader gives one?")
    values = np.unique(mask).tolist()
    expect(mask.dtype != bool, "The array is right but for its dtype: the course computes with uint8, not bool.")
    expect(values in ([0, 1], [0], [1]), f"The values should be 0 and 1, not {values[:4]}. What turns 255 into 1?")
    expect(not np.array_equal(mask, 1 - truth), "Skin and background are exchanged. In the file, black (0) is skin.")
    expect(np.array_equal(mask, truth), f"Some pixels differ from the file: compare with {Image.__name__}.open(path).")


# 02 Batches and augmentation


@exercise("One draw for both, and every mask stays on its hand.")
def flip_pair(answer: Callable) -> None:
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    mask = (image[..., 0] > 127).astype(np.uint8)

    def outcomes(seed: int) -> tuple[str, str]:
        pair = given(answer(image.copy(), mask.copy(), np.random.default_rng(seed)))
        expect(isinstance(pair, tuple) and len(pair) == 2, "Return both, the image and the mask: `return image, mask`.")
        return how(pair[0], image), how(pair[1], mask)

    def how(new, old: np.ndarray) -> str:
        ways = {"same": old, "mirrored": old[:, ::-1], "upside down": old[::-1], "turned": old[::-1, ::-1]}
        return next((way for way, array in ways.items() if np.array_equal(new, array)), "other")

    drawn_pairs = [outcomes(seed) for seed in range(200)]
    images, masks = (set(ways) for ways in zip(*drawn_pairs))
    expect(
        not (images | masks) & {"upside down", "turned"},
        "Hands come out upside down: you reverse the rows. Left and right are along the columns; which axis is that?",
    )
    expect("other" not in images, "The photo is neither as it was nor mirrored. Reverse its columns, and nothing else.")
    expect("other" not in masks, "The mask is neither as it was nor mirrored. Reverse its columns, and nothing else.")
    expect("mirrored" in images | masks, "Nothing is ever mirrored. When should it be?")
    expect("mirrored" in masks, "The photo is mirrored, but the mask stays as it is, and no longer fits its hand.")
    expect("mirrored" in images, "The mask is mirrored, but the photo stays as it is.")
    expect(
        all(a == b for a, b in drawn_pairs),
        "Sometimes one of the two is mirrored and the other is not. How often do you draw for one pair?",
    )
    share = sum(a == "mirrored" for a, _ in drawn_pairs) / len(drawn_pairs)
    expect(0.3 < share < 0.7, f"Of 200 pairs, {share:.0%} are mirrored. It should be about half of them.")
    expect(
        drawn_pairs == [outcomes(seed) for seed in range(200)],
        "The same rng gives another result the second time. Draw from `rng`, not from a global state.",
    )


# 03 The encoder


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


# 04 The U-Net


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


# 05 Losses and metrics


@exercise("One number an image, whatever company it keeps, and nothing to fear from an empty mask.")
def dice(answer: Callable) -> None:
    true, pred = np.zeros((2, 3, 16, 16), np.uint8)
    true[0, :8], pred[0, 4:12] = 1, 1  # half of a large hand is found: Dice 1/2, IoU 1/3
    true[1, :4, :4] = 1  # a small hand is missed: 0; the third pair is empty: 1
    with np.errstate(all="ignore"):
        score = np.asarray(given(answer(true, pred)), float)
    expect(score.ndim > 0, "This is one number for the whole batch. Which axes of (N, H, W) are an image's pixels?")
    expect(score.shape == (3,), f"Three images should give three numbers, shape (3,), not {score.shape}.")
    expect(not np.isnan(score).any(), "One is nan: 0 / 0, where both masks are empty. What could you add to both?")
    half, missed, empty = score
    expect(missed < 0.9 or empty > 0.1, "This is 1 - Dice, the loss. Return Dice: 1 where the masks agree.")
    expect(abs(half - 1 / 4) > 0.02, "Half of a hand is found: 0.5, and this is 0.25. Which factor is missing?")
    expect(
        abs(half - 1 / 3) > 0.02, "This is IoU. Dice counts the shared pixels twice, and divides by both areas' sum."
    )
    expect(abs(half - 1 / 2) < 0.02, f"Half of a hand is found, and Dice should be about 0.5; this is {half:.2f}.")
    expect(missed < 0.1, f"A missed hand should score about 0; this is {missed:.2f}. Is what you add too large?")
    expect(empty > 0.9, f"Two empty masks agree: 1, and this is {empty:.2f}. Add the same above and below the line.")


# 06 Training


@exercise("The best one that was seen, and no patience beyond what was agreed.")
def best_epoch(answer: Callable) -> None:
    columns = {
        "loss": [0.60, 0.48, 0.40, 0.34, 0.29, 0.25, 0.22, 0.19, 0.17, 0.15, 0.13, 0.12],
        "iou": [0.58, 0.70, 0.77, 0.82, 0.85, 0.88, 0.90, 0.91, 0.92, 0.93, 0.94, 0.95],
        "val_loss": [0.55, 0.43, 0.36, 0.37, 0.39, 0.37, 0.40, 0.42, 0.45, 0.47, 0.46, 0.50],
        "val_iou": [0.60, 0.74, 0.80, 0.79, 0.78, 0.84, 0.83, 0.82, 0.81, 0.80, 0.86, 0.83],
    }
    rows = [dict(zip(columns, values)) for values in zip(*columns.values())]
    pair = given(answer(rows, 3))
    expect(isinstance(pair, tuple | list) and len(pair) == 2, "Return two things: the epoch to keep, and the last.")
    expect(not isinstance(pair[0], dict), "Return the epoch's position in the list, counted from 0, not its row.")
    keep, stop = pair
    expect(keep in range(12), f"{keep} is no position in the list. Return where the best is, not how good.")
    hints = {
        (6, 9): "Both are one too high: count the epochs from 0.",
        (5, 9): "One epoch too many: with patience 3, the third without a new best is the last.",
        (2, 4): "Training stops too soon: with patience 3, it takes three epochs without a new best.",
        (5, 6): "The patience is used up too soon: with each new best, the count begins again.",
        (0, 3): "This keeps the worst. A loss should be low; which way should an IoU go?",
        (2, 5): "This goes by the validation loss. Which column says how good the outlines are?",
        (8, 8): "This keeps the last epoch trained. Keep the best of those that were.",
        (11, 11): "Is this by the training persons? Choose by those that the network does not learn from: val_iou.",
    }
    expect((keep, stop) not in hints, hints.get((keep, stop), ""))
    expect(keep != 10, "Epoch 10 comes after training has stopped: it is never seen.")
    expect((keep, stop) == (5, 8), f"For the twelve epochs of the lesson and patience 3: not {(keep, stop)}.")
    zigzag = [dict(row, val_iou=iou) for row, iou in zip(rows, [0.5, 0.8, 0.7, 0.75, 0.72, 0.74, 0.7])]
    hint = "Compare each epoch with the best so far, not with the one before it."
    expect(tuple(answer(zigzag, 3)) == (1, 4), f"Right while it falls, wrong where it goes up and down. {hint}")
    hint = "If the patience is never used up, training stops at the last row."
    expect(tuple(answer(rows[:8], 3)) == (5, 7), f"Wrong for a training that ends before the patience does. {hint}")


# 07 Exploring predictions


@exercise("Each photo has one vote, however large it is.")
def best_threshold(answer: Callable) -> None:
    large, small = np.zeros((32, 32), "float32"), np.zeros((8, 8), "float32")
    large[:12], large[12:14], large[14:16] = 0.875, 0.5, 0.25  # IoU at the thresholds: 1, 0.88, 0.75, 0
    small[:2], small[2:4], small[4:6] = 0.875, 0.5, 0.25  # 0.33, 0.5, 1, 0
    hands, masks = [large, small], [np.zeros(hand.shape, np.uint8) for hand in (large, small)]
    masks[0][:16], masks[1][:2] = 1, 1
    thresholds = np.array([0.25, 0.5, 0.75, 0.95])
    best = given(answer(hands, masks, thresholds))
    scores = [np.mean([metrics.iou(m, h >= t) for h, m in zip(hands, masks)]) for t in thresholds]
    expect(np.ndim(best) == 0, f"Return one threshold; this has the shape {np.shape(best)}.")
    expect(best not in scores, f"{best:.3f} is a mean IoU. Return the threshold that gives the highest one.")
    expect(best not in range(4), f"{best} is a position in thresholds. Return the threshold at that position.")
    expect(best in thresholds, f"{best} is not one of the thresholds {thresholds.tolist()}.")
    expect(best != 0.95, "At this threshold the mean IoU is lowest. Which of argmin and argmax do you want?")
    expect(best != 0.5, "Is a pixel exactly at the threshold hand? In this course it is: >=, not >.")
    hint = "Compute the IoU of each photo first, then the mean over all photos."
    expect(best != 0.25, f"This is best for the large photo, and for all pixels taken as one. {hint}")
    expect(answer(hands[:1], masks[:1], thresholds) == 0.25, f"Right for two photos, wrong for one. {hint}")
