"""Photographed surroundings and faces, from scikit-image: pores, grain, dirt and disorder, which ``drawn_rooms`` lacks.

Nobody in these photos shows a hand. They come with the package, so nothing is downloaded.
"""

import cv2
import numpy as np

from .drawn_rooms import Scenes
from .gate import InputError

FACE = slice(0, 330), slice(60, 390)  # where the astronaut's face is, in her portrait


def scenes(count: int, size: int = 224, seed: int = 0) -> Scenes:
    """So many pieces of photographs, and as many faces to stand in a room.

    Args:
        count: how many of each.
        size: side in pixels.
        seed: another seed gives other pieces.

    Returns:
        As ``drawn_rooms.scenes``. A face is grey and has no skin of its own: it is the shading of one.

    Raises:
        InputError: scikit-image is not installed.
    """
    try:
        from skimage import data
    except ImportError:
        raise InputError(
            "Rooms and faces come from scikit-image, which is not installed: pip install 'handseg[rooms]'"
        ) from None
    left, right, _ = data.stereo_motorcycle()
    coloured = data.astronaut(), data.astronaut()[FACE], data.coffee(), data.chelsea(), left, right, data.rocket()
    photos = [*coloured, *(cv2.merge([grey] * 3) for grey in (data.grass(), data.gravel(), data.brick()))]
    heads, rng = data.lfw_subset()[:100], np.random.default_rng([seed, 2])
    return Scenes(
        np.stack([_piece(photos[number % len(photos)], size, rng) for number in range(count)]),
        np.stack([_face(heads[number % len(heads)], size, rng) for number in range(count)]),
    )


def _piece(photo: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A square from somewhere in the photo, mirrored at times; if it is grey, in a colour."""
    side = int(min(photo.shape[:2]) * np.exp(rng.uniform(np.log(0.4), 0)))
    top, left = (rng.integers(0, length - side + 1) for length in photo.shape[:2])
    piece = photo[top : top + side, left : left + side][:, :: rng.choice([-1, 1])]
    piece = cv2.resize(np.ascontiguousarray(piece), (size, size), interpolation=cv2.INTER_AREA)
    if (piece[..., 0] == piece[..., 2]).all():
        piece = cv2.multiply(piece, (*rng.uniform(0.6, 1.4, 3), 0))
    return piece


def _face(head: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A face of 25 x 25 pixels, larger and with a grain, in an oval somewhere in the picture."""
    side = int(size * rng.uniform(0.25, 0.9))
    shading = cv2.resize(np.float32(head)[:, :: rng.choice([-1, 1])], (side, side), interpolation=cv2.INTER_CUBIC)
    shading = cv2.GaussianBlur(shading, (0, 0), 0.012 * side) / np.median(shading[side // 4 : -side // 4])
    shading = np.clip(shading * rng.normal(1, 0.05, shading.shape), 0.05, 1.9)
    oval = np.zeros_like(shading, np.float32)
    cv2.ellipse(oval, (side // 2, side // 2), (int(0.42 * side), int(0.52 * side)), 0, 0, 360, 1, -1)
    oval = cv2.GaussianBlur(oval, (0, 0), 0.02 * side + 0.5)
    picture = np.zeros((size, size, 5), np.uint8)
    y, x = rng.integers(0, size - side + 1, 2)
    picture[y : y + side, x : x + side] = np.dstack([128 * shading] * 3 + [np.full_like(oval, 255), 255 * oval])
    return picture
