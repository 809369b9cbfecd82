"""Painting: a mask on a photo. It needs no matplotlib, which takes half a second to import."""

import re

import cv2
import numpy as np

from .data.gate import InputError, as_masks, as_photo, number, what

ROWS = 256  # of a photo, that are painted at once
SKY = "#56B4E9"  # one of the colours of ``plots``, and the colour of a predicted hand


def overlay(image: np.ndarray, mask: np.ndarray, colour: str = SKY, strength: float = 0.15) -> np.ndarray:
    """Paints a mask onto a photo, filled lightly, so that skin still looks like skin, and outlined strongly.

    The outline runs between two black ones, so that it can be seen on any wall, one of its own colour too.

    Args:
        image: uint8 (H, W, 3) RGB.
        mask: (H, W) of {0, 1}.
        colour: of the fill and the outline, red, green and blue in hexadecimal: "#56B4E9".
        strength: of the fill, 0-1.

    Returns:
        uint8 (H, W, 3) RGB, a copy.

    Raises:
        InputError: the photo or the mask is none, or they differ in size; there is no such colour.
    """
    painted = as_photo(image).copy()
    paint_on(painted, mask, colour, strength)
    return painted


def paint_on(image: np.ndarray, mask: np.ndarray, colour: str = SKY, strength: float = 0.15) -> None:
    """Paints on the photo itself, for a large one's copy is much memory. Arguments and errors are as of `overlay`."""
    (hand,) = as_masks(as_photo(image), mask=mask)
    if not re.fullmatch("#[0-9a-fA-F]{6}", str(colour)):
        raise InputError(f"colour={what(colour)}: there is no such colour. Use one such as '{SKY}'.")
    number("strength", strength, 0, 1, such_as=0.25)
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    levels = np.arange(256)[:, None]
    table = ((1 - strength) * levels + strength * rgb).astype(np.uint8)[None]
    for top in range(0, len(image), ROWS):
        rows = slice(top, top + ROWS)
        cv2.copyTo(cv2.LUT(image[rows], table), hand[rows], image[rows])
    outlines, _ = cv2.findContours(hand, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    thickness = max(2, round(max(hand.shape) / 120))
    cv2.drawContours(image, outlines, -1, (0, 0, 0), thickness + 2 * max(1, thickness // 2))
    cv2.drawContours(image, outlines, -1, rgb.tolist(), thickness)
