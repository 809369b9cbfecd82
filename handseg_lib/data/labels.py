"""Labels: what a mask's numbers are where they are no brightness, such as 1 for a left and 2 for a right hand.

A label fills areas. What lies between black and white along a soft outline, or around one in a JPEG, fills none.
"""

import re

import numpy as np

MANY = 32  # values in one file: if there are more, and most fill no area, soft edges or JPEG have made them
COLOUR = re.compile("#[0-9a-f]{6}", re.I)


def are_labels(skin) -> bool:
    """True for a tuple of whole numbers from 0, or one of colours such as ``"#ff0000"``."""
    if not isinstance(skin, tuple) or not skin:
        return False
    numbers = all(isinstance(label, (int, np.integer)) and not isinstance(label, bool) and label >= 0 for label in skin)
    return numbers or all(isinstance(label, str) and COLOUR.fullmatch(label) for label in skin)


def code(red, green, blue):
    """A colour, three arrays of 0-255, as one number, int32; below zero, so that it is no grey value and no index."""
    return (np.int32(red) << 16 | np.int32(green) << 8 | np.int32(blue)) - 2**24


def name(value: int) -> str:
    """A value as one writes it in ``skin``: the inverse of `number`."""
    return f"{value}" if value >= 0 else f"'#{value + 2**24:06x}'"


def number(label: int | str) -> int:
    """A label of ``skin`` as it is among the values."""
    return int(label[1:], 16) - 2**24 if isinstance(label, str) else int(label)


def are_mixed(values: np.ndarray) -> bool:
    """True if soft edges or JPEG have put many values (H, W) between those that fill areas."""
    count = len(np.unique(values))
    return count > MANY and count > 2 * len(areas(values))


def areas(values: np.ndarray) -> np.ndarray:
    """The values (H, W) that fill areas, ascending: those that a pixel has in common with its eight neighbours.

    Of two values, both. Where most values fill none, a mask has soft edges or was a JPEG: then a value that is rare or
    close to a commoner one is no area of its own.
    """
    low, high = values.min(), values.max()
    if ((values == low) | (values == high)).all():
        return np.unique([low, high])
    rows = (values[:, :-2] == values[:, 1:-1]) & (values[:, 1:-1] == values[:, 2:])
    columns = (values[:-2] == values[1:-1]) & (values[1:-1] == values[2:])
    flat = values[1:-1, 1:-1][rows[:-2] & rows[1:-1] & rows[2:] & columns[:, 1:-1]]
    present, counts = np.unique(flat, return_counts=True)
    if len(np.unique(values)) <= 2 * len(present):
        return present[counts * 5000 >= len(flat)]  # fewer are an accident of soft edges
    common = np.argsort(-counts)[: np.count_nonzero(counts * 100 >= len(flat))]
    chosen: list[int] = []
    for value in present[common].tolist():
        if all(_distance(value, other) > (32 if value < 0 else (high - low) / 8) for other in chosen):
            chosen.append(value)
    return np.sort(chosen)


def _distance(value: int, other: int) -> int:
    """How far two values are apart, in the channel in which colours differ most."""
    if value >= 0:
        return abs(value - other)
    return max(abs((value >> bits & 255) - (other >> bits & 255)) for bits in (16, 8, 0))
