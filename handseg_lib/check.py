"""Self-checks of the exercises: each says what is not right yet, and hints before it tells.

A check never raises: an unsolved notebook runs to its end.
"""

from collections.abc import Callable
from functools import wraps

import numpy as np
from PIL import Image

from . import drawn


class NotYet(Exception):
    """The answer is not right yet; the text is the hint."""


def exercise(praise: str):
    """Makes a check of a function that raises ``NotYet``. The check prints, and returns True once all is right."""

    def decorate(function: Callable) -> Callable[..., bool]:
        @wraps(function)
        def check(*answers) -> bool:
            try:
                function(*answers)
            except NotYet as hint:
                print(f"Not yet. {hint}")
            except Exception as error:  # whatever a learner's code does
                print(f"Not yet. Your code stopped with {type(error).__name__}: {error}")
            else:
                print(f"Right! {praise}")
                return True
            return False

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
