"""Checks of lesson 07, Exploring predictions."""

import warnings
from collections.abc import Callable

import numpy as np

from ... import metrics
from .core import exercise, expect, given

__all__ = ["best_threshold", "share_of_hand", "worst_first"]


@exercise(
    "Now the photos that teach most come first.",
    "np.argsort gives positions, those of the smallest numbers first.",
)
def worst_first(answer: Callable) -> None:
    ious = np.array([0.91, 0.35, 0.78, 0.12, 0.66])
    result = np.asarray(given(answer(ious.copy(), 3)))
    expect(
        not np.isin(result, ious).any(), "These are IoUs. Return the positions of the photos: which function sorts so?"
    )
    expect(result.shape != (5,), "These are all five photos. Return the n worst only; here n was 3.")
    expect(result.shape == (3,), f"Three positions were asked for; this has the shape {result.shape}.")
    expect(result.dtype.kind in "iu", f"A position is a whole number: ious[i] takes no {result.dtype}.")
    expect([*result] != [0, 2, 4], "These are the best photos, best first. Which end of the order is the worst?")
    expect([*result] != [4, 1, 3], "These are the worst three, but the very worst comes last. Turn the order round.")
    expect([*result] not in ([1, 3, 4], [1, 4, 3]), f"The right three, in the order {result.tolist()}: worst first.")
    expect([*result] == [3, 1, 4], f"{result.tolist()} are not where the three lowest of {ious.tolist()} stand.")
    expect([*answer(ious, 1)] == [3], "Right for three photos, wrong for one. Is n used?")
    many = np.random.default_rng(0).permutation(1000) / 1000
    hint = "Right for five photos. Of a thousand, the worst 300 do not come in order, the worst first."
    expect([*answer(many, 300)] == [*np.argsort(many)[:300]], hint)
    alike = sorted(answer(np.array([0.5, 0.25, 0.75, 0.25]), 2))
    expect(alike == [1, 3], f"Photos 1 and 3 have the same IoU, the lowest, and you give {alike}. Each photo once.")


@exercise(
    "Each pixel has one vote here, and a photo without such pixels has none.",
    "For each photo, choose the pixels of the *mask* by a condition on the *probabilities*: two comparisons, each "
    "in brackets, joined by &. Put what you have chosen in all photos together before you take the mean.",
)
def share_of_hand(answer: Callable) -> None:
    large, small, sure = np.zeros((8, 10), "float32"), np.zeros((4, 4), "float32"), np.ones((4, 4), "float32")
    masks = [np.zeros(hand.shape, np.uint8) for hand in (large, small, sure)]
    large[:4], large[4], large[5] = 0.75, 0.5, 0.875  # 50 pixels are in 0.5-0.875, ten lie on its upper bound
    small[0] = 0.625  # and four in the small photo
    masks[0][:2], masks[0][4:6], masks[1][0, :1] = 1, 1, 1  # 20 of 40, 10 of 10, and 1 of 4
    masks[2][:] = 1
    hands, masks = (
        [a.repeat(10, 0).repeat(10, 1) for a in part] for part in ([large, small, sure], masks)
    )  # a sum over 255
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        share = given(answer(hands, masks, 0.5, 0.875))
    expect(np.ndim(share) == 0, f"Return one share for all photos together; this has the shape {np.shape(share)}.")
    share = float(share)

    def close(other: float) -> bool:
        return abs(share - other) < 1e-4

    hint = "Put the pixels of all photos together first, then take the share."
    expect(not np.isnan(share), f"nan: one photo has no pixel between the bounds, and 0 / 0 is nan. {hint}")
    expect(not close((30 / 50 + 1 / 4) / 2) and not close((30 / 50 + 1 / 4) / 3), f"This is a mean over photos. {hint}")
    expect(not close(41 / 64), "A pixel exactly at high is not between the bounds: it belongs to the next pair.")
    expect(not close(21 / 44), "A pixel exactly at low is between the bounds: >=, not >.")
    expect(not close(37.5 / 54), "This is the mean of the probabilities: what the network says. What do the masks say?")
    expect(share <= 1, "A share lies between 0 and 1. Divide by the number of pixels between the bounds.")
    expect(not close(54 / 112), "This is the share of pixels between the bounds. Of these pixels, how many are hand?")
    expect(not close(31 / 112), "You divide by all pixels. Divide by those between the bounds.")
    expect(not close(31 / 57), "You divide by all hand pixels. Divide by the pixels between the bounds.")
    expect(close(31 / 54), f"31 of the 54 pixels between the bounds are hand: {31 / 54:.3f}, and this is {share:.3f}.")


@exercise(
    "Each photo has one vote, however large it is.",
    "For each threshold: cut every photo's probabilities, take hs.metrics.iou of each, and then the mean. Then "
    "the position of the highest of these means tells which threshold it is.",
)
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
    # how many pixels of hand, and of background, three photos have at 0.1, 0.3, 0.5, 0.7 and 0.9
    counts = [
        [(4, 3, 3, 4, 2), (3, 4, 3, 2, 3)],
        [(4, 2, 8, 2, 6), (6, 8, 8, 8, 6)],
        [(4, 0, 0, 0, 16), (0, 16, 16, 4, 0)],
    ]
    hands = [np.repeat([0.1, 0.3, 0.5, 0.7, 0.9] * 2, np.ravel(photo))[:, None] for photo in counts]
    masks = [np.repeat([1, 0], np.sum(photo, axis=1)).astype(np.uint8)[:, None] for photo in counts]
    best = given(answer(hands, masks, np.array([0.2, 0.4, 0.6, 0.8])))
    right = "Right for two photos, wrong for three."
    expect(best != 0.8, f"{right} Yours is best for accuracy, which counts the background as well. The IoU does not.")
    expect(best != 0.4, f"{right} Yours is best for the median over photos, and for Dice. Take the mean of the IoUs.")
    expect(best == 0.6, f"{right} {hint}")
