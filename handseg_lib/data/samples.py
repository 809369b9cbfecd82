"""Samples: a photo, its mask, and whose hand it is; how they are paired, what they are like, how they are split."""

import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from .files import TURNS, orientation, read_grey, read_image, read_mask
from .folders import found, match
from .gate import InputError, as_list, as_masks, as_path, as_photo, of_kind, one_of, readable, what
from .labels import MANY

TEST_PERSONS = ("02", "05", "09")
VAL_PERSONS = ("04", "11")


@dataclass(frozen=True)
class Sample:
    """One photo and its mask.

    Attributes:
        image: path of the photo; text becomes a ``Path``.
        mask: path of the mask, likewise.
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

    def __post_init__(self):
        for name in ("image", "mask"):
            object.__setattr__(self, name, as_path(name, getattr(self, name), "Give the path of a file."))
        for name in ("person", "gesture"):
            of_kind(name, getattr(self, name), str, 'Give it as text, such as "02".')

    @property
    def name(self) -> str:
        """The photo's name, as it can be shown."""
        return readable(self.image.name)

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the photo, uint8 (H, W, 3) RGB, and the mask, uint8 (H, W) of {0, 1}, 1 = skin.

        Raises:
            InputError: a file is missing or is no picture, the two differ in size, or seem to be swapped.
        """
        image = read_image(self.image)
        if _is_black_and_white(image) and len(np.unique(read_grey(self.mask, self.skin))) > MANY:
            raise InputError(
                f"{self.image}: it is black and white as a mask is, and {self.mask.name} has many shades, as a photo. "
                "Are photos and masks swapped? The photos come first: pair(images, masks)."
            )
        mask = read_mask(self.mask, self.skin)
        if image.shape[:2] != mask.shape:
            turned = turned_as_photo(self, mask)
            if turned is not None and turned.shape == image.shape[:2]:
                raise InputError(f"{self.mask}: {'. '.join(tags_differ(self))}")
            raise InputError(
                f"{self.mask}: the mask is {mask.shape[1]}x{mask.shape[0]} but its photo {self.image.name} is "
                f"{image.shape[1]}x{image.shape[0]}. Use the mask that was made for this photo, at its size."
            )
        return image, mask


def _is_black_and_white(image: np.ndarray) -> bool:
    """True if a photo (H, W, 3) has no other values than 0 and 255; of most photos, a few pixels tell."""
    return all(np.isin(part, (0, 255)).all() for part in (image[::32, ::32], image))


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
    photo_of: str | Callable[[str], str] | None = None,
    nested: bool = False,
) -> list[Sample]:
    r"""Makes a data set of a folder of photos and a folder of masks.

    A mask has its photo's name, up to the suffix, or that and an ending: ``x.jpg`` goes with ``x.png``, ``x_mask.png``,
    ``x-seg.png``, ``x_segmentation.png``, ``x_label.png``, ``x_gt.png``. With endings, they may be in one folder: give
    it twice.

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
        photo_of: tells from a mask's stem that of its photo, likewise: ``r"mask_(.+)"`` finds 03 in mask_03.png. None:
            by the names above.
        nested: True to search the folders in both folders too. A stem then begins with them, for the rules as well:
            ``anna/03`` is that of anna/03.jpg, and ``person=r"^[^/]+"`` finds anna.

    Returns:
        Samples sorted by stem.

    Raises:
        InputError: a folder is missing or has no pictures, a photo or a mask has no partner, two files have the same
            stem, or a rule does not fit a stem. Where masks are something else, such as polygons, it says what.
    """
    pairs, alone = match(images, masks, photo_of, nested)
    if alone:
        names = ", ".join(path.name for path in alone[:3]) + (", ..." if len(alone) > 3 else "")
        raise InputError(
            f"{alone[0].parent}: {len(alone)} without a partner ({names}). Photo and mask need the same name up to the "
            "suffix, or an ending such as _mask: rename, add or remove them, or say by photo_of=... which photo a mask "
            "is of; check_pairs lists them all."
        )
    return [
        Sample(image, mask, _label(person, stem, image, "01"), _label(gesture, stem, image, "hand"), skin)
        for stem, image, mask in pairs
    ]


def _label(rule: str | Callable[[str], str] | None, stem: str, path: Path, default: str) -> str:
    """What a rule of `pair` says of a photo."""
    label = default if rule is None else found(rule, stem, "the rule")
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


class Split(NamedTuple):
    """Three lists of samples with no person in common."""

    train: list[Sample]
    val: list[Sample]
    test: list[Sample]


def as_samples(samples: Iterable[Sample], purpose: str) -> list[Sample]:
    """Gives samples back as a list, or raises InputError where they are something else, or none.

    Args:
        samples: what came in.
        purpose: what they are for, after "to", such as "evaluate on".
    """
    if isinstance(samples, Split):
        raise InputError(f"a Split is three lists, and to {purpose} one is wanted: split.train, split.val, split.test.")
    if isinstance(samples, Sample):
        raise InputError(f"one sample, and to {purpose} a list is wanted. Put it in brackets: [sample].")
    if isinstance(samples, (str, os.PathLike)):
        way_out = "Make samples of the folder first: hs.hgr1.load(folder), hs.pair(images, masks)."
        raise InputError(f"{what(samples)} is a path, and to {purpose} samples are wanted. {way_out}")
    if hasattr(samples, "samples"):
        raise InputError(f"{what(samples)}, and to {purpose} samples are wanted: batches.samples has those of batches.")
    made = as_list("samples", samples, "Give a list of them, such as hs.hgr1.load() returns.")
    for sample in made:
        if not hasattr(sample, "read"):  # what a benchmark reads changed is a sample, too
            of_kind("one of the samples", sample, Sample, "Give samples: hs.hgr1.load(), hs.pair(images, masks).")
    if not made:
        raise InputError(f"no samples: there is nothing to {purpose}. Does your choice match any? Is the folder right?")
    return made


def insist_on_skin(samples: Sequence[Sample], shares: Iterable[float]) -> None:
    """Raises InputError if ``skin`` names labels that none of these masks has; ``shares`` of skin are theirs.

    One mask without them is of a photo without a hand. If all are, the labels are most likely others.
    """
    chosen = samples[0].skin
    if isinstance(chosen, tuple) and not any(shares):
        masks = f"{samples[0].mask.parent}: not one of {len(samples)} masks"
        raise InputError(f"{masks} has a label of skin={chosen}. hs.check_pairs(samples) says which they have.")


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
        InputError: one of the three parts would be empty, a person is asked for twice or unknown, or a part is no
            tuple.
    """
    samples = as_samples(samples, "split")
    persons = sorted({sample.person for sample in samples})
    for name, wanted, usual in (("test", test, TEST_PERSONS), ("val", val, VAL_PERSONS)):
        if not isinstance(wanted, (tuple, list, set, frozenset)):
            raise InputError(
                f'test={test!r}, val={val!r}: each is a tuple of persons, such as ("02",), comma included.'
            )
        for person in wanted:
            if not (isinstance(person, str) and person in usual):
                one_of(name, person, persons)
    if len(persons) == 1:
        raise InputError(
            f"all photos are of one person, {persons[0]!r}. Say who is who, as pair(..., person=...) does. If they are "
            "of one person, add photos of two others: how a network does on strangers, they alone can tell."
        )
    if shared := set(test) & set(val):
        raise InputError(f"person {', '.join(sorted(shared))} is in both test and val: a person goes to one part only.")
    parts = Split(
        train=[s for s in samples if s.person not in test and s.person not in val],
        val=[s for s in samples if s.person in val],
        test=[s for s in samples if s.person in test],
    )
    for name, part in parts._asdict().items():
        if not part:
            raise InputError(
                f"the {name} part is empty: these samples have persons {', '.join(persons)}. Name others of them: "
                "split_by_person(samples, test=(...), val=(...))."
            )
    return parts
