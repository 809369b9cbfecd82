"""Makes docs/hands.png, the picture in the README: drawn hands with the outlines that the course's model gives them.

    python scripts/make_picture.py
"""

from pathlib import Path

import numpy as np
from PIL import Image

import handseg_lib as hs

PERSONS, GESTURES, SIDE = ("02", "05", "09", "11"), ("5", "W", "L", "Y"), 240


def square(picture: np.ndarray) -> np.ndarray:
    """The middle square of a picture, SIDE x SIDE."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return np.array(Image.fromarray(picture[top : top + side, left : left + side]).resize((SIDE, SIDE)))


def main() -> None:
    predictor = hs.load_predictor()
    chosen = [
        next(s for s in hs.drawn.load() if (s.person, s.gesture) == wanted)
        for wanted in zip(PERSONS, GESTURES, strict=True)
    ]
    photos = [sample.read()[0] for sample in chosen]
    outlined = [hs.plots.overlay(photo, predictor.mask(photo)) for photo in photos]
    rows = [np.hstack([square(picture) for picture in pictures]) for pictures in (photos, outlined)]
    path = Path(__file__).parents[1] / "docs" / "hands.png"
    Image.fromarray(np.vstack(rows)).quantize(128).save(path, optimize=True)


if __name__ == "__main__":
    main()
