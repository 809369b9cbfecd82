"""The office set: 60 photos of one man's hands in offices, to judge by what a network makes of rooms it never saw.

From the "Image database of a human and iCub robot performing finger-counting" of the EPSRC NUMBERS Project. The hands
were photographed elsewhere and laid over photos of offices, some with other people in them. Not to train on.

On disk: ``images/<count>_<k>.jpg``, 640 x 480, 12 of each count from one to five, and ``masks/<same name>.png``, 8 bits
with soft edges, in which white, from 128 on, is hand.
"""

import os
import re
import shutil
from pathlib import Path

from platformdirs import user_cache_path
from tqdm import tqdm

from .archives import MAKE_ROOM, download, hold_to_list, made_whole, read_list, sha256
from .gate import InputError, as_path
from .samples import Sample, pair

REPOSITORY = "EPSRC-NUMBERS/Human-Robot_Finger-Counting_Dataset"
COMMIT = "94e7f61a848bcc85035fe91b6592c73d08abdccb"
FOLDER = "Example_Datasets/Human_Fingers_1000_200_200/training_set/silhouettes"  # photos and masks in one
HOME = f"https://raw.githubusercontent.com/{REPOSITORY}/{COMMIT}/{FOLDER}/"
PAGE = f"https://github.com/{REPOSITORY}/tree/{COMMIT}/{FOLDER}"
LICENCE = (
    'CC BY-SA 4.0, https://creativecommons.org/licenses/by-sa/4.0/: 60 photos and masks of the "Image database of a '
    f'human and iCub robot performing finger-counting" by the EPSRC NUMBERS Project, https://github.com/{REPOSITORY}'
)
IMAGES, MASKS = "images", "masks"
FILE = re.compile(rf"({IMAGES}|{MASKS})/[^.].*")
MAX_BYTES = 1_000_000  # the largest photo has 140 kB; a file with more than this is something else
LIST = Path(__file__).parents[1] / "assets" / "rooms_sha256.txt"  # as sha256sum -c reads it


def load(root: str | Path | None = None) -> list[Sample]:
    """Lists the samples of the office set.

    Args:
        root: a folder with ``images`` and ``masks``. None: what the environment variable ``HANDSEG_ROOMS`` names,
            else the user's cache.

    Returns:
        Samples sorted by file name; the gesture is the count, ``"one"`` to ``"five"``. All are of one person.

    Raises:
        InputError: nothing is there, or a photo or a mask has no partner.
    """
    root = as_path("root", os.environ.get("HANDSEG_ROOMS") or cache() if root is None else root)
    root = Path(os.path.expanduser(root))
    for folder in (IMAGES, MASKS):
        if not (root / folder).is_dir():
            raise InputError(f"{root / folder}: no such folder. {WAY_OUT}")
    return pair(root / IMAGES, root / MASKS, gesture=r"^[^_]+", skin="white")


def fetch(base_url: str = HOME, timeout: float = 30, retries: int = 2) -> Path:
    """Brings the office set, 5 MB, into the user's cache, where ``load()`` finds it. ``LICENCE`` are its terms.

    The 120 files come one by one. A fetch that was interrupted, or whose server gave up, goes on with what is missing.

    Args:
        base_url: the folder that has them, photos and masks side by side; a copy in the classroom will do, for every
            file is held against its SHA-256.
        timeout: seconds without a byte, after which the server counts as stalled.
        retries: how often to start a file again.

    Returns:
        The folder with ``images`` and ``masks``.

    Raises:
        InputError: a file did not come or is another one, or there is no room for them.
    """
    target, listed = cache(), read_list(LIST)
    if target.exists():
        hold_to_list(target, listed, FILE, str(target), "Move this folder away, and fetch again.")
        return target
    came = target.with_name("rooms-files")  # not in the cache's folder itself, where load() would find a part of them
    with made_whole(target, f"{MAKE_ROOM} {WAY_OUT}") as part, tqdm(listed.items(), unit="file", delay=1) as files:
        for name, digest in files:
            path = came / Path(name).name
            download(base_url, path, MAX_BYTES, timeout, retries, BY_HAND)
            if sha256(path) != digest:
                path.unlink(missing_ok=True)
                raise InputError(f"{path}: another file came from {base_url}, and was removed. {BY_HAND}")
            (part / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, part / name)
    shutil.rmtree(came, ignore_errors=True)
    return target


def cache() -> Path:
    """The folder in the user's cache where the office set is kept."""
    return user_cache_path("handseg") / "rooms"


WAY_OUT = (
    f"Bring the office set with: python -m handseg_lib fetch rooms. Or give the folder that holds its {IMAGES} and "
    f"{MASKS}, as the argument or in HANDSEG_ROOMS."
)
BY_HAND = (
    f"What has come is kept: fetch again. Or take the files that {LIST.name} lists from {PAGE} by hand, and let "
    f"HANDSEG_ROOMS name the folder that holds {IMAGES} and {MASKS}."
)
