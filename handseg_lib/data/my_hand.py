"""The learner's own hand: a photo kept on this machine, for the lessons to show beside their own."""

from pathlib import Path

import numpy as np
from PIL import Image

from . import own
from .files import read_image
from .gate import InputError, as_photo

MOST = 1024  # pixels of the longer side: what a screen shows, and more than the network sees


def path() -> Path | None:
    """The file, whether it is there or not: ``HANDSEG_MY_HAND``, else in the user's cache. None: nothing is kept."""
    return own.place("HANDSEG_MY_HAND", "my_hand.png")


def load(otherwise: np.ndarray | None = None) -> np.ndarray | None:
    """The photo that is kept, uint8 (H, W, 3) RGB; where there is none, what is given in its place.

    Raises:
        InputError: the file is damaged.
    """
    file = path()
    if file is None or not file.is_file():
        return otherwise
    try:
        return read_image(file)
    except InputError as error:
        raise InputError(f"{error} It is your own hand's: hs.my_hand.forget() removes it.") from None


def keep(photo: np.ndarray) -> Path | None:
    """Keeps a photo, in the place of an earlier one: its pixels, and no name, no place, no date.

    Args:
        photo: uint8 (H, W, 3) RGB.

    Returns:
        Where it is kept; None: nowhere, since ``HANDSEG_MY_HAND`` is "none".

    Raises:
        InputError: it is no photo, or the file cannot be written.
    """
    picture, file = Image.fromarray(as_photo(photo)), path()
    if file is not None:
        picture.thumbnail((MOST, MOST))
        own.write_whole(file, picture.save, "your photo")
    return file


def forget() -> str:
    """Removes the photo. Returns a sentence that says so."""
    return own.remove(path(), "Your photo")
