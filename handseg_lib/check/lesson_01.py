"""Checks of lesson 01, Photos and masks."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from .. import drawn
from .core import exercise, expect, given

__all__ = ["read_mask"]


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
