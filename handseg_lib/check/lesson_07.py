"""Checks of lesson 07, Exploring predictions."""

from collections.abc import Callable

import numpy as np

from .. import metrics
from .core import exercise, expect, given

__all__ = ["best_threshold"]


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
