"""Makes docs/hands.jpg, the picture in the README: drawn hands with the outlines that the course's model gives them.

python scripts/make_picture.py
"""

from pathlib import Path

import numpy as np
from PIL import Image

import handseg_lib as hs

HANDS = ((5, "L", 1), (1, "Y", 2), (8, "4", 2), (11, "3", 1))  # person, gesture, take
SIDE = 260


def square(picture: np.ndarray) -> np.ndarray:
    """The middle square of a picture, SIDE x SIDE."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return np.array(Image.fromarray(picture[top : top + side, left : left + side]).resize((SIDE, SIDE)))


def main() -> None:
    predictor = hs.load_predictor()
    photos = [hs.drawn.render(person, gesture, take, size=2 * SIDE)[0] for person, gesture, take in HANDS]
    outlined = [hs.plots.overlay(photo, predictor.mask(photo)) for photo in photos]
    rows = [np.hstack([square(picture) for picture in pictures]) for pictures in (photos, outlined)]
    Image.fromarray(np.vstack(rows)).save(Path(__file__).parents[1] / "docs" / "hands.jpg", quality=90)


if __name__ == "__main__":
    main()
