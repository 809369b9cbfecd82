"""Checks of lesson 00, Start here."""

from collections.abc import Callable

import numpy as np

from .core import exercise, expect, given

__all__ = ["to_mask"]


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
