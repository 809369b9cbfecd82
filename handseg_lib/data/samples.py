"""Samples: a photo, its mask, and whose hand it is; how they are paired, what they are like, how they are split."""

import os
import re
import unicodedata
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from .files import SUFFIXES, TURNS, orientation, read_image, read_mask
from .gate import InputError, as_masks, as_photo, readable

TEST_PERSONS = ("02", "05", "09")
VAL_PERSONS = ("04", "11")


@dataclass(frozen=True)
class Sample:
    """One photo and its mask.

    Attributes:
        image: path of the photo.
        mask: path of the mask.
        person: who it is, such as ``"02"``.
        gesture: the hand shape's label, such as ``"A"``.
        skin: what the mask's file has where there is skin: ``"black"``, as in HGR1, or ``"white"``; or a tuple of the
            labels that are skin, such as ``(1, 2)``: see `read_mask`.
    """

    image: Path
    mask: Path
    person: str
    gesture: str
    skin: str | tuple = "black"

    @property
    def name(self) -> str:
        """The photo's name, as it can be shown."""
        return readable(self.image.name)

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the photo, uint8 (H, W, 3) RGB, and the mask, uint8 (H, W) of {0, 1}, 1 = skin.

        Raises:
            InputError: a file is missing or is no picture, or the two differ in size.
        """
        image, mask = read_image(self.image), read_mask(self.mask, self.skin)
        if image.shape[:2] != mask.shape:
            turned = turned_as_photo(self, mask)
            if turned is not None and turned.shape == image.shape[:2]:
                raise InputError(f"{self.mask}: {'. '.join(tags_differ(self))}")
            raise InputError(
                f"{self.mask}: the mask is {mask.shape[1]}x{mask.shape[0]} but its photo {self.image.name} is "
                f"{image.shape[1]}x{image.shape[0]}. Use the mask that was made for this photo, at its size."
            )
        return image, mask


# Photos and masks that are turned in different ways


def turned_as_photo(sample: Sample, mask: np.ndarray) -> np.ndarray | None:
    """A mask (H, W), as read, as it would be if its file had the photo's tag of orientation; None where it has."""
    photo, own = orientation(sample.image), orientation(sample.mask)
    if photo == own:
        return None
    picture = Image.fromarray(mask)
    for tag in ({6: 8, 8: 6}.get(own, own), photo):  # first as it is stored
        picture = picture.transpose(TURNS[tag]) if tag in TURNS else picture
    return np.array(picture)


def tags_differ(sample: Sample) -> tuple[str, str]:
    """What is wrong where the mask must be turned as its photo is, and what to do."""
    photo, own = orientation(sample.image), orientation(sample.mask)
    turn = f".transpose(Image.Transpose.{TURNS[photo].name})" if photo in TURNS else ""
    return (
        f"the EXIF tag of orientation, by which a picture is set upright, is {photo} in its photo {sample.image.name} "
        f"and {own} in the mask, which seems to be drawn on the photo as it is stored (1: as stored)",
        f"Turn the mask's file, its path being p: from PIL import Image; Image.open(p){turn}.save(p, exif=b'').",
    )


def fingerprint(samples: Sequence[Sample]) -> str:
    """What tells one data set from another: a checksum of names, files and what the masks call skin, 8 hex digits."""
    crc = 0
    for sample in sorted(samples, key=lambda sample: sample.image.name):
        for path in (sample.image, sample.mask):
            label = f"{path.name} {sample.person} {sample.skin}".encode(errors="surrogateescape")
            crc = zlib.crc32(path.read_bytes(), zlib.crc32(label, crc))
    return f"{crc:08x}"


# Pairing


def pair(
    images: str | Path,
    masks: str | Path,
    person: str | Callable[[str], str] | None = None,
    gesture: str | Callable[[str], str] | None = None,
    skin: str | tuple = "black",
) -> list[Sample]:
    r"""Makes a data set of a folder of photos and a folder of masks: files that have the same stem are a pair.

    Args:
        images: folder of the photos.
        masks: folder of the masks.
        person: tells from a photo's stem whose hand it is: a regular expression (its first group, or else all that
            it matches; ``r"^[^_]+"`` finds anna in anna_03.jpg), or a function. None: all photos are of person 01.
            That claims nothing: a data set of one person cannot be split by person, so no score looks better
            than it is until somebody says who is who.
        gesture: tells the hand shape's label, likewise. None: ``"hand"`` for all.
        skin: ``"black"`` or ``"white"``: what the masks have where there is skin; or a tuple of the labels that are
            skin, as for `read_mask`.

    Returns:
        Samples sorted by stem.

    Raises:
        InputError: a folder is missing or empty or the same for both, a photo or a mask has no partner, two files have
            the same stem, or a rule does not fit a stem.
    """
    pairs, alone = match(images, masks)
    if alone:
        names = ", ".join(path.name for path in alone[:3]) + (", ..." if len(alone) > 3 else "")
        raise InputError(
            f"{alone[0].parent}: {len(alone)} without a partner ({names}). Photo and mask need the same name up to the "
            "suffix: rename, add or remove them; check_pairs lists them all."
        )
    return [
        Sample(image, mask, _label(person, image, "01"), _label(gesture, image, "hand"), skin) for image, mask in pairs
    ]


def match(images: str | Path, masks: str | Path) -> tuple[list[tuple[Path, Path]], list[Path]]:
    """Finds the photos and masks of two folders that have the same stem.

    Returns:
        The pairs of paths, sorted by stem, and the files that have no partner.

    Raises:
        InputError: a folder is missing or empty, two of its files have the same stem, or it is one folder for both.
    """
    if os.path.realpath(images) == os.path.realpath(masks):  # Path.resolve() stumbles over links that go in a circle
        raise InputError(f"{images}: photos and masks in one folder. Put the masks in a folder of their own.")
    photos, outlines = pictures(images), pictures(masks)
    pairs = [(path, outlines[stem]) for stem, path in photos.items() if stem in outlines]
    alone = [photos.get(stem) or outlines[stem] for stem in sorted(photos.keys() ^ outlines.keys())]
    return pairs, alone


def pictures(folder: str | Path) -> dict[str, Path]:
    """The pictures in a folder by their stems, as `by_stem` has them.

    Raises:
        InputError: the folder is missing or empty, or two of its files have the same stem.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder. Check the path.")
    if not (paths := by_stem(folder, SUFFIXES)):
        raise InputError(f"{folder}: no pictures in it. Give the folder that holds them: subfolders are not searched.")
    return paths


def by_stem(folder: Path, suffixes: Collection[str]) -> dict[str, Path]:
    """The files of a folder that have one of these suffixes, in any case, sorted by stem; hidden ones are left out.

    Raises:
        InputError: two of them have the same stem.
    """
    paths = {}
    for path in sorted(folder.iterdir(), key=lambda path: (path.stem, path.name)):
        if path.suffix.lower() in suffixes and not path.name.startswith("."):
            stem = unicodedata.normalize("NFC", path.stem)  # a Mac writes an umlaut as two characters
            if stem in paths:
                raise InputError(f"{path}: {paths[stem].name} has the same stem. Keep one of the two.")
            paths[stem] = path
    return paths


def _label(rule: str | Callable[[str], str] | None, path: Path, default: str) -> str:
    """What a rule of `pair` says of a photo."""
    if rule is None:
        return default
    label: str | None
    if callable(rule):
        label = rule(path.stem)
    else:
        match = re.search(rule, path.stem)
        label = match and (match[1] if match.re.groups else match[0])
    if label in (None, ""):
        raise InputError(f"{path}: the rule {rule!r} finds nothing in its name. Rename the photo, or change the rule.")
    return readable(str(label))


# What a photo is like


def describe(image: np.ndarray, true: np.ndarray) -> dict:
    """Measures what may make a photo hard.

    Args:
        image: uint8 (H, W, 3) RGB.
        true: its mask, (H, W) of {0, 1}.

    Returns:
        Three numbers, by name.

        - brightness: mean luma of the photo, 0-255.
        - tone: median individual typology angle of the skin pixels, from -90 to 90 degrees: arctan((L* - 50) / b*) of
          CIELAB; Chardon 1991, https://doi.org/10.1111/j.1467-2494.1991.tb00561.x. Light skin has 55 and more, dark
          skin -30 and less. It is the skin's tone *in this photo*: nobody calibrated camera or lamp, so shade and
          white balance move it, and it does not tell a person's skin type. nan without skin.
        - background: how much the background's colours are the hand's: the overlap of their histograms in Cb and Cr
          (bins of 8), 0 for no colour in common, 1 for the same colours. nan where there is only one of the two.

    Raises:
        InputError: the photo or the mask is none, or they differ in size.
    """
    image = as_photo(image)
    (true,) = as_masks(image, true=true)
    ycrcb = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
    tone = overlap = float("nan")
    if true.any():
        skin = image[true == 1][None].astype(np.float32) / 255
        lightness, _, yellow = np.moveaxis(cv2.cvtColor(skin, cv2.COLOR_RGB2LAB), 2, 0)
        # skin is yellow; where a blue light takes that away, the angle stays at its limit, light 90 and dark -90,
        # for past b* = 0 the quotient's sign would turn, and light skin count as dark
        tone = float(np.median(np.degrees(np.arctan2(lightness - 50, np.maximum(yellow, 0)))))
    if 0 < true.mean() < 1:
        bins = ycrcb[..., 1].astype(int) // 8 * 32 + ycrcb[..., 2] // 8
        hand, wall = (np.bincount(bins[true == part], minlength=1024) / (true == part).sum() for part in (1, 0))
        overlap = float(np.minimum(hand, wall).sum())
    return {"brightness": float(ycrcb[..., 0].mean()), "tone": tone, "background": overlap}


# Splitting


def insist_on_some(samples: Sequence[Sample], purpose: str) -> None:
    """Raises InputError where there are no samples."""
    if not samples:
        raise InputError(f"no samples: there is nothing to {purpose}. Does your choice match any? Is the folder right?")


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
        InputError: one of the three parts would be empty, a person is asked for twice, or a part is a string.
    """
    samples = list(samples)
    if isinstance(test, str) or isinstance(val, str):
        raise InputError(f'test={test!r}, val={val!r}: each is a tuple of persons, such as ("02",), comma included.')
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
            raise InputError(
                f"the {name} part is empty: these samples have persons {persons}. Name others of them: "
                "split_by_person(samples, test=(...), val=(...))."
            )
    return parts
