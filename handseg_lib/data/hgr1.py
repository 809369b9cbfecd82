"""HGR1: 899 photos of 12 people's hands, with skin masks.

Kawulok, Kawulok, Nalepa, Smolka, "Self-adaptive algorithm for segmenting skin regions",
EURASIP J. Adv. Signal Process. 2014:170, https://doi.org/10.1186/1687-6180-2014-170.

On disk: ``original_images/<gesture>_P_hgr1_id<person>_<k>.jpg`` and ``skin_masks/<same name>.bmp``.
"""

import hashlib
import os
import re
import shutil
from pathlib import Path

from platformdirs import user_cache_path

from .archives import MAKE_ROOM, download, hold_to_list, made_whole, read_list, unpack, unpacked
from .folders import by_stem
from .gate import InputError, as_path
from .samples import Sample

HOME = "https://sun.aei.polsl.pl/~mkawulok/gestures/"
ZIPS = ("hgr1_images.zip", "hgr1_skin.zip")
IMAGES, MASKS = "original_images", "skin_masks"
NAME = re.compile(r"(?P<gesture>[0-9A-Z]+)_P_hgr1_id(?P<person>\d+)_(?P<take>\d+)")
MEMBER = re.compile(rf"({IMAGES}|{MASKS})/{NAME.pattern}\.\w+")  # what is taken out of a zip
MAX_BYTES = 500_000_000  # HGR1 has 81 MB; an archive with more than this is something else
LIST = Path(__file__).parents[1] / "assets" / "hgr1_sha256.txt"  # as sha256sum -c reads it


def load(root: str | Path | None = None) -> list[Sample]:
    """Lists the samples of HGR1, or of any data set in its layout.

    Args:
        root: a folder with ``original_images`` and ``skin_masks``, or a folder with the two official
            zips (they are unpacked once, into the user's cache). None: what the environment variable
            ``HANDSEG_HGR1`` names, else the user's cache.

    Returns:
        Samples sorted by file name.

    Raises:
        InputError: nothing is there, a photo has no mask, two files have the same stem, or one person two numbers.
    """
    if root is None and os.environ.get("HANDSEG_HGR1") == "none":
        raise InputError("HANDSEG_HGR1=none: HGR1 is not wanted, and this needs it. Unset it, or use drawn hands.")
    root = as_path("root", os.environ.get("HANDSEG_HGR1") or cache() if root is None else root)
    root = Path(os.path.expanduser(root))
    if not root.is_dir():
        raise InputError(f"{root}: no such folder. {WAY_OUT}")
    if not (root / IMAGES).is_dir() and all((root / name).is_file() for name in ZIPS):
        root = _unpack(root)
    return _pair(root)


def fetch(base_url: str = HOME, timeout: float = 30, retries: int = 2) -> Path:
    """Brings HGR1 into the user's cache, where ``load()`` finds it. What is there already is not fetched again.

    A fetch that was interrupted keeps the archives that had come, and starts the other ones again.

    Args:
        base_url: where the two zips are; a copy in the classroom will do, for every file is held against its SHA-256.
        timeout: seconds without a byte, after which the server counts as stalled.
        retries: how often to start a download again.

    Returns:
        The folder with ``original_images`` and ``skin_masks``.

    Raises:
        InputError: the archives did not come, are not HGR1's, or there is no room for them.
    """
    target = cache()
    if target.exists():
        _refuse_faults(target, (IMAGES, MASKS), str(target), "Move this folder away, and fetch again.")
        return target
    zips = target.with_name("hgr1-zips")  # not in the cache's folder itself, where load() would find them unchecked
    with made_whole(target, f"{MAKE_ROOM} {BY_HAND}") as part:
        for name, folder in zip(ZIPS, (IMAGES, MASKS)):
            path = zips / name
            download(base_url, path, MAX_BYTES, timeout, retries, BY_HAND)
            try:
                unpack(path, part, MEMBER, MAX_BYTES, f"It was removed. {BY_HAND}")
                _refuse_faults(part, (folder,), str(path), f"It was removed. {BY_HAND}")
            except InputError:
                path.unlink(missing_ok=True)
                raise
    shutil.rmtree(zips, ignore_errors=True)
    return target


def available() -> bool:
    """True if ``load()`` would find HGR1 without being told where."""
    root = Path(os.path.expanduser(os.environ.get("HANDSEG_HGR1") or cache()))
    return (root / IMAGES).is_dir() or all((root / name).is_file() for name in ZIPS)


def wanted() -> bool:
    """True if HGR1 is to be used where no folder is given: it is here, or ``HANDSEG_HGR1`` says that it should be.

    ``HANDSEG_HGR1=none`` says that it should not, wherever it is.
    """
    named = os.environ.get("HANDSEG_HGR1")
    return named != "none" if named else available()


def cache() -> Path:
    """The folder in the user's cache where HGR1 is kept."""
    return user_cache_path("handseg") / "hgr1"


WAY_OUT = (
    f"Bring HGR1 with: python -m handseg_lib fetch. Or give the folder that holds {IMAGES} and {MASKS}, or the folder "
    f"with {' and '.join(ZIPS)} from {HOME}, as the argument or in HANDSEG_HGR1; without HGR1, handseg_lib.drawn has "
    "hands of its own."
)
BY_HAND = (
    f"Or download {' and '.join(ZIPS)} from {HOME} by hand, and let HANDSEG_HGR1 name the folder that holds them, or "
    f"that holds {IMAGES} and {MASKS}."
)


def _pair(root: Path) -> list[Sample]:
    photos, masks = (
        by_stem(root / folder, suffixes) if (root / folder).is_dir() else {}
        for folder, suffixes in ((IMAGES, {".jpg", ".jpeg", ".png"}), (MASKS, {".bmp"}))
    )
    if not photos:
        raise InputError(f"{root}: no photos in {IMAGES}. {WAY_OUT}")
    samples, written = [], {}
    for photo in photos.values():
        name = NAME.fullmatch(photo.stem)
        if name is None:
            raise InputError(f"{photo}: not a name like A_P_hgr1_id01_1.jpg. Rename the photo, or move it away.")
        if photo.stem not in masks:
            raise InputError(f"{photo}: no mask {root / MASKS / photo.stem}.bmp. Add the mask, or move the photo away.")
        other = written.setdefault(int(name["person"]), photo)
        if (number := NAME.fullmatch(other.stem)["person"]) != name["person"]:
            raise InputError(
                f"{photo}: person {name['person']} is person {number} of {other.name}, and would count as another. "
                "Write the number of a person in one way."
            )
        samples.append(Sample(photo, masks[photo.stem], name["person"], name["gesture"]))
    return samples


def _unpack(root: Path) -> Path:
    """Unpacks the two zips of a folder into the cache, once. They may be copies of the user's own making."""
    zips = [root / name for name in ZIPS]
    key = "".join(f"{z.resolve()} {z.stat().st_size} {z.stat().st_mtime_ns}" for z in zips)
    digest = hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()  # a folder's name may be any bytes
    target = cache().with_name(f"hgr1-{digest[:12]}")
    if target.is_dir():
        if not all(unpacked(path, target, MEMBER) for path in zips):
            raise InputError(f"{target}: files in it were lost or cut off. Remove it: it is made anew of the zips.")
    else:
        with made_whole(target, f"Or unpack the zips yourself. {WAY_OUT}") as part:
            for path in zips:
                unpack(path, part, MEMBER, MAX_BYTES, f"Download it again from {HOME}, or give a folder of photos.")
    return target


def _refuse_faults(root: Path, folders: tuple[str, ...], where: str, way_out: str) -> None:
    """Holds every file against the list: none may be missing, none other, none more."""
    listed = {name: digest for name, digest in read_list(LIST).items() if name.startswith(folders)}
    hold_to_list(root, listed, MEMBER, where, way_out)
