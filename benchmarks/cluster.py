"""Many trainings and many photos on a Dask cluster of this machine: two workers against one, each on a core of its own.

    python -m benchmarks.cluster --json [--photos 10000]

Six drawn persons are left out in turn, in the smoke profile, by one worker, by two, and by no cluster at all, whose
report must be the same to the last bit. Then `predict` has 10,000 drawn pictures and a network of 64 px: how many a
second one worker and two do, and what memory the one who asks takes meanwhile; and a fifth of them once more, with a
worker killed in the middle. TensorFlow computes with one thread. Linux only; the machine must have nothing else to do.
Half an hour.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

import handseg_lib as hs
from handseg_lib.__main__ import positive
from handseg_lib.data.augment import recolour
from handseg_lib.data.drawn import GESTURES

from . import RESULTS

ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
QUIET = ["--no-dashboard"]


class Cluster:
    """A scheduler, and workers each of which has one core."""

    def __init__(self, folder: Path):
        self.folder, self.workers = folder, []
        file = folder / "scheduler.json"
        self.scheduler = self.begin("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", file)
        while not (file.exists() and file.read_text().endswith("\n}")):  # Dask writes it in place: wait for its end
            time.sleep(0.1)
        self.address = json.loads(file.read_text())["address"]

    def begin(self, command: str, *argv, core: int | None = None) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.{command}", *map(str, argv), *QUIET]
        cores = None if core is None else lambda: os.sched_setaffinity(0, {core})
        with open(self.folder / "log", "a") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | ONE_THREAD, preexec_fn=cores)

    def worker(self, core: int) -> subprocess.Popen:
        more = ["--nthreads", 1, "--no-nanny", "--memory-limit", 0, "--local-directory", self.folder / "local"]
        self.workers.append(self.begin("dask_worker", self.address, *more, core=core))
        return self.workers[-1]

    def end(self) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()


@contextmanager
def cluster(workers: int) -> Iterator[Cluster]:
    """One of so many workers."""
    with tempfile.TemporaryDirectory() as folder:
        made = Cluster(Path(folder))
        try:
            for core in sorted(os.sched_getaffinity(0))[:workers]:
                made.worker(core)
            yield made
        finally:
            made.end()


def asked(*argv, watch: Callable[[int, float], None] | None = None) -> tuple[dict, float]:
    """One of the library's commands in a process of its own: its figures, and its seconds.

    Args:
        argv: of the command.
        watch: called ten times a second with the process's number and the seconds since its beginning.
    """
    command = [sys.executable, "-m", "handseg_lib", *map(str, argv), "--json"]
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        with subprocess.Popen(command, stdout=out, env=os.environ | ONE_THREAD) as process:
            while process.poll() is None:
                time.sleep(0.1)
                if watch:
                    watch(process.pid, time.perf_counter() - begun)
        out.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command[:8])} ...: exit code {process.returncode}")
        return json.loads(out.read()), time.perf_counter() - begun


# Trainings


def trainings(folder: Path) -> list[dict]:
    """Leave one person out, by nobody else, by one worker and by two: seconds, and whether the report is the same."""
    hs.drawn.write(folder / "six", persons=6, gestures=GESTURES[:3], takes=1, size=128)
    command = ["evaluate", "--protocol", "lopo", "--data", folder / "six", "--profile", "smoke"]
    alone, seconds = asked(*command, "--out", folder / "alone")
    rows = [{"what": "trainings, no cluster", "seconds": seconds, "same": True}]
    for workers in (1, 2):
        with cluster(workers) as there:
            out = folder / f"lopo{workers}"
            report, seconds = asked(*command, "--out", out, "--scheduler", there.address)
        same = report == alone and all(photos(out / file.name) == photos(file) for file in folder.glob("alone/*.json"))
        rows.append({"what": f"trainings, workers: {workers}", "seconds": seconds, "same": same})
    return rows


def photos(fold: Path) -> list[dict]:
    """The scores in a fold's file; its seconds differ each time."""
    return json.loads(fold.read_text())["rows"]


# Photos


def draw(folder: Path, count: int) -> None:
    """So many drawn hands, each in a light of its own."""
    rng, hands = np.random.default_rng(0), [sample.read()[0] for sample in hs.drawn.load()[:200]]
    folder.mkdir()
    for number in range(count):
        image = recolour(hands[number % len(hands)], light=rng.uniform(-0.1, 0.1), gamma=rng.uniform(0.8, 1.25))
        Image.fromarray(image).save(folder / f"{number:06d}.jpg")


def some(folder: Path, count: int) -> Path:
    """A folder beside this one, of links to its first photos."""
    few = folder.with_name(f"{folder.name}{count}")
    few.mkdir(exist_ok=True)
    for photo in sorted(folder.iterdir())[:count]:
        if not (few / photo.name).exists():
            os.link(photo, few / photo.name)
    return few


def memory(process: int) -> float:
    """What a process holds of its own, in MB; 0 if it is over."""
    try:
        return int(re.search(r"RssAnon:\s*(\d+) kB", Path(f"/proc/{process}/status").read_text())[1]) / 1000
    except (OSError, TypeError):
        return 0


def predictions(folder: Path, count: int) -> list[dict]:
    """Predict by one worker, by two, and by two of which one is lost: photos a second, and the asker's memory."""
    draw(folder / "hands", count)
    hs.build_unet(64).save(folder / "unet.keras")
    few, rows = some(folder / "hands", count // 5), []
    for workers, kill, given in ((1, False, few), (2, False, folder / "hands"), (2, True, few)):
        out, total = folder / f"out{len(rows)}", len(list(given.iterdir()))
        with cluster(workers) as there:
            command = ["predict", "--model", folder / "unet.keras", "--scheduler", there.address]
            asked(*command, some(folder / "hands", 100), "--out", folder / f"warm{len(rows)}")  # loads the network
            held = []

            def watch(process: int, seconds: float, out=out, total=total, held=held, kill=kill, there=there) -> None:
                held.append((seconds, memory(process)))
                if kill and len(there.workers) == 2 and out.is_dir() and len(os.listdir(out)) > total:  # two of each
                    there.workers[0].kill()
                    there.worker(sorted(os.sched_getaffinity(0))[0])

            told, seconds = asked(*command, given, "--out", out, watch=watch)
        masks = [Image.open(file).size for file in out.glob("*_mask.png")]
        begin, end = (
            [mb for when, mb in held if low * seconds < when < high * seconds and mb]
            for low, high in ((0.1, 0.2), (0.9, 1))
        )
        rows.append(
            {
                "what": f"photos, workers: {workers}{', one lost' * kill}",
                "seconds": seconds,
                "photos": total,
                "a_second": total / seconds,
                "missing": total - len(set(told["hand_share"])) + total - len(masks),
                "mb_at_first": statistics.median(begin),
                "mb_at_last": statistics.median(end),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=positive, default=10_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lopo, predict = trainings(Path(folder)), predictions(Path(folder), args.photos)
    for row in lopo + predict:
        print(row, file=sys.stderr)
    figures = {
        "lopo_seconds_one": lopo[1]["seconds"],
        "lopo_seconds_two": lopo[2]["seconds"],
        "lopo_ratio": lopo[2]["seconds"] / lopo[1]["seconds"],
        "lopo_same": all(row["same"] for row in lopo),
        "photos": predict[1]["photos"],
        "photos_a_second_one": predict[0]["a_second"],
        "photos_a_second_two": predict[1]["a_second"],
        "photos_missing": sum(row["missing"] for row in predict),
        "client_mb": predict[1]["mb_at_last"],
        "client_mb_grown": predict[1]["mb_at_last"] - predict[1]["mb_at_first"],
    }
    hs.machine.write_record(RESULTS / "cluster.json", figures, lopo + predict)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
