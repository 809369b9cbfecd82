"""Samples: a photo, its mask, and whose hand it is; and the reader of both.

Everything past this file sees one kind of mask: uint8, 1 where the photo shows skin, 0 elsewhere.
"""

import os
import re
import unicodedata
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import cv2
import numpy as np
from PIL import ExifTags, Image
from PIL.Image import Transpose

from . import labels

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
BITS, SAMPLE_FORMAT = 258, 339  # tags of TIFF
DEPTH = "handseg depth"  # where a picture's info keeps its bits and whether they have a sign
AVIF = {b"avif", b"avis"}  # brands: a HEIC has one of the others, of which an AVIF may have some too
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
MAX_PIXELS = 100_000_000  # a larger picture would take a laptop's memory


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


# Reading


def read_image(path: str | Path | BinaryIO) -> np.ndarray:
    """Reads a photo, upright, whatever its format and mode.

    What is transparent becomes white, as on a page; of 16 bits, the upper eight are kept. Of 32, nobody says what
    white is: 255, 65535 or the largest number of that kind, the first of them that is not below the brightest pixel.

    Args:
        path: a JPEG, PNG, BMP, TIFF, WebP or GIF file; HEIC where pillow-heif is installed. Or a binary stream of
            one, whose ``name``, where it has one, stands for the path in messages.

    Returns:
        uint8 (H, W, 3) RGB.

    Raises:
        InputError: the file is missing, or cannot be read.
    """
    picture = _open(path)
    if picture.mode.startswith("I"):  # 16 or 32 bits of grey, which Pillow would cut off at 255
        values, white = _whole_numbers(picture)
        grey = (values // ((white + 1) // 256)).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    picture = _lay_on(picture, "white")
    return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))  # which copies even then


def read_mask(path: str | Path, skin: str | tuple = "black") -> np.ndarray:
    """Reads a mask, of whatever depth: 0/1, 0/255, a palette, soft edges; a shape that was cut out; labels.

    The cut is at half of the brightest value in the file. What is transparent is background, and a shape that was cut
    out of what surrounded it is skin, whatever its colours. Where more than two values or colours fill areas, they are
    labels, such as 1 for a left and 2 for a right hand: brightness says nothing of them, ``skin`` has to.

    Pillow gives one channel of a 1-bit BMP. (matplotlib's imread makes RGBA of it: the "four
    channels" that HGR1's masks are often said to have.)

    Args:
        path: of the mask, a file as for `read_image`.
        skin: ``"black"`` or ``"white"``: what the file has where there is skin. Or a tuple of the labels that are
            skin, all else being background: grey values or the indices of a coloured palette, ``(1, 2)``, or colours,
            ``("#ff0000", "#00ff00")``.

    Returns:
        uint8 (H, W) of {0, 1}, 1 = skin.

    Raises:
        InputError: the file is missing, or cannot be read; it holds labels and ``skin`` names none, or none of those in
            it; ``skin`` is something else.
    """
    values, grey, skin = _read_values(path, skin)
    if isinstance(skin, tuple):
        return _pick(path, values, skin)
    bright, found = grey > grey.max() / 2, labels.areas(values)
    if len(found) > 2 or (len(found) == 2 and len({bright.flat[np.argmax(values == value)] for value in found}) == 1):
        names = [labels.name(value) for value in found.tolist()]
        several = f", or of several skin=({', '.join(names[-2:])})" if len(names) > 2 else ""
        say = "Say" if len(np.unique(values)) <= labels.MANY else "Save it anew with hard edges, as PNG, and say"
        raise InputError(
            f"{path}: the mask holds labels, not black and white: {', '.join(names[:8]) + ', ...' * (len(names) > 8)}. "
            f"{say} which of them are skin: skin=({names[1]},){several}."
        )
    return (bright == (skin == "white")).astype(np.uint8)


def read_grey(path: str | Path, skin: str | tuple = "black") -> np.ndarray:
    """Reads a mask's grey values before they are cut in two. Arguments and errors are those of `read_mask`.

    Returns:
        (H, W) of the integers in the file, as deep as they are there; of a shape that was cut out, how opaque it is.
    """
    return _read_values(path, skin)[1]


def _read_values(path: str | Path, skin: str | tuple) -> tuple[np.ndarray, np.ndarray, str | tuple]:
    """What the file of a mask says: of each pixel its value, as in `labels`, and its brightness, both integers (H, W);
    and what skin is among these."""
    if skin not in ("black", "white") and not labels.are_labels(skin):
        raise InputError(
            f"skin={skin!r}: there is no such kind of mask. Say what the skin is, 'black' or 'white', or a tuple of "
            "the labels that are skin, such as (1, 2) or ('#ff0000',), comma included."
        )
    picture = _open(path)
    if picture.mode.startswith("I"):
        values, _ = _whole_numbers(picture)
        return values, values, skin
    by_number = not isinstance(skin, tuple) or isinstance(skin[0], int)
    opacity = _opacity(picture)
    if by_number and opacity is not None and _is_cut_out(picture, opacity):
        return opacity, opacity, skin if isinstance(skin, tuple) else "white"
    indices = np.array(picture) if picture.mode == "P" and opacity is None else None
    picture = picture.convert("RGB") if picture.mode == "LAB" else picture  # from which Pillow knows no way to grey
    picture = _lay_on(picture, "white" if skin == "black" else "black")
    grey = np.array(picture.convert("L"))
    if by_number and picture.mode in ("1", "L"):
        return grey, grey, skin
    red, green, blue = np.moveaxis(np.array(picture.convert("RGB")), 2, 0)
    is_grey = np.array_equal(red, green) and np.array_equal(red, blue)
    if by_number and indices is not None and not (is_grey and len(np.unique(grey)) == len(np.unique(indices))):
        return indices, grey, skin
    if by_number and is_grey:
        return grey, grey, skin
    colours = labels.code(red, green, blue)
    return colours if opacity is None else np.where(opacity < 128, 0, colours), grey, skin


def _pick(path: str | Path, values: np.ndarray, skin: tuple) -> np.ndarray:
    """The mask of some labels among these values (H, W)."""
    found, wanted = np.unique(values), [labels.number(label) for label in skin]
    if len(found) > labels.MANY:
        raise InputError(
            f"{path}: {len(found)} values, too many for labels: soft edges or JPEG have mixed them. Save the mask anew "
            "with hard edges, as PNG."
        )
    if len(found) > 1 and not np.isin(found, wanted).any():  # of one value, it may be that of the background
        names = ", ".join(labels.name(value) for value in found[:8].tolist()) + ", ..." * (len(found) > 8)
        raise InputError(f"{path}: it holds none of skin={skin}, but {names}. Name those of them that are skin.")
    return np.isin(values, wanted).astype(np.uint8)


def _opacity(picture: Image.Image) -> np.ndarray | None:
    """How opaque each pixel is, uint8 (H, W); None where all are alike."""
    if not _has_transparency(picture):
        return None
    opacity = np.array(picture.convert("RGBA").getchannel("A"))
    return opacity if opacity.min() < opacity.max() else None


def _is_cut_out(picture: Image.Image, opacity: np.ndarray) -> bool:
    """True if the shape is in the transparency; False if what is opaque is a mask by itself: a few greys, no photo."""
    red, green, blue = np.array(picture.convert("RGB"))[opacity > opacity.max() / 2].T
    _, counts = np.unique(red, return_counts=True)
    common = counts >= 0.01 * len(red)
    few = 2 <= common.sum() <= 8 and counts[common].sum() >= 0.9 * len(red)
    return not (few and np.array_equal(red, green) and np.array_equal(red, blue))


def _whole_numbers(picture: Image.Image) -> tuple[np.ndarray, int]:
    """The pixels of a picture of 16 or 32 bits, from 0, (H, W); and the number that is white."""
    bits, signed = picture.info[DEPTH]
    values = np.array(picture)
    if bits == 32 and not signed:
        values = values.view(np.uint32)  # which Pillow takes for numbers below zero where the first bit is set
    values = np.maximum(values, 0)
    if bits <= 16 and not signed:
        return values, 2**bits - 1
    # who writes 8 bits into 32 does not say so
    whites = [255, 2**15 - 1] if bits == 16 else [255, 2**16 - 1, 2**31 - 1, 2**32 - 1]
    return values, next(white for white in whites if values.max() <= white)


def _lay_on(picture: Image.Image, background: str) -> Image.Image:
    """Lays a transparent picture on a colour; ``convert("RGB")`` alone would show what an editor had left hidden."""
    if not _has_transparency(picture):
        return picture
    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, background), picture)


def _has_transparency(picture: Image.Image) -> bool:
    return picture.mode.endswith(("A", "a")) or "transparency" in picture.info


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
            tags = getattr(picture, "tag_v2", {})  # of a TIFF; a turned picture keeps its info alone
            picture.info[DEPTH] = tags.get(BITS, (16,))[0], tags.get(SAMPLE_FORMAT, (1,))[0] == 2
            # phones store photos lying on their side. ImageOps.exif_transpose would write all tags anew, and stumbles
            # over those of some of them
            turn = TURNS.get(picture.getexif().get(ExifTags.Base.Orientation))
            return picture if turn is None else picture.transpose(turn)
    except FileNotFoundError:
        raise InputError(f"{name}: there is no such file. Check the path.") from None
    except Exception as error:  # of a damaged file, Pillow lets out whatever one of its parsers stumbled on
        reason = " ".join(str(error).split(repr(str(source))[1:-1])[0].split()).strip(" '\":.") or type(error).__name__
        remedy = "Replace or remove it"
        if isinstance(error, Image.UnidentifiedImageError):
            reason, remedy = _kind(_first_bytes(source)) or (reason, remedy)
        raise InputError(f"{name}: this is not a picture that can be read ({reason}). {remedy}.") from None


def _first_bytes(source: Path | BinaryIO) -> bytes:
    with nullcontext(source) if hasattr(source, "read") else source.open("rb") as stream:
        stream.seek(0)
        return stream.read(128)


def _kind(start: bytes) -> tuple[str, str] | None:
    """What a file is that Pillow does not know, by its first bytes, and what to do; None: nobody knows."""
    video = "it is a video", "Take single frames out of it, as JPEG or PNG"
    if start[:4] == b"\x1aE\xdf\xa3" or (start[:4], start[8:12]) == (b"RIFF", b"AVI "):
        return video
    if start[4:8] in (b"moov", b"mdat", b"wide"):  # QuickTime before it had brands
        return video
    if start[4:8] != b"ftyp":
        return None
    size = int.from_bytes(start[:4], "big")  # of the first box, in which the file names its brands: one, and others
    brands = {start[8:12]} | {start[at : at + 4] for at in range(16, min(size, len(start)), 4)}
    for kind, form, package, known in (("AVIF", "AVIF", "-U pillow", AVIF), ("HEIC", "HEIF", "pillow-heif", HEIC)):
        if brands & known:
            if form in FORMATS:
                return f"it is {kind}, but damaged or of a rare kind", "Save it anew, as JPEG or PNG"
            return f"it is {kind}, for which you need: pip install {package}", "Or save it as JPEG or PNG"
    if b"crx " in brands:
        return "it is a camera's raw file", "Export it as JPEG"
    if start[8:11] in (b"M4A", b"M4B", b"M4P"):
        return "it is sound", "Replace or remove it"
    return video


def _look_at_header(picture: Image.Image) -> None:
    """Raises ValueError where the pixels need not be looked at."""
    if not 0 < picture.width * picture.height <= MAX_PIXELS:
        raise ValueError(f"{picture.width}x{picture.height} pixels; at most {MAX_PIXELS // 10**6} million are read")
    if picture.mode == "F":
        raise ValueError("decimal numbers, of which nobody says what white is; save it with 8 or 16 bits")
    # the first of an MPO or HEIF is the photo; what follows are its previews and depth maps
    if getattr(picture, "is_animated", False) and picture.format not in ("MPO", "HEIF"):
        raise ValueError("several pictures in one file; save the one that is meant alone")


# Photos and masks that are turned in different ways


def turned_as_photo(sample: Sample, mask: np.ndarray) -> np.ndarray | None:
    """A mask (H, W), as read, as it would be if its file had the photo's tag of orientation; None where it has."""
    photo, own = _orientation(sample.image), _orientation(sample.mask)
    if photo == own:
        return None
    picture = Image.fromarray(mask)
    for tag in ({6: 8, 8: 6}.get(own, own), photo):  # first as it is stored
        picture = picture.transpose(TURNS[tag]) if tag in TURNS else picture
    return np.array(picture)


def tags_differ(sample: Sample) -> tuple[str, str]:
    """What is wrong where the mask must be turned as its photo is, and what to do."""
    photo, own = _orientation(sample.image), _orientation(sample.mask)
    turn = f".transpose(Image.Transpose.{TURNS[photo].name})" if photo in TURNS else ""
    return (
        f"the EXIF tag of orientation, by which a picture is set upright, is {photo} in its photo {sample.image.name} "
        f"and {own} in the mask, which seems to be drawn on the photo as it is stored (1: as stored)",
        f"Turn the mask's file, its path being p: from PIL import Image; Image.open(p){turn}.save(p, exif=b'').",
    )


def _orientation(path: Path) -> int:
    """The EXIF tag of orientation, 1 to 8; 1 where there is none."""
    with Image.open(path, formats=FORMATS) as picture:
        tag = picture.getexif().get(ExifTags.Base.Orientation)
    return tag if tag in TURNS else 1


def fingerprint(samples: Sequence[Sample]) -> str:
    """What tells one data set from another: a checksum of names, files and what the masks call skin, 8 hex digits."""
    found = 0
    for sample in sorted(samples, key=lambda sample: sample.image.name):
        for path in (sample.image, sample.mask):
            label = f"{path.name} {sample.person} {sample.skin}".encode(errors="surrogateescape")
            found = zlib.crc32(path.read_bytes(), zlib.crc32(label, found))
    return f"{found:08x}"


# Arrays of the caller's own


def as_photo(image: np.ndarray) -> np.ndarray:
    """Gives a photo back, uint8 (H, W, 3) RGB, or raises InputError where it is none."""
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        found = f"{image.dtype} {image.shape}"
        raise InputError(f"a photo must be uint8 (H, W, 3) RGB, this is {found}. Read it with hs.read_image.")
    return image


def as_masks(photo: np.ndarray | None = None, /, **masks: np.ndarray) -> list[np.ndarray]:
    """Brings masks of one photo to the one kind that the library knows.

    Args:
        photo: (H, W, 3); None: the masks need only fit one another.
        masks: by the name that a message shall call them: (H, W) or, as a network gives it, (H, W, 1), of any number
            type, with nothing in it but 0 and 1, or 0 and 255.

    Returns:
        Each as uint8 (H, W) of {0, 1}; one that is so already is not copied.

    Raises:
        InputError: one is no mask, or they have not the size of the photo or of one another.
    """
    sizes = {} if photo is None else {"photo": photo.shape[:2]}
    made = []
    for name, mask in masks.items():
        mask = np.asarray(mask)
        made.append(_as_mask(mask[..., 0] if mask.ndim == 3 and mask.shape[2] == 1 else mask, name))
        sizes[name] = made[-1].shape
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{name} {height} x {width}" for name, (height, width) in sizes.items())
        raise InputError(f"they differ in height and width: {found}. A mask has those of its own photo.")
    return made


def as_probability(answer: np.ndarray, true: np.ndarray, name: str) -> np.ndarray:
    """Gives an answer to the photo of this name back, or raises InputError if it is not (H, W), as ``true``, in 0-1."""
    if answer.shape != true.shape or not (answer.min() >= 0 and answer.max() <= 1):  # nor where nan is in it
        found = f"{answer.shape} from {answer.min():.3g} to {answer.max():.3g}"
        raise InputError(
            f"{name}: the answer is {found}. Give a probability, 0-1, for each of its {true.shape} pixels."
        )
    return answer


def _as_mask(mask: np.ndarray, name: str) -> np.ndarray:
    if mask.ndim != 2 or not mask.size or mask.dtype.kind not in "buif":
        found = f"{name} is {mask.dtype} {mask.shape}"
        raise InputError(f"{found}, and a mask is numbers (H, W), of one photo. Read its file with hs.read_mask.")
    if mask.dtype == bool:
        return mask.view(np.uint8)
    top = mask.max()  # nan, where there is one
    if mask.dtype == np.uint8 and top <= 1:  # which most are: this runs several times for each photo of a report
        return mask
    if top not in (0, 1, 255) or not np.isin(mask, (0, top)).all():
        values = np.unique(mask)
        odd = values[~np.isin(values, (0, 1, 255))]
        odd = odd if odd.size else values  # 0, 1 and 255 all at once
        found = ", ".join(f"{value:.3g}" for value in odd[:3]) + ", ..." * (odd.size > 3)
        raise InputError(
            f"{name} is {mask.dtype} with {found} in it, and a mask has only 0 and 1, or 0 and 255. "
            "Cut a probability first: hand >= predictor.threshold. Read a mask's file with hs.read_mask."
        )
    return (mask != 0).astype(np.uint8)


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


# What a photo is like


def describe(image: np.ndarray, true: np.ndarray) -> dict:
    """Measures what may make a photo hard.

    Args:
        image: uint8 (H, W, 3) RGB.
        true: its mask, (H, W) of {0, 1}.

    Returns:
        brightness: mean luma of the photo, 0-255.
        tone: median individual typology angle of the skin pixels, from -90 to 90 degrees: arctan((L* - 50) / b*) of
            CIELAB; Chardon 1991, https://doi.org/10.1111/j.1467-2494.1991.tb00561.x. Light skin has 55 and more, dark
            skin -30 and less. It is the skin's tone *in this photo*: nobody calibrated camera or lamp, so shade and
            white balance move it, and it does not tell a person's skin type. nan without skin.
        background: how much the background's colours are the hand's: the overlap of their histograms in Cb and Cr
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
