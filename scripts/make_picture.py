"""Makes docs/hands.webp, which moves in the README: drawn hands, and the outlines that the course's model gives them.

Beside it, docs/hands.jpg is a still of it.

python scripts/make_picture.py
"""

from pathlib import Path

import numpy as np
from PIL import Image

import handseg_lib as hs

ROWS = (  # three hands beside each other, three times: person, gesture, take
    ((5, "L", 1), (1, "Y", 2), (8, "4", 2)),
    ((11, "3", 1), (3, "5", 1), (6, "W", 1)),
    ((2, "1", 1), (9, "I", 2), (4, "Y", 1)),
)
SIDE, STEPS = 260, 10  # pixels of a hand's square; frames in which an outline comes
SHORT, LONG = 60, 1300  # milliseconds of a frame on the way, and of a whole row
OUT = Path(__file__).parents[1] / "docs" / "hands.webp"


def square(picture: np.ndarray) -> np.ndarray:
    """The middle square of a picture, SIDE x SIDE."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return np.array(Image.fromarray(picture[top : top + side, left : left + side]).resize((SIDE, SIDE)))


def row_of_frames(predictor: hs.Predictor, hands: tuple) -> list[np.ndarray]:
    """A row of photos that turn into outlined ones, from left to right."""
    photos = [hs.drawn.render(person, gesture, take, size=2 * SIDE)[0] for person, gesture, take in hands]
    outlined = [hs.plots.overlay(photo, predictor.mask(photo)) for photo in photos]
    before, after = (np.hstack([square(picture) for picture in pictures]) for pictures in (photos, outlined))
    edges = np.linspace(0, before.shape[1], STEPS).round().astype(int)
    return [np.hstack([after[:, :edge], before[:, edge:]]) for edge in edges]


def main() -> None:
    """Writes the picture."""
    predictor = hs.load_predictor()
    frames = [Image.fromarray(frame) for hands in ROWS for frame in row_of_frames(predictor, hands)]
    durations = ([LONG // 2] + [SHORT] * (STEPS - 2) + [LONG]) * len(ROWS)
    frames[0].save(OUT, save_all=True, append_images=frames[1:], duration=durations, loop=0, quality=80, method=6)
    still = np.vstack([np.array(frames[0]), np.array(frames[STEPS - 1])])
    Image.fromarray(still).save(OUT.with_suffix(".jpg"), quality=90)
    print(f"{OUT}: {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
