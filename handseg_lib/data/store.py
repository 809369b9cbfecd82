"""A store: photos and masks in a few large files, for data sets that do not fit into memory.

`write` reads each photo once, squashes it to the network's size and puts it, with its mask, into a file of many: a
shard. `Batches(store=folder)` then reads from there what it needs for a batch. A store has its price: as the photos
are not compressed, each takes 4 bytes a pixel on the disk. What it buys: nothing is decoded twice, the process holds
no more than a batch, and a million photos are some two hundred files, which any file system can open and copy.

A shard is one of NumPy's files, and can be looked into without this library::

    shard = np.load(folder / "shard-0000.npy", mmap_mode="r")
    shard["photo"][7], shard["mask"][7]
"""

import hashlib
import os
import threading
import weakref
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..resume import alone_in, damaged, insist_on, made_beside, read_kept, write_kept
from .augment import resize
from .gate import InputError, as_path, whole
from .samples import Sample, as_samples, insist_on_skin

INDEX = "store.json"  # what is in the folder; it says of a shard only once that is whole
SHARD_BYTES = 2**30  # few files, and yet a kill costs no more than one of them


def write(samples: Iterable[Sample], folder: str | Path, size: int = 224) -> Path:
    """Writes a store, from which ``Batches(store=folder)`` reads.

    If it is killed, call it again with the same arguments: it goes on with the first shard that is not whole.

    Args:
        samples: what to read.
        folder: where the store goes; made if it is not there.
        size: side of the square photos in pixels.

    Returns:
        The folder.

    Raises:
        InputError: there are no samples, one cannot be read, or the folder holds a store of other photos or another
            size, or cannot be written.
    """
    samples, size = as_samples(samples, "write a store of"), whole("size", size, 1, 2048, such_as=224)
    folder = as_path("folder", folder, "Give the path of a folder.")
    people = sorted({(str(sample.image.parent), sample.person) for sample in samples})
    recipe = {"size": size, "photos": len(samples), "made_of": _made_of(samples), "people": [*map(list, people)]}
    rows = max(1, SHARD_BYTES // _kind(size).itemsize)
    with alone_in(folder):
        shards = _whole_shards(folder, recipe)
        write_kept(folder / INDEX, recipe | {"shards": shards})  # whoever looks now finds it half-written
        begin = sum(shard["photos"] for shard in shards)
        with tqdm(total=len(samples), initial=begin, desc="store", unit="photo", delay=1) as bar:
            for start in range(begin, len(samples), rows):
                shards.append(_write_shard(folder, len(shards), samples[start : start + rows], size, bar))
                if start + rows >= len(samples):
                    insist_on_skin(samples, (shard["skin"] for shard in shards))
                write_kept(folder / INDEX, recipe | {"shards": shards})
    return folder


def check(folder: str | Path) -> None:
    """Reads the whole of a store, as is wise after it was copied.

    Raises:
        InputError: it is no whole store, or a shard in it is not as it was written.
    """
    folder = Store(folder).folder
    for shard in read_kept(folder / INDEX)["shards"]:
        with open(folder / shard["file"], "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != shard["sha256"]:
                raise _not_whole(folder / shard["file"], "it is not as it was written")


class Store:
    """What `write` left in a folder: ``store[k]`` reads photo k and its mask from the disk.

    Args:
        folder: of the store.

    Attributes:
        size: side of the square photos in pixels.
        people: whose photos they are, ``(folder of the photos, person)``.
        digest: a checksum of all photos and masks, uint8 (32,).

    Raises:
        InputError: there is no store, it is half-written, or a file of it is missing or damaged.
    """

    def __init__(self, folder: str | Path):
        self.folder = as_path("store", folder, "Give the path of a folder that hs.store.write has made.")
        index = self.folder / INDEX
        if not index.is_file():
            raise InputError(f"{folder}: there is no store in it. Make one: hs.store.write(samples, folder, size).")
        record = read_kept(index)
        try:
            self.size, self.people = record["size"], {tuple(who) for who in record["people"]}
            wanted, shards = record["photos"], [(s["file"], s["photos"], s["sha256"]) for s in record["shards"]]
        except (KeyError, TypeError):
            raise damaged(index, "it is not of a store") from None
        self._starts = np.cumsum([0] + [photos for _, photos, _ in shards])
        if len(self) < wanted:
            raise InputError(
                f"{folder}: this store is half-written, with {len(self)} of {wanted} photos. Call hs.store.write with "
                "the same samples, folder and size again: it goes on from there."
            )
        self.digest = np.frombuffer(hashlib.sha256("".join(sha for _, _, sha in shards).encode()).digest(), np.uint8)
        self._kind, self._lock = _kind(self.size), threading.Lock()
        self._data = [_begin_of_data(self.folder / file, photos, self._kind) for file, photos, _ in shards]
        binary = getattr(os, "O_BINARY", 0)  # Windows would take some bytes for the end of a line
        self._files = [os.open(self.folder / file, os.O_RDONLY | binary) for file, _, _ in shards]
        weakref.finalize(self, _close, self._files)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Reads photo k, uint8 (size, size, 3) RGB, and its mask, uint8 (size, size) of {0, 1}; from any thread."""
        if not 0 <= k < len(self):
            raise IndexError(f"photo {k} of {len(self)}")
        shard = int(np.searchsorted(self._starts, k, side="right")) - 1
        start = self._data[shard] + int(k - self._starts[shard]) * self._kind.itemsize
        # not np.memmap: what has been read would count as this process's memory until the system wants it back
        raw = self._read(self._files[shard], start)
        if len(raw) < self._kind.itemsize:
            raise InputError(f"{self.folder}: the store has become shorter since it was opened. Write it anew.")
        pair = np.frombuffer(bytearray(raw), self._kind)[0]
        return pair["photo"], pair["mask"]

    def _read(self, file: int, start: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(file, self._kind.itemsize, start)
        with self._lock:  # on Windows a file has one place where it is read, whatever the thread
            os.lseek(file, start, os.SEEK_SET)
            return os.read(file, self._kind.itemsize)


def _kind(size: int) -> np.dtype:
    """A photo with its mask as bytes, one after the other, so that both come with one look at the disk."""
    return np.dtype([("photo", np.uint8, (size, size, 3)), ("mask", np.uint8, (size, size))])


def _made_of(samples: Sequence[Sample]) -> str:
    """A checksum of the files' names, lengths and dates, for reading a million of them takes hours."""
    crc = 0
    for sample in samples:
        for path in (sample.image, sample.mask):
            with suppress(OSError):  # where one is missing, reading it says so
                stat = path.stat()
                label = f"{path} {sample.person} {sample.skin} {stat.st_size} {stat.st_mtime_ns}"
                crc = zlib.crc32(label.encode(errors="surrogateescape"), crc)
    return f"{crc:08x}"


def _whole_shards(folder: Path, recipe: dict) -> list[dict]:
    """The shards that an earlier run has written whole, if it was to write the same."""
    index = folder / INDEX
    if not index.exists():
        return []
    record = read_kept(index)
    if not record.get("shards"):  # killed in its first: nothing is lost if another store takes its place
        return []
    try:
        insist_on(recipe, record, folder)
    except InputError:
        raise InputError(
            f"{folder}: there is a store of other photos or of another size in it ({record.get('photos')} photos of "
            f"{record.get('size')} px). Give another folder, or delete it."
        ) from None
    return record["shards"]


def _write_shard(folder: Path, number: int, samples: Sequence[Sample], size: int, bar: tqdm) -> dict:
    """Writes a shard, photo by photo, and returns what the index says of it."""
    path, kind, digest, skin = folder / f"shard-{number:04d}.npy", _kind(size), hashlib.sha256(), False
    pair = np.zeros((), kind)
    with made_beside(path) as part, open(part, "wb+") as file:
        header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": (len(samples),)}
        np.lib.format.write_array_header_1_0(file, header)
        file.seek(0)
        digest.update(file.read())
        for sample in samples:
            pair["photo"], pair["mask"] = resize(*sample.read(), size)
            digest.update(pair.tobytes())
            file.write(pair.tobytes())
            skin = skin or bool(pair["mask"].any())
            bar.update()
    return {"file": path.name, "photos": len(samples), "skin": skin, "sha256": digest.hexdigest()}


def _begin_of_data(path: Path, photos: int, kind: np.dtype) -> int:
    """At which byte of a shard the first photo is."""
    try:
        shard = np.load(path, mmap_mode="r")
    except FileNotFoundError:
        raise _not_whole(path, "it is missing") from None
    except (OSError, ValueError, EOFError):
        raise _not_whole(path, "it is not whole") from None
    if getattr(shard, "shape", None) != (photos,) or shard.dtype != kind:
        raise _not_whole(path, "it has other photos in it")
    return shard.offset


def _not_whole(file: Path, reason: str) -> InputError:
    return InputError(f"{file.parent}: this store is damaged ({file.name}: {reason}). Copy it again, or write it anew.")


def _close(files: list[int]) -> None:
    for file in files:
        os.close(file)
