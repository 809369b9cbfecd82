"""The learner's own hand: a photo kept in the user's cache, for the lessons to show beside their own.

It is one file on this machine. ``forget()`` removes it.
"""

import os
from pathlib import Path

import numpy as np
from PIL import Image
from platformdirs import user_cache_path

from .files import read_image
from .gate import InputError, as_photo

MOST = 1024  # pixels of the longer side: what a screen shows, and more than the network sees


def path() -> Path | None:
    """The file, whether it is there or not: ``HANDSEG_MY_HAND``, else in the user's cache. None: "none" keeps nothing."""
    named = os.environ.get("HANDSEG_MY_HAND")
    if named == "none":
        return None
    return Path(named) if named else user_cache_path("handseg") / "my_hand.png"


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
    """Keeps a photo, in the place of an earlier one. Beside its pixels nothing is kept: no name, no place, no date.

    Args:
        photo: uint8 (H, W, 3) RGB.

    Returns:
        Where it is kept; None: nowhere, since ``HANDSEG_MY_HAND`` is "none".

    Raises:
        InputError: it is no photo, or the file cannot be written.
    """
    picture, file = Image.fromarray(as_photo(photo)), path()
    if file is None:
        return None
    picture.thumbnail((MOST, MOST))
    fresh = file.with_suffix(".part")  # a kill leaves the old photo, and never half of a new one
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        picture.save(fresh, format="PNG")
        fresh.replace(file)
    except OSError as error:
        raise InputError(f"{file}: your photo cannot be kept there ({error.strerror}). Free some space, or let HANDSEG_MY_HAND name another file.") from None
    return file


def forget() -> str:
    """Removes the photo. Returns a sentence that says so."""
    file = path()
    if file is None or not file.exists():
        return "No photo of yours is kept."
    file.unlink()
    return f"Your photo is removed: {file}"
