"""The same small job with this library and with its nearest peer: lines to write, and seconds on the same pairs.

    python -m benchmarks.peers --json

Each script in `same_job/` takes a folder of drawn hands and their masks, trains a U-Net on a ResNet50 for two epochs at
224 px on ten persons, with another to validate, scores a twelfth, and says so. Each runs twice, in turns, in a process
of its own; the faster run counts, import included. Needs torch, torchvision and segmentation_models_pytorch (in
PYTHONPATH will do). Nothing is fetched here: the peer's encoder begins from random weights, which changes its score and
not its seconds, so scores are not kept.
"""

import argparse
import ast
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import handseg_lib as hs

from . import RESULTS

SCRIPTS = Path(__file__).parent / "same_job"
NAMES = {"ours.py": "handseg_lib", "smp.py": "segmentation_models.pytorch"}
TURNS = 2


def write_pairs(folder: Path) -> int:
    """Drawn hands as photos and white masks, person first in their names; how many there are."""
    for part in ("photos", "masks"):
        (folder / part).mkdir()
    samples = hs.drawn.load(takes=1)
    for sample in samples:
        image, mask = sample.read()
        name = f"{sample.person}_{sample.image.stem}"
        Image.fromarray(image).save(folder / "photos" / f"{name}.jpg", quality=95)
        Image.fromarray(mask * np.uint8(255)).save(folder / "masks" / f"{name}.png")
    return len(samples)


def lines(script: Path) -> int:
    """Its lines of code: those that are neither empty, nor a comment, nor the text on top."""
    text = script.read_text("utf-8")
    top = ast.parse(text).body[0].end_lineno
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in text.split("\n")[top:])


def seconds(script: Path, folder: Path) -> float:
    """How long it runs there, from its start to its end."""
    place = os.pathsep.join([str(SCRIPTS.parents[1]), os.environ.get("PYTHONPATH", "")])
    start = time.perf_counter()
    subprocess.run([sys.executable, script], cwd=folder, env=os.environ | {"PYTHONPATH": place}, check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="write results/peers.json")
    args = parser.parse_args()
    if missing := [name for name in ("torch", "segmentation_models_pytorch") if not importlib.util.find_spec(name)]:
        raise SystemExit(f"benchmarks.peers: {' and '.join(missing)} cannot be imported. Put them into PYTHONPATH.")
    load_before = os.getloadavg()[0]
    with TemporaryDirectory() as place:
        photos = write_pairs(Path(place))
        turns = [{script: seconds(SCRIPTS / script, Path(place)) for script in NAMES} for _ in range(TURNS)]
    best = {script: min(turn[script] for turn in turns) for script in NAMES}
    rows = [
        {"peer": name, "lines": lines(SCRIPTS / script), "seconds": round(best[script], 1)}
        for script, name in NAMES.items()
    ]
    figures = {
        "photos": photos,
        "size": 224,
        "epochs": 2,
        "times_ours": round(best["smp.py"] / best["ours.py"], 2),
        "load_before": round(load_before, 2),
    }
    print(json.dumps({"figures": figures, "rows": rows}, indent=1))
    if args.json:
        hs.machine.write_record(RESULTS / "peers.json", figures, rows)


if __name__ == "__main__":
    main()
