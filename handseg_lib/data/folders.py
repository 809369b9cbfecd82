"""Folders: the pictures in them, which mask belongs to which photo, and what is there in place of pictures."""

import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

from .files import SUFFIXES
from .gate import InputError, as_path, of_kind

# How a mask's name goes on after its photo's: hand_mask, hand-seg, hand.label, IMG_01 Segmentation
ENDING = re.compile(r"(.+)[-_. ](?:mask|masks|seg|segm|segmentation|label|labels|gt|matte|silhouette)", re.I)
PAGE = "docs/own_photos.md"
OTHERS = {  # what people have in place of masks, by suffix
    ".json": "JSON, maybe of polygons",
    ".npy": "arrays of NumPy",
    ".npz": "arrays of NumPy",
    ".mat": "arrays of MATLAB",
    ".txt": "text, maybe the polygons of YOLO",
    ".xml": "XML, maybe of polygons",
}


def match(
    images: str | Path, masks: str | Path, photo_of: str | Callable[[str], str] | None = None, nested: bool = False
) -> tuple[list[tuple[str, Path, Path]], list[Path]]:
    """Finds the photos and masks of two folders that belong together. Arguments and errors are those of `pair`.

    Returns:
        The pairs, sorted by stem: the photo's stem, photo and mask. And the files that have no partner.
    """
    photos, outlines = pictures(images, nested), pictures(masks, nested)
    # Path.resolve() stumbles over links that go in a circle
    one_folder = os.path.realpath(images) == os.path.realpath(masks)
    of: dict[str, Path] = {}  # each photo's mask, by the photo's stem
    for stem, path in outlines.items():
        photo = _photo_of(stem, photos, photo_of, one_folder)
        if one_folder and photo == stem:
            continue  # it is a photo
        if photo in of:
            raise InputError(f"{path}: {of[photo].name} is of the same photo, by its name. Keep one of the two.")
        of[photo] = path
    if one_folder and not of:
        raise InputError(
            f"{images}: photos and masks in one folder, and no name ends in _mask or the like. Put the masks in a "
            "folder of their own, or say which photo a mask is of: photo_of=..."
        )
    photos = {stem: path for stem, path in photos.items() if not one_folder or path not in of.values()}
    pairs = [(stem, path, of[stem]) for stem, path in photos.items() if stem in of]
    return pairs, [photos.get(stem) or of[stem] for stem in sorted(photos.keys() ^ of.keys())]


def _photo_of(stem: str, photos: Collection[str], rule: str | Callable[[str], str] | None, one_folder: bool) -> str:
    """The stem of the photo that a mask of this stem is of; where nothing tells, the mask's own."""
    if rule is not None:
        return str(found(rule, stem, "photo_of") or stem)
    ending = ENDING.fullmatch(stem)
    if ending and (stem not in photos or one_folder):
        return ending[1]
    return stem


def found(rule: str | Callable[[str], str], stem: str, name: str) -> str | None:
    """What a rule, a regular expression or a function, finds in a stem; None if nothing. ``name`` is for messages."""
    if callable(rule):
        try:
            return rule(stem)
        except Exception as error:  # it is the caller's own
            reason = f"{type(error).__name__}: {error}"
            raise InputError(f"{name}: it fails on {stem!r} ({reason}). Correct the function.") from error
    of_kind(name, rule, str, "Give a regular expression, as text, or a function of a file's stem.")
    try:
        match = re.search(rule, stem)
    except re.error as error:
        raise InputError(f"{name}={rule!r}: no regular expression ({error}). Correct it, or give a function.") from None
    return match and (match[1] if match.re.groups else match[0])


def pictures(folder: str | Path, nested: bool = False) -> dict[str, Path]:
    """The pictures in a folder by their stems, as `by_stem` has them.

    Raises:
        InputError: the folder is missing or empty, or two of its files have the same stem.
    """
    folder = as_path("folder", folder, "Give the path of a folder.")
    if folder.is_file():
        kind = f" {OTHERS[folder.suffix]}; {PAGE} shows how to make masks of it." if folder.suffix in OTHERS else ""
        raise InputError(f"{folder}: a file, and a folder of pictures is wanted.{kind}")
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder. Check the path.")
    if not (paths := by_stem(folder, SUFFIXES, nested)):
        raise InputError(f"{folder}: no pictures in it{_in_their_place(folder, nested)}")
    return paths


def by_stem(folder: Path, suffixes: Collection[str], nested: bool = False) -> dict[str, Path]:
    """The files of a folder that have one of these suffixes, in any case, sorted by stem; hidden ones are left out.

    With ``nested``, those in its subfolders too, each with the folders before its stem: ``anna/03``.

    Raises:
        InputError: two of them have the same stem.
    """
    files = {path: path.relative_to(folder).with_suffix("").as_posix() for path in _files(folder, nested)}
    paths = {}
    for path, stem in sorted(files.items(), key=lambda item: (item[1], item[0].name)):
        if path.suffix.lower() in suffixes:
            stem = unicodedata.normalize("NFC", stem)  # a Mac writes an umlaut as two characters
            if stem in paths:
                raise InputError(
                    f"{path}: {paths[stem].name} has the same stem. Keep one of the two; if it is the other's mask, "
                    "put the masks in a folder of their own."
                )
            paths[stem] = path
    return paths


def _files(folder: Path, nested: bool) -> list[Path]:
    """What is in a folder, hidden files left out."""
    if not nested:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    return [
        Path(place, name)
        for place, folders, names in os.walk(folder)  # which does not follow links, that may go in a circle
        if not any(part.startswith(".") for part in Path(place).relative_to(folder).parts)
        for name in names
        if not name.startswith(".")
    ]


def _in_their_place(folder: Path, nested: bool) -> str:
    """What is in a folder without pictures, after "no pictures in it": what it may be, and what to do."""
    below = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if pictured := [path for path in below if _has_pictures(path)]:
        names = ", ".join(path.name for path in pictured[:3]) + ", ..." * (len(pictured) > 3)
        return f", but in folders of it ({names}). Give one of them; hs.pair takes all with nested=True."
    kinds = Counter(path.suffix.lower() for path in folder.iterdir() if path.suffix.lower() in OTHERS)
    if not kinds:
        return ". Check the path." if nested else ". Give the folder that holds them: subfolders are not searched."
    ((suffix, count),) = kinds.most_common(1)
    kind = OTHERS[suffix]
    if suffix == ".json":
        kind = _polygons(min(path for path in folder.iterdir() if path.suffix.lower() == ".json")) or kind
    return f", but {count} of {suffix}: {kind}. Make masks of them first, as {PAGE} shows."


def _has_pictures(folder: Path) -> bool:
    """True if there is a picture in a folder."""
    return any(path.suffix.lower() in SUFFIXES for path in folder.iterdir())


def _polygons(file: Path) -> str | None:
    """Whose polygons a file of JSON has; None if it is of nobody we know."""
    try:
        record = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    keys = record.keys() if isinstance(record, dict) else ()
    if "shapes" in keys:
        return "outlines as labelme writes them"
    if "annotations" in keys:
        return "outlines as COCO has them"
    return None
