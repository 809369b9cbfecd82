"""The outputs of predict: overlay and mask of a photo, a film of each of a video; and what they were made of."""

import functools
import json
import platform
import threading
import zlib
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from . import film
from .data.files import read_image
from .data.gate import InputError
from .export_file import card_of
from .painting import paint_on
from .predictor import COURSE_CARD, COURSE_MODEL, Predictor, load_predictor
from .resume import DiskFull, made_beside, write_whole

MADE_OF = "handseg"  # in a mask's file, or in the note on a film
ENDS, FILM_ENDS = ("overlay.jpg", "mask.png"), ("overlay.mp4", "mask.mp4", "film.json")
LOCK = threading.Lock()  # a worker may have several threads, and not every runtime can be called by two at once


def ends(photo: Path) -> tuple[str, ...]:
    """How the names of its outputs end."""
    return FILM_ENDS if is_film(photo) else ENDS


def is_film(path: Path) -> bool:
    """True for a video, by its name."""
    return path.suffix.lower() in film.SUFFIXES


def write(
    model: Path | None, sum_of_model: str, maker: str, again: bool, name: str, photo: Path, files: list[Path]
) -> tuple[str, float, str]:
    """Writes the outputs of one photo or video, in whatever process, unless they are there.

    Args:
        model: for ``load_predictor``.
        sum_of_model: its `checksum_of_model`.
        maker: what the outputs will say of the model.
        again: True to replace outputs that are there.
        name: what the photo is called.
        photo: its file.
        files: what to write, one for each of its `ends`.

    Returns:
        The name, the share of hand, and what was wrong with this photo; "" if nothing was.

    Raises:
        InputError: no photo can be done here: there is another model or no such folder, or the disk is full.
    """
    if not files[0].parent.is_dir():
        raise InputError(
            f"{files[0].parent}: {platform.node()} sees no such folder. Give photos and --out in a folder that all "
            "workers have at the same path."
        )
    with LOCK:
        predictor = _loaded(model, sum_of_model)
        try:
            if not again and are_whole(photo, files, maker):  # a worker did it that was lost before it could say so
                return name, _share(photo, files), ""
            return name, _write(predictor, maker, photo, files), ""
        except DiskFull:  # one line says it, and not one for each of the photos that are left
            raise
        except InputError as error:
            return name, 0.0, str(error)


def _write(predictor: Predictor, maker: str, photo: Path, files: list[Path]) -> float:
    with made_beside(files[0]) as overlay_part, made_beside(files[1]) as mask_part:
        if is_film(photo):
            share = film.predict_film(predictor, photo, overlay_part, mask_part)
        else:
            share = _write_photo(predictor, maker, photo, overlay_part, mask_part)
    for note in files[2:]:
        write_whole(note, json.dumps({MADE_OF: _made_of(photo, maker), "hand_share": share}))
    return share


def _write_photo(predictor: Predictor, maker: str, photo: Path, overlay_part: Path, mask_part: Path) -> float:
    image = read_image(photo)
    mask = predictor.mask(image)
    made_of = PngInfo()
    made_of.add_text(MADE_OF, _made_of(photo, maker))
    Image.fromarray(mask * np.uint8(255)).save(mask_part, pnginfo=made_of)
    share = float(mask.mean())
    paint_on(image, mask)
    del mask  # a photo may be of 100 megapixels, and Pillow makes a copy of it
    Image.fromarray(image).save(overlay_part, quality=92)
    return share


@functools.lru_cache(maxsize=1)
def _loaded(model: Path | None, sum_of_model: str) -> Predictor:
    """The network, loaded once in a process."""
    if checksum_of_model(model) != sum_of_model:
        raise InputError(
            f"{model or COURSE_MODEL}: on {platform.node()} it is another model. Bring the same one there."
        )
    return load_predictor(model)


# What outputs were made of


def is_ours(photo: Path, files: list[Path], maker: str) -> bool:
    """True if these outputs say that they were made of this photo by this model."""
    try:
        if is_film(photo):
            return json.loads(files[2].read_text("utf-8"))[MADE_OF] == _made_of(photo, maker)
        with Image.open(files[1]) as mask:
            return mask.info.get(MADE_OF) == _made_of(photo, maker)
    except (OSError, ValueError, SyntaxError, LookupError, TypeError):  # not there, or something else
        return False


def are_whole(photo: Path, files: list[Path], maker: str) -> bool:
    """True if they are ours, and all there."""
    return is_ours(photo, files, maker) and all(file.is_file() for file in files)


def _share(photo: Path, files: list[Path]) -> float:
    if is_film(photo):
        return json.loads(files[2].read_text("utf-8"))["hand_share"]
    with Image.open(files[1]) as mask:
        return float((np.asarray(mask) > 0).mean())


def _made_of(photo: Path, maker: str) -> str:
    """What tells one result from another: the photo's checksum and what is said of the model."""
    return f"{_checksum(photo)} {maker}"


def checksum_of_model(model: Path | None) -> str:
    """What tells one model from another; of None, the course's."""
    return "".join(_checksum(file) for file in files_of_model(model))


def files_of_model(model: Path | None) -> list[Path]:
    """A model's file, and its card if it has one; of None, the course's."""
    if model is None:
        return [COURSE_MODEL, COURSE_CARD]
    return [file for file in (model, card_of(model)) if file.is_file()]


def _checksum(path: Path) -> str:
    crc = 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):  # a film may be larger than memory
            crc = zlib.crc32(part, crc)
    return f"{crc:08x}"
