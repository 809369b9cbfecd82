"""Samples: a photo, its mask, and whose hand it is.

Everything past this file sees one kind of mask: uint8, 1 where the photo shows skin, 0 elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

TEST_PERSONS = ("02", "05", "09")
VAL_PERSONS = ("04", "11")


class InputError(ValueError):
    """What the caller gave cannot be used. The message says what is wrong, where, and what to do."""


@dataclass(frozen=True)
class Sample:
    """One photo and its mask.

    Attributes:
        image: path of the photo.
        mask: path of the mask; black is skin, as in HGR1.
        person: who it is, such as ``"02"``.
        gesture: the hand shape's label, such as ``"A"``.
    """

    image: Path
    mask: Path
    person: str
    gesture: str

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the photo, uint8 (H, W, 3) RGB, and the mask, uint8 (H, W) of {0, 1}, 1 = skin.

        Raises:
            InputError: a file is missing or is no picture, or the two differ in size.
        """
        image, mask = read_image(self.image), read_mask(self.mask)
        if image.shape[:2] != mask.shape:
            raise InputError(
                f"{self.mask}: the mask is {mask.shape[1]}x{mask.shape[0]} but its photo {self.image.name} is "
                f"{image.shape[1]}x{image.shape[0]}. Use the mask that was made for this photo, at its size."
            )
        return image, mask


def read_image(path: str | Path) -> np.ndarray:
    """Reads a photo, upright, as uint8 (H, W, 3) RGB. Raises InputError if it cannot be read."""
    return np.array(_open(path).convert("RGB"))


def read_mask(path: str | Path) -> np.ndarray:
    """Reads a mask in which black is skin, as uint8 (H, W) of {0, 1}, 1 = skin.

    Pillow gives one channel of a 1-bit BMP. (matplotlib's imread makes RGBA of it: the "four
    channels" that HGR1's masks are often said to have.)
    """
    return (np.array(_open(path).convert("L")) < 128).astype(np.uint8)


def _open(path: str | Path) -> Image.Image:
    try:
        with Image.open(path) as picture:
            return ImageOps.exif_transpose(picture)  # phones store photos lying on their side
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file. Check the path.") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error).split(str(path))[0].strip(" '\"") or type(error).__name__
        raise InputError(f"{path}: this is not a picture that can be read ({reason}). Replace or remove it.") from None


class Split(NamedTuple):
    """Three lists of samples with no person in common."""

    train: list[Sample]
    val: list[Sample]
    test: list[Sample]


def split_by_person(
    samples: Iterable[Sample],
    test: tuple[str, ...] = TEST_PERSONS,
    val: tuple[str, ...] = VAL_PERSONS,
) -> Split:
    """Splits samples so that nobody in the test or validation set was seen in training.

    Args:
        samples: the whole data set.
        test: persons to keep for the final test.
        val: persons to choose by: checkpoint, early stop, threshold.

    Returns:
        ``Split(train, val, test)``; the order of the samples is kept.

    Raises:
        InputError: one of the three parts would be empty, or a person is asked for twice.
    """
    samples = list(samples)
    if shared := set(test) & set(val):
        raise InputError(f"person {', '.join(sorted(shared))} is in both test and val: a person goes to one part only.")
    parts = Split(
        train=[s for s in samples if s.person not in test and s.person not in val],
        val=[s for s in samples if s.person in val],
        test=[s for s in samples if s.person in test],
    )
    for name, part in parts._asdict().items():
        if not part:
            persons = ", ".join(sorted({s.person for s in samples})) or "none"
            raise InputError(f"the {name} part is empty: these samples have persons {persons}. Name others of them.")
    return parts
