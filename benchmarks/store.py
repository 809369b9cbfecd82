"""Many photos: loose files, a store and memory, measured with 100,000 small drawn pictures.

    python -m benchmarks.store --json [--photos 100000] [--folder DIR]

The pictures are a few hundred drawn hands, each shifted by other amounts, so that no two files are alike and making
them takes a minute. They are written as loose files (a JPEG and a 1-bit mask each) and as a store. Then:

- how many a second are opened and read, in an order drawn by chance: once as the system has them in memory, and once
  after it was asked to forget them, as it must where there are more photos than memory;
- milliseconds a photo of augmented batches, from the store and from memory in turns, and from loose files;
- by how much a process's memory grows while it reads the whole store, files mapped into it counted as well;
- how all that grows with photos and with pixels.

One core augments. The folder needs 5 GB, and is emptied at the end. Memory is measured on Linux only.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import handseg_lib as hs
from handseg_lib.data.augment import resize
from handseg_lib.data.store import Store

from . import RESULTS

SIZE, BATCH = 96, 16
SIZES = 64, 96, 128, 224
READ = 4000  # photos that are read to time reading
IN_MEMORY = 20_000  # photos that memory takes here; all 100,000 would be 3.7 GB


@dataclass
class Drawn:
    """A drawn hand, shifted: a sample that needs not be decoded, with its loose files."""

    image: Path
    mask: Path
    pair: tuple[np.ndarray, np.ndarray]
    shift: int
    person: str = "01"
    gesture: str = "A"
    skin: str = "black"

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        return tuple(np.roll(array, self.shift, axis=(0, 1)) for array in self.pair)

    def write(self) -> None:
        image, mask = self.read()
        Image.fromarray(image).save(self.image, quality=95)
        Image.fromarray(mask == 0).save(self.mask)

    def loose(self) -> hs.Sample:
        return hs.Sample(self.image, self.mask, self.person, self.gesture)


def drawn(folder: Path, photos: int) -> list[Drawn]:
    """So many samples; their loose files are not written yet."""
    pairs = [resize(*sample.read(), SIZE) for sample in hs.drawn.load()]
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    return [
        Drawn(folder / f"images/{k:06d}.jpg", folder / f"masks/{k:06d}.bmp", pairs[k % len(pairs)], k // len(pairs))
        for k in range(photos)
    ]


def timed(run, *args) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    run(*args)
    return time.perf_counter() - start


def each(function, items) -> None:
    """Calls a function with each of some items."""
    for item in items:
        function(item)


def forget(paths: list[Path]) -> None:
    """Asks the system to drop what it has of these files in memory. (Their names it may keep.)"""
    for path in paths:
        file = os.open(path, os.O_RDONLY)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


def reading(samples: list[Drawn], folder: Path) -> dict:
    """Photos a second from loose files, two of them each, and from the store; nothing is decoded or augmented."""
    store, rng, found = Store(folder), np.random.default_rng(0), {}
    for name in ("warm", "cold"):
        some = rng.choice(len(samples), min(READ, len(samples)), replace=False)
        files = [path for k in some for path in (samples[k].image, samples[k].mask)]
        if name == "warm":
            each(Path.read_bytes, files), each(store.__getitem__, some)
        else:
            os.sync()
            forget(files), forget(list(folder.glob("shard-*")))
        found[f"{name}_files_per_second"] = len(files) / timed(each, Path.read_bytes, files)
        found[f"{name}_store_photos_per_second"] = len(some) / timed(each, store.__getitem__, some)
    return found


def in_turns(*all_batches: hs.Batches, batches: int) -> list[float]:
    """Milliseconds a photo of each, their batches made in turns, so that what else the machine does hits them alike."""
    times = np.zeros((len(all_batches), batches))
    for index in range(batches):
        for number, made in enumerate(all_batches):
            times[number, index] = timed(made.__getitem__, index % len(made))
    return [1000 * float(np.median(own)) / BATCH for own in times]


def memory_mb(field: str = "VmRSS") -> float:
    """This process's memory now, or with VmHWM at its most: all of it, shared libraries and mapped files as well."""
    return int(re.search(rf"{field}:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def resident(folder: Path) -> dict:
    """What batches from a store add to a process that reads each photo of it once, in an order drawn by chance."""
    import keras  # noqa: F401  what it takes is not the store's

    tiny = hs.Batches([hs.drawn.load()[0]], 16, augment=lambda image, mask, rng: (image, mask))
    tiny[0]
    before = memory_mb()
    start = time.perf_counter()
    batches = hs.Batches(store=folder, batch_size=BATCH, augment=lambda image, mask, rng: (image, mask))
    opened = time.perf_counter() - start
    for _ in batches:
        pass
    return {"resident_mb": memory_mb("VmHWM") - before, "process_mb": memory_mb("VmHWM"), "open_seconds": opened}


def apart(function, *args):
    """Calls a function in a process of its own, which holds nothing yet."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *args).result()


def by_photos(samples: list[Drawn], folder: Path) -> list[dict]:
    """A row for each tenfold number of photos: what writing, opening and holding a store of them takes."""
    counts = [count for count in (len(samples) // 100, len(samples) // 10) if count] + [len(samples)]
    rows = []
    for count in counts:
        place = folder / f"store-{count}"
        seconds = timed(hs.store.write, samples[:count], place, SIZE)
        rows.append({"growth": f"{count} photos", "photos": count, "write_seconds": seconds} | apart(resident, place))
        rows[-1]["store_gb"] = sum(file.stat().st_size for file in place.iterdir()) / 1e9
    return rows


def by_pixels(folder: Path) -> list[dict]:
    """A row for each size: milliseconds a photo to augment, from memory and from a store."""
    samples, rows = hs.drawn.load()[:256], []
    for size in SIZES:
        place = hs.store.write(samples, folder / f"size-{size}", size)
        memory, store = hs.Batches(samples, size, BATCH, True), hs.Batches(store=place, batch_size=BATCH, augment=True)
        ram_ms, store_ms = in_turns(memory, store, batches=48)
        rows.append({"growth": f"{size} px", "pixels": size * size, "ram_ms": ram_ms, "store_ms": store_ms})
        rows[-1]["kb_per_photo"] = 4 * size * size / 1000
    return rows


def figures_of(samples: list[Drawn], folder: Path) -> tuple[dict, list[dict]]:
    """All that is measured."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Drawn.write, samples))
    photos, pixels = by_photos(samples, folder), by_pixels(folder)
    store = folder / f"store-{len(samples)}"
    files = [path.stat() for sample in samples for path in (sample.image, sample.mask)]
    loose = [sample.loose() for sample in samples[:1000]]
    memory = hs.Batches(samples[:IN_MEMORY], SIZE, BATCH, True)
    disk = hs.Batches(store=store, batch_size=BATCH, augment=True)
    ram_ms, store_ms = in_turns(memory, disk, batches=READ // BATCH)
    decode = 1000 * timed(each, lambda sample: resize(*sample.read(), SIZE), loose) / len(loose)
    slope, fixed = np.polyfit([row["pixels"] / 1e6 for row in pixels], [row["ram_ms"] for row in pixels], 1)
    largest = photos[-1]
    figures = {
        "photos": len(samples),
        "size": SIZE,
        "loose_files": len(files),
        "loose_gb": sum(file.st_size for file in files) / 1e9,
        "loose_gb_on_disk": sum(512 * file.st_blocks for file in files) / 1e9,
        "store_files": len(list(store.iterdir())),
        "store_gb": largest["store_gb"],
        "ram_gb": len(samples) * 4 * SIZE * SIZE / 1e9,
        **reading(samples, store),
        "ram_ms": ram_ms,
        "store_ms": store_ms,
        "loose_ms": ram_ms + decode,
        "decode_ms": decode,
        "ratio_ram": store_ms / ram_ms,
        "ratio_loose": (ram_ms + decode) / store_ms,
        "write_ms": 1000 * timed(hs.store.write, loose, folder / "decoded", SIZE) / len(loose),
        "resident_mb": largest["resident_mb"],
        "process_mb": largest["process_mb"],
        "open_seconds": largest["open_seconds"],
        "ms_per_megapixel": float(slope),
        "ms_fixed": float(fixed),
    }
    return figures, photos + pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where there is room (default: the system's for temporary files)")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    cv2.setNumThreads(0)
    with tempfile.TemporaryDirectory(prefix="handseg-store-", dir=args.folder) as place:
        if shutil.disk_usage(place).free < 55_000 * args.photos + 1e8:
            sys.exit(f"{place}: there is no room for {args.photos} photos. Give --folder on another disk.")
        figures, rows = figures_of(drawn(Path(place), args.photos), Path(place))
    hs.machine.write_record(RESULTS / "store.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
