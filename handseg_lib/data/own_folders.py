"""Somebody's own folders of photos and masks, from the command line: checked, and split by person for a training."""

from pathlib import Path

from .gate import InputError
from .samples import Split, pair, split_by_person


def split_own(images: Path, masks: Path, person: str | None, skin: str | tuple = "black") -> Split:
    """Pairs two folders and splits them by person: the last sixth of the persons test, those before choose the epoch.

    Args:
        images, masks, person, skin: as for `pair`.

    Returns:
        A split in which each part has one person at least. Persons are in the order of their names, so that the same
        folders are always split in the same way.

    Raises:
        InputError: as `pair` does, or there are fewer than three persons.
    """
    samples = pair(images, masks, person=person, skin=skin)
    persons = sorted({sample.person for sample in samples})
    if len(persons) < 3:
        told = "no --person says whose hands they are" if person is None else f"--person {person!r} finds {persons}"
        raise InputError(
            f"{images}: {told}. A training wants three persons at least: some to learn from, one to choose the epoch, "
            "one to test. --person takes a regular expression for the photo's name: '^[^_]+' finds anna in anna_03.jpg."
        )
    each = max(1, len(persons) // 6)
    return split_by_person(samples, test=tuple(persons[-each:]), val=tuple(persons[-2 * each : -each]))


def faults(images: Path, masks: Path, skin: str | tuple = "black") -> tuple[int, dict[str, str]]:
    """What `check_pairs` finds in two folders: how many pairs there are, and a sentence a fault, by its number."""
    from .check_pairs import check_pairs  # it draws, for which matplotlib and Keras are imported

    found = check_pairs(images, masks, skin)
    rows = found.table.itertuples(index=False)
    return found.checked, {str(i): f"{file}: {fault}. {remedy}" for i, (file, fault, remedy) in enumerate(rows, 1)}


def as_skin(text: str) -> str | tuple:
    """What the command line says of a mask's skin: black, white, or labels such as 1,2 or '#ff0000'."""
    if text in ("black", "white"):
        return text
    return tuple(int(label) if label.isdecimal() else label for label in text.split(","))
