"""Checks of lesson 05, Losses and metrics."""

from collections.abc import Callable

import numpy as np

from .core import exercise, expect, given

__all__ = ["dice"]


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
