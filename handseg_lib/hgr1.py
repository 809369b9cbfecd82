"""HGR1: 899 photos of 12 people's hands, with skin masks.

Kawulok, Kawulok, Nalepa, Smolka, "Self-adaptive algorithm for segmenting skin regions",
EURASIP J. Adv. Signal Process. 2014:170, https://doi.org/10.1186/1687-6180-2014-170.

On disk: ``original_images/<gesture>_P_hgr1_id<person>_<k>.jpg`` and ``skin_masks/<same name>.bmp``.
"""

import hashlib
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path

from platformdirs import user_cache_path

from .data import InputError, Sample

HOME = "https://sun.aei.polsl.pl/~mkawulok/gestures/"
ZIPS = ("hgr1_images.zip", "hgr1_skin.zip")
IMAGES, MASKS = "original_images", "skin_masks"
NAME = re.compile(r"(?P<gesture>[0-9A-Z]+)_P_hgr1_id(?P<person>\d+)_(?P<take>\d+)")


def load(root: str | Path | None = None) -> list[Sample]:
    """Lists the samples of HGR1, or of any data set in its layout.

    Args:
        root: a folder with ``original_images`` and ``skin_masks``, or a folder with the two official
            zips (they are unpacked once, into the user's cache). None: what the environment variable
            ``HANDSEG_HGR1`` names, else the user's cache.

    Returns:
        Samples sorted by file name.

    Raises:
        InputError: nothing is there, or a photo has no mask.
    """
    root = Path(root or os.environ.get("HANDSEG_HGR1") or cache()).expanduser()
    if not root.is_dir():
        raise InputError(f"{root}: no such folder. {WAY_OUT}")
    if not (root / IMAGES).is_dir() and all((root / name).is_file() for name in ZIPS):
        root = _unpack(root)
    return _pair(root)


def available() -> bool:
    """True if ``load()`` would find HGR1 without being told where."""
    root = Path(os.environ.get("HANDSEG_HGR1") or cache()).expanduser()
    return (root / IMAGES).is_dir() or all((root / name).is_file() for name in ZIPS)


def cache() -> Path:
    """The folder in the user's cache where HGR1 is kept."""
    return user_cache_path("handseg") / "hgr1"


WAY_OUT = (
    f"Give the folder that holds {IMAGES} and {MASKS}, or the folder with {' and '.join(ZIPS)} from {HOME}, "
    "as the argument or in HANDSEG_HGR1; without HGR1, handseg_lib.drawn has hands of its own."
)


def _pair(root: Path) -> list[Sample]:
    photos = sorted(p for p in (root / IMAGES).glob("*") if p.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not photos:
        raise InputError(f"{root}: no photos in {IMAGES}. {WAY_OUT}")
    masks = {p.stem: p for p in (root / MASKS).glob("*.bmp")}
    samples = []
    for photo in photos:
        name = NAME.fullmatch(photo.stem)
        if name is None:
            raise InputError(f"{photo}: not a name like A_P_hgr1_id01_1.jpg. Rename the photo, or move it away.")
        if photo.stem not in masks:
            raise InputError(f"{photo}: no mask {root / MASKS / photo.stem}.bmp. Add the mask, or move the photo away.")
        samples.append(Sample(photo, masks[photo.stem], name["person"], name["gesture"]))
    return samples


def _unpack(root: Path) -> Path:
    """Unpacks the two zips into the cache, once; a killed run leaves nothing that later loads."""
    zips = [root / name for name in ZIPS]
    key = hashlib.sha256("".join(f"{z.resolve()} {z.stat().st_size} {z.stat().st_mtime_ns}" for z in zips).encode())
    target = cache().with_name(f"hgr1-{key.hexdigest()[:12]}")
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix="unpacking-", dir=target.parent))
    try:
        for path in zips:
            _extract(path, part)
        try:
            part.rename(target)
        except OSError:  # another process was faster; its copy is as good
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _extract(path: Path, into: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                folder, _, name = member.filename.rpartition("/")
                if folder in (IMAGES, MASKS) and NAME.match(name):  # so no path can leave the folder
                    (into / folder).mkdir(exist_ok=True)
                    (into / folder / name).write_bytes(archive.read(member))
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:  # all that damage can raise
        raise InputError(f"{path}: not a whole zip ({error}). Download it again from {HOME}") from None
