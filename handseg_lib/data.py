"""Samples: a photo, its mask, and whose hand it is; and the reader of both.

Everything past this file sees one kind of mask: uint8, 1 where the photo shows skin, 0 elsewhere.
"""

import os
import re
import unicodedata
import warnings
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import ExifTags, Image
from PIL.Image import Transpose

try:
    from pillow_heif import register_heif_opener
except ImportError:
    pass
else:
    register_heif_opener()

TEST_PERSONS = ("02", "05", "09")
VAL_PERSONS = ("04", "11")

# Pillow could open more, some of it by starting other programs. What is not of these is no photo and no mask.
Image.init()
FORMATS = [
    name
    for name in ("JPEG", "MPO", "PNG", "BMP", "DIB", "TIFF", "WEBP", "GIF", "PPM", "AVIF", "HEIF")
    if name in Image.OPEN
]
SUFFIXES = set(".jpg .jpeg .png .bmp .tif .tiff .webp .gif .pbm .pgm .ppm .avif .heic .heif".split())
TURNS = {  # what sets a photo upright, by its tag of orientation
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
MAX_PIXELS = 100_000_000  # a larger picture would take a laptop's memory
# Pillow warns of odd tags and of large pictures without naming the file. What matters of it, the reader says itself.
warnings.filterwarnings("ignore", module=r"PIL\.")


class InputError(ValueError):
    """What the caller gave cannot be used. The message says what is wrong, where, and what to do, in one line."""

    def __init__(self, message: str):
        super().__init__(readable(message))


def readable(text: str) -> str:
    """Text that may hold the name of a file, in one line that can be printed anywhere.

    A name may have line breaks, a terminal's commands, marks that turn the reading round, or bytes that are no letters:
    all of these are written as Python writes them, such as ``\\n``. The rest stays as it is.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@dataclass(frozen=True)
class Sample:
    """One photo and its mask.

    Attributes:
        image: path of the photo.
        mask: path of the mask.
        person: who it is, such as ``"02"``.
        gesture: the hand shape's label, such as ``"A"``.
        skin: what the mask's file has where there is skin: ``"black"``, as in HGR1, or ``"white"``.
    """

    image: Path
    mask: Path
    person: str
    gesture: str
    skin: str = "black"

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
            raise InputError(
                f"{self.mask}: the mask is {mask.shape[1]}x{mask.shape[0]} but its photo {self.image.name} is "
                f"{image.shape[1]}x{image.shape[0]}. Use the mask that was made for this photo, at its size."
            )
        return image, mask


# Reading


def read_image(path: str | Path | BinaryIO) -> np.ndarray:
    """Reads a photo, upright, whatever its format and mode.

    What is transparent becomes white, as on a page; of 16 bits, the upper eight are kept.

    Args:
        path: a JPEG, PNG, BMP, TIFF, WebP or GIF file; HEIC where pillow-heif is installed. Or a binary stream of
            one, whose ``name``, where it has one, stands for the path in messages.

    Returns:
        uint8 (H, W, 3) RGB.

    Raises:
        InputError: the file is missing, or cannot be read.
    """
    picture = _open(path)
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255
        grey = np.clip(np.array(picture) // 256, 0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    picture = _lay_on(picture, "white")
    return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))  # which copies even then


def read_mask(path: str | Path, skin: str = "black") -> np.ndarray:
    """Reads a mask, of whatever depth: 0/1, 0/255, a palette, soft edges.

    The cut is at half of the brightest value in the file. What is transparent is background.

    Pillow gives one channel of a 1-bit BMP. (matplotlib's imread makes RGBA of it: the "four
    channels" that HGR1's masks are often said to have.)

    Args:
        path: of the mask, a file as for `read_image`.
        skin: ``"black"`` or ``"white"``: what the file has where there is skin.

    Returns:
        uint8 (H, W) of {0, 1}, 1 = skin.

    Raises:
        InputError: the file is missing, or cannot be read; ``skin`` is something else.
    """
    grey = read_grey(path, skin)
    return ((grey > grey.max() / 2) == (skin == "white")).astype(np.uint8)


def read_grey(path: str | Path, skin: str = "black") -> np.ndarray:
    """Reads a mask's grey values before they are cut in two. Arguments and errors are those of `read_mask`.

    Returns:
        (H, W) of the integers in the file, as deep as they are there.
    """
    if skin not in ("black", "white"):
        raise InputError(f"skin={skin!r}: there is no such kind of mask. Say what the skin is, 'black' or 'white'.")
    picture = _open(path)
    if not picture.mode.startswith("I"):
        picture = picture.convert("RGB") if picture.mode == "LAB" else picture  # from which Pillow knows no way to grey
        picture = _lay_on(picture, "white" if skin == "black" else "black").convert("L")
    return np.array(picture)


def _lay_on(picture: Image.Image, background: str) -> Image.Image:
    """Lays a transparent picture on a colour; ``convert("RGB")`` alone would show what an editor had left hidden."""
    if not picture.mode.endswith(("A", "a")) and "transparency" not in picture.info:
        return picture
    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, background), picture)


def _open(source: str | Path | BinaryIO) -> Image.Image:
    stream = hasattr(source, "read")
    source = source if stream else Path(source)
    name = getattr(source, "name", "the stream") if stream else source
    try:
        if not stream and source.exists() and not source.is_file():
            raise ValueError("it is no file")  # and a pipe would keep us waiting
        with Image.open(source, formats=FORMATS) as picture:
            _look_at_header(picture)
            picture.load()
            # phones store photos lying on their side. ImageOps.exif_transpose would write all tags anew, and stumbles
            # over those of some of them
            turn = TURNS.get(picture.getexif().get(ExifTags.Base.Orientation))
            return picture if turn is None else picture.transpose(turn)
    except FileNotFoundError:
        raise InputError(f"{name}: there is no such file. Check the path.") from None
    except Exception as error:  # of a damaged file, Pillow lets out whatever one of its parsers stumbled on
        reason = " ".join(str(error).split(repr(str(source))[1:-1])[0].split()).strip(" '\":.") or type(error).__name__
        if isinstance(error, Image.UnidentifiedImageError) and _first_bytes(source)[4:8] == b"ftyp":
            reason = "it looks like HEIC, for which you need: pip install pillow-heif"
        raise InputError(f"{name}: this is not a picture that can be read ({reason}). Replace or remove it.") from None


def _first_bytes(source: Path | BinaryIO) -> bytes:
    with nullcontext(source) if hasattr(source, "read") else source.open("rb") as stream:
        stream.seek(0)
        return stream.read(8)


def _look_at_header(picture: Image.Image) -> None:
    """Raises ValueError where the pixels need not be looked at."""
    if not 0 < picture.width * picture.height <= MAX_PIXELS:
        raise ValueError(f"{picture.width}x{picture.height} pixels; at most {MAX_PIXELS // 10**6} million are read")
    if picture.mode == "F":
        raise ValueError("decimal numbers, of which nobody says what white is; save it with 8 or 16 bits")
    # the first of an MPO or HEIF is the photo; what follows are its previews and depth maps
    if getattr(picture, "is_animated", False) and picture.format not in ("MPO", "HEIF"):
        raise ValueError("several pictures in one file; save the one that is meant alone")


def fingerprint(samples: Sequence[Sample]) -> str:
    """What tells one data set from another: a checksum of names, files and what the masks call skin, 8 hex digits."""
    found = 0
    for sample in sorted(samples, key=lambda sample: sample.image.name):
        for path in (sample.image, sample.mask):
            label = f"{path.name} {sample.person} {sample.skin}".encode(errors="surrogateescape")
            found = zlib.crc32(path.read_bytes(), zlib.crc32(label, found))
    return f"{found:08x}"


# Pairing


def pair(
    images: str | Path,
    masks: str | Path,
    person: str | Callable[[str], str] | None = None,
    gesture: str | Callable[[str], str] | None = None,
    skin: str = "black",
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
        skin: ``"black"`` or ``"white"``: what the masks have where there is skin.

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
    if not (found := by_stem(folder, SUFFIXES)):
        raise InputError(f"{folder}: no pictures in it. Give the folder that holds them: subfolders are not searched.")
    return found


def by_stem(folder: Path, suffixes: Collection[str]) -> dict[str, Path]:
    """The files of a folder that have one of these suffixes, in any case, sorted by stem; hidden ones are left out.

    Raises:
        InputError: two of them have the same stem.
    """
    found = {}
    for path in sorted(folder.iterdir(), key=lambda path: (path.stem, path.name)):
        if path.suffix.lower() in suffixes and not path.name.startswith("."):
            stem = unicodedata.normalize("NFC", path.stem)  # a Mac writes an umlaut as two characters
            if stem in found:
                raise InputError(f"{path}: {found[stem].name} has the same stem. Keep one of the two.")
            found[stem] = path
    return found


def _label(rule: str | Callable[[str], str] | None, path: Path, default: str) -> str:
    """What a rule of `pair` says of a photo."""
    if rule is None:
        return default
    if callable(rule):
        label = rule(path.stem)
    else:
        found = re.search(rule, path.stem)
        label = found and (found[1] if found.re.groups else found[0])
    if label in (None, ""):
        raise InputError(f"{path}: the rule {rule!r} finds nothing in its name. Rename the photo, or change the rule.")
    return readable(str(label))


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
