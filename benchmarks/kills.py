"""Trainings killed at moments drawn by lot, again and again: each must end where an undisturbed one does.

    python -m benchmarks.kills --json [--kills 40] [--seed 0]

`train` on drawn hands, 64 px, six epochs, gets SIGKILL after a time between nothing and that of a whole run; then the
same command goes on. A training that has ended must have the undisturbed one's figures in every epoch and its weights,
to the last bit; then all its kills count as resumed. Needs no data. Ten minutes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

import handseg_lib as hs
from handseg_lib.__main__ import natural, positive

from . import RESULTS

EPOCHS = 6


def train(folder: Path, seconds: float | None = None) -> bool:
    """Trains in a process of its own, or goes on; killed after so many seconds. True if it came to its end."""
    command = [sys.executable, "-m", "handseg_lib", "train", "--profile", "smoke", "--epochs", str(EPOCHS)]
    try:
        done = subprocess.run([*command, "--out", str(folder)], capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:  # subprocess.run has killed it
        return False
    if done.returncode:
        raise SystemExit(f"{folder}: exit code {done.returncode}\n{done.stderr}")
    return True


def end(folder: Path) -> tuple[list[dict], list[np.ndarray]]:
    """What a training came to: its rows without their seconds, and the weights of its best epoch."""
    rows = json.loads((folder / "state" / "history.json").read_text())["rows"]
    best = max(rows, key=lambda row: row["val_iou"])["epoch"]
    with np.load(folder / "state" / f"epoch-{best:03d}.npz") as arrays:
        weights = [arrays[name] for name in arrays.files]
    return [row | {"seconds": None} for row in rows], weights


def same(one: tuple, other: tuple) -> bool:
    """True if two trainings came to the same end, to the last bit."""
    return one[0] == other[0] and all(np.array_equal(a, b) for a, b in zip(one[1], other[1], strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=positive, default=40)
    parser.add_argument("--seed", type=natural, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rng, rows, left = np.random.default_rng(args.seed), [], args.kills
    with tempfile.TemporaryDirectory() as folder, tqdm(total=args.kills, unit="kill") as bar:
        folder = Path(folder)
        train(folder / "undisturbed")  # renders the drawn hands where nobody has yet
        begun = time.perf_counter()
        train(folder / "timed")
        whole, undisturbed = time.perf_counter() - begun, end(folder / "undisturbed")
        while left:
            here, kills = folder / f"{len(rows)}", 0
            while left and not train(here, rng.uniform(0, whole)):
                kills, left = kills + 1, left - 1
                bar.update()
            train(here)
            rows.append({"kills": kills, "resumed": kills if same(end(here), undisturbed) else 0})
    figures = {name: sum(row[name] for row in rows) for name in ("kills", "resumed")}
    figures |= {"trainings": len(rows), "epochs": EPOCHS, "seconds_undisturbed": round(whole, 1)}
    hs.machine.write_record(RESULTS / "kills.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
