"""Files of photos and masks: whatever format, depth and turn they have, here they become arrays.

Everything past this file sees one kind of photo, uint8 (H, W, 3) RGB, upright, and one kind of mask: uint8, 1 where the
photo shows skin, 0 elsewhere.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image
from PIL.Image import Transpose

from . import labels
from .gate import InputError, as_path, what

try:
    from pillow_heif import register_heif_opener
except ImportError:
    pass
else:
    register_heif_opener()

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
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # of a JPEG, after a scan: what is no byte of it and no restart
AVIF = {b"avif", b"avis"}  # brands: a HEIC has one of the others, of which an AVIF may have some too
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
# How files begin that people take for pictures. QuickTime's first box comes after its length; with a brand, it is ftyp.
VIDEOS = (b"\x1aE\xdf\xa3", b"0&\xb2u\x8ef\xcf\x11", b"FLV", b"OggS", b"\0\0\1\xba", b"\0\0\1\xb3")
QUICKTIME = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
OTHERS = {  # in small letters
    (b"%pdf",): "a PDF",
    (b"8bps",): "a file of Photoshop",
    (b"pk\3\4",): "a zip archive",
    (b"\x93numpy",): "an array of NumPy's (np.load)",
    (b"version https://git-lfs",): "a pointer of Git LFS, whose file was not fetched (git lfs pull)",
    (b"<?xml", b"<svg", b"<html", b"<!doctype"): "a page or a drawing in XML or HTML",
}
MAX_PIXELS = 100_000_000  # a larger picture would take a laptop's memory
MAX_SCANS = 100  # of a progressive JPEG, which has some ten; each goes over the whole picture again
ROWS = 256  # that are handled at once, for Pillow hands pixels over by way of several copies
LARGE = 2**25  # pixels, from which ours is kept on the disk, for Pillow needs four bytes of memory for each of its own


def read_image(path: str | Path | BinaryIO) -> np.ndarray:
    """Reads a photo, upright, whatever its format and mode.

    What is transparent becomes white, as on a page; of 16 bits, the upper eight are kept. Of 32, nobody says what
    white is: 255, 65535 or the largest number of that kind, the first of them that is not below the brightest pixel.

    Args:
        path: a JPEG, PNG, BMP, TIFF, WebP or GIF file; HEIC where pillow-heif is installed. Or a binary stream of
            one, whose ``name``, where it has one, stands for the path in messages.

    Returns:
        uint8 (H, W, 3) RGB. Of more than 33 million pixels, an array that is mapped from a temporary file.

    Raises:
        InputError: it is no path, the file is missing, or cannot be read.
    """
    picture = _open(path)
    if picture.mode.startswith("I"):  # 16 or 32 bits of grey, which Pillow would cut off at 255
        values, white = _whole_numbers(picture)
        grey = (values // ((white + 1) // 256)).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if picture.height * picture.width >= LARGE and (image := _on_disk(picture)) is not None:
        return image
    image = np.empty((picture.height, picture.width, 3), np.uint8)
    for top, strip in zip(range(0, picture.height, ROWS), _strips(picture)):
        image[top : top + ROWS] = strip
    return image


def _strips(picture: Image.Image) -> Iterator[np.ndarray]:
    """The picture in uint8 RGB, some rows at once."""
    for top in range(0, picture.height, ROWS):
        strip = picture.crop((0, top, picture.width, min(top + ROWS, picture.height)))
        yield np.asarray(_lay_on(strip, "white").convert("RGB"))


def _on_disk(picture: Image.Image) -> np.ndarray | None:
    """The picture in uint8 RGB, in a file without a name, from where it is read as needed; None: there is no room."""
    try:
        with tempfile.TemporaryFile() as file:
            for strip in _strips(picture):
                file.write(strip.data)
            file.flush()
            return np.memmap(file, np.uint8, "r+", shape=(picture.height, picture.width, 3)).view(np.ndarray)
    except OSError:
        return None


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
        InputError: the file is missing, or cannot be read; it holds labels and ``skin`` names none; ``skin`` is
            something else. (A file without the labels that ``skin`` names is the mask of a photo without a hand.)
    """
    values, grey, skin = _read_values(path, skin)
    if isinstance(skin, tuple):
        return _pick(path, values, skin)
    bright, areas = grey > grey.max() / 2, labels.areas(values)
    if len(areas) > 2 or (len(areas) == 2 and len({bright.flat[np.argmax(values == value)] for value in areas}) == 1):
        names = [labels.name(value) for value in areas.tolist()]
        several = f", or of several skin=({', '.join(names[1:3])})" if len(names) > 2 else ""
        say = "Say" if not labels.are_mixed(values) else "Save it anew with hard edges, as PNG, and say"
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
    """What the file of a mask says: of each pixel its value, as in `labels`, and its brightness; what of these is skin.

    Value and brightness are integers (H, W).
    """
    if not (isinstance(skin, str) and skin in ("black", "white")) and not labels.are_labels(skin):
        raise InputError(
            f"skin={what(skin)}: there is no such kind of mask. Say what the skin is, 'black' or 'white', or a tuple "
            "of the labels that are skin, such as (1, 2) or ('#ff0000',), comma included."
        )
    picture = _open(path)
    if picture.mode.startswith("I"):
        values, _ = _whole_numbers(picture)
        return values, values, skin
    by_number = not isinstance(skin, tuple) or not isinstance(skin[0], str)
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
    present, wanted = np.unique(values), [labels.number(label) for label in skin]
    if labels.are_mixed(values):
        raise InputError(
            f"{path}: {len(present)} values, too many for labels: soft edges or JPEG have mixed them. Save the mask "
            "anew with hard edges, as PNG."
        )
    if len(present) > 1 and present[0] < 0 and not isinstance(skin[0], str):
        names = ", ".join(labels.name(value) for value in present[:8].tolist()) + ", ..." * (len(present) > 8)
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
    stream = hasattr(source, "read") and not isinstance(source, type)
    source = source if stream else as_path("path", source, "Give the path of one file, or a binary stream of one.")
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
            reason, remedy = _kind(_first_bytes(source)) or (reason, remedy)  # type: ignore[arg-type]
        raise InputError(f"{name}: this is not a picture that can be read ({reason}). {remedy}.") from None


def _first_bytes(source: Path | BinaryIO) -> bytes:
    with nullcontext(source) if hasattr(source, "read") else source.open("rb") as stream:
        stream.seek(0)
        return stream.read(128)


def _kind(start: bytes) -> tuple[str, str] | None:
    """What a file is that Pillow does not know, by its first bytes, and what to do; None: nobody knows."""
    video = "it is a video", "Take single frames out of it, as JPEG or PNG"
    if start.startswith(VIDEOS) or (start[:4], start[8:12]) == (b"RIFF", b"AVI "):
        return video
    if start[4:8] in QUICKTIME:
        return video
    for begins, form in OTHERS.items():
        if start.lstrip().lower().startswith(begins):
            return f"it is {form}", "Replace it by the picture, as JPEG or PNG"
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
    if picture.format in ("JPEG", "MPO") and _scans(picture.fp) > MAX_SCANS:
        raise ValueError(f"more than {MAX_SCANS} scans in one JPEG, which would take minutes; save it anew")
    # the first of an MPO or HEIF is the photo; what follows are its previews and depth maps
    if getattr(picture, "is_animated", False) and picture.format not in ("MPO", "HEIF"):
        raise ValueError("several pictures in one file; save the one that is meant alone")


def _scans(file: BinaryIO) -> int:
    """How many scans a JPEG has. Each goes over all pixels, so a few bytes more can mean a second more of work."""
    place = file.tell()
    file.seek(0)
    data = file.read()
    file.seek(place)
    count, at = data.count(b"\xff\xda"), 2
    if count <= MAX_SCANS:  # which is said quickly, and is so of nearly all
        return count
    count = 0  # what comes after the picture, such as a film, or in its segments may have these two bytes by chance
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xD9:
        if data[at + 1] == 0xFF:  # a filler
            at += 1
            continue
        is_scan = data[at + 1] == 0xDA
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if is_scan:
            count += 1
            following = MARKER.search(data, at)
            at = following.start() if following else len(data)
    return count


def orientation(path: Path) -> int:
    """The EXIF tag of orientation, 1 to 8; 1 where there is none."""
    with Image.open(path, formats=FORMATS) as picture:
        tag = picture.getexif().get(ExifTags.Base.Orientation)
    return tag if tag in TURNS else 1
