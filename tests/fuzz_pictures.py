"""Malformed photos and masks, made by lot: cut off, with bits that are turned round, bombs, other formats' heads."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

import handseg_lib as hs

WAYS = [  # to write a picture: format, mode, options
    ("JPEG", "RGB", {}),
    ("JPEG", "CMYK", {"quality": 60}),
    ("JPEG", "L", {"progressive": True}),
    ("PNG", "RGB", {}),
    ("PNG", "RGBA", {}),
    ("PNG", "P", {}),
    ("PNG", "1", {}),
    ("PNG", "I;16", {}),
    ("BMP", "RGB", {}),
    ("BMP", "1", {}),
    ("BMP", "P", {}),
    ("TIFF", "RGB", {}),
    ("TIFF", "L", {"compression": "tiff_lzw"}),
    ("TIFF", "RGBA", {"compression": "tiff_adobe_deflate"}),
    ("TIFF", "1", {"compression": "group4"}),
    ("TIFF", "F", {}),
    ("GIF", "P", {}),
    ("WEBP", "RGB", {}),
    ("WEBP", "RGBA", {"lossless": True}),
    ("AVIF", "RGB", {"speed": 10}),
    ("HEIF", "RGB", {}),
]
Image.init()  # or Pillow knows no format yet, where no other test has saved one
WAYS = [way for way in WAYS if way[0] in Image.SAVE]


# Files


def encoded(rng: np.random.Generator, width: int, height: int, ways=WAYS, **options) -> bytes:
    """A picture of a bright rectangle, whole, in a format and mode drawn by lot, some lying on their side."""
    picture = Image.new("L", (width, height), 30)
    picture.paste(int(rng.integers(180, 256)), (width // 4, height // 4, 3 * width // 4, 3 * height // 4))
    kind, mode, more = ways[rng.integers(len(ways))]
    if kind not in ("BMP", "GIF") and rng.random() < 0.3:
        exif = Image.Exif()
        exif[0x0112] = int(rng.integers(1, 9))  # the orientation
        options["exif"] = exif
    stream = io.BytesIO()
    picture.convert(mode).save(stream, format=kind, **more, **options)
    return stream.getvalue()


def truncated(rng) -> bytes:
    data = encoded(rng, *rng.integers(8, 80, 2).tolist())
    return data[: rng.integers(1, len(data))]


def bit_flipped(rng) -> bytes:
    data = bytearray(encoded(rng, *rng.integers(8, 80, 2).tolist()))
    reach = len(data) if rng.random() < 0.4 else min(len(data), 120)  # headers are where it hurts
    for place in rng.integers(0, reach, rng.integers(1, 12)):
        data[place] ^= 1 << rng.integers(8)
    return bytes(data)


def wrong_header(rng) -> bytes:
    """One format's beginning before another's rest, or before noise."""
    first, second = (encoded(rng, *rng.integers(8, 80, 2).tolist()) for _ in range(2))
    cut = int(rng.choice([4, 8, 12, 30, 60]))
    return first[:cut] + (second[cut:] if rng.random() < 0.6 else rng.bytes(int(rng.integers(0, 2000))))


def one_pixel(rng) -> bytes:
    return encoded(rng, 1, 1)


def wide(rng) -> bytes:
    sizes = [(20000, 20), (20, 20000)]
    return encoded(rng, *sizes[rng.integers(2)], ways=[way for way in WAYS if way[0] not in ("WEBP", "AVIF", "HEIF")])


def nothing(rng) -> bytes:
    return b"" if rng.random() < 0.5 else bytes(int(rng.integers(1, 5000)))


def bomb(rng) -> bytes:
    """A few bytes that claim to be a huge picture."""
    side = int(rng.choice([9_000, 12_000, 16_000, 40_000, 65_000]))  # on both sides of where Pillow warns, and refuses
    kind, place, code = [("BMP", 18, "<ii"), ("GIF", 6, "<HH"), ("WEBP", 26, "<HH"), ("PNG", 16, ">II")][
        rng.integers(4)
    ]
    data = bytearray(encoded(rng, 9, 9, [(kind, "P" if kind == "GIF" else "RGB", {})]))
    struct.pack_into(code, data, place, *[min(side, 16383) if kind == "WEBP" else side] * 2)
    if kind == "PNG":
        struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    return bytes(data)


def animated(rng) -> bytes:
    frames = [Image.new("L", (12, 12), int(level)) for level in rng.integers(0, 256, 4)]
    kind = ("GIF", "PNG", "WEBP", "TIFF")[rng.integers(4)]
    stream = io.BytesIO()
    frames[0].save(stream, format=kind, save_all=True, append_images=frames[1:])
    return stream.getvalue()


def no_picture(rng) -> bytes:
    return rng.bytes(int(rng.integers(1, 3000))) if rng.random() < 0.5 else b"A letter,\nno picture.\n" * 9


KINDS: list[Callable] = [truncated, bit_flipped, wrong_header, bit_flipped, truncated, bit_flipped]
KINDS += [one_pixel, wide, nothing, bomb, animated, no_picture]


def write(folder: Path, files: int, seed: int = 0) -> Iterator[tuple[str, Path]]:
    """Writes malformed files; yields of each its kind and its path. The same seed makes the same files."""
    for number in range(files):
        kind = KINDS[number % len(KINDS)]
        path = folder / f"{number:04d}_{kind.__name__}.jpg"
        path.write_bytes(kind(np.random.default_rng([seed, number])))
        yield kind.__name__, path


# Reading


def outcome(read: Callable, path: Path) -> str:
    """Says ``"read"`` or ``"refused"`` if the reader did either as it should, else what it did."""
    try:
        array = read(path)
    except hs.InputError as error:
        good = str(error).startswith(f"{path}: ") and "\n" not in str(error)
        return "refused" if good else f"refused unclearly: {error!r}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    good = array.dtype == np.uint8 and array.size
    if read is hs.read_image:
        good = good and array.ndim == 3 and array.shape[2] == 3
    else:
        good = good and array.ndim == 2 and array.max() <= 1
    return "read" if good else f"read as {array.dtype} {array.shape}"
