"""What is the learner's own and outlives a notebook: a file in the user's cache, kept whole, removed by one call."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from .gate import InputError


def place(variable: str, name: str) -> Path | None:
    """The file, whether it is there or not: what an environment variable names, else one in the user's cache.

    None where the variable is "none": then nothing is kept.
    """
    named = os.environ.get(variable)
    if named == "none":
        return None
    return Path(named) if named else user_cache_path("handseg") / name


def write_whole(file: Path, write: Callable[[Path], None], what: str) -> None:
    """Writes a file beside its place and moves it there: a kill leaves the old one, and never half of a new one.

    Raises:
        InputError: it cannot be written; ``what`` says of what.
    """
    fresh = file.with_stem(f"{file.stem}-new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write(fresh)
        fresh.replace(file)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise InputError(f"{file}: {what} cannot be kept there ({error.strerror or error}). Make room.") from None


def remove(file: Path | None, what: str) -> str:
    """Removes a file, if it is there. Returns a sentence on what was done."""
    if file is None or not file.exists():
        return f"{what} is not kept: there is nothing to remove."
    file.unlink()
    return f"{what} is removed: {file}"
