"""What each part of the recipe that leaves the laboratory is worth, one training for each part left out.

    python -m benchmarks.rooms_ablation --json [--run runs/rooms_ablation]

Small trainings, so that all of them take half an hour on two cores: 128 pixels, every second photo of HGR1's training
persons, six epochs. Scored on every second photo of the validation persons and on the office set, in colour and in grey,
and on pictures without a hand; never on test persons. A killed run goes on. One training each, so differences of a
point or two may be chance. Needs HGR1 and the office set.
"""

import argparse
import json
import multiprocessing
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import keras
from tqdm import tqdm

import handseg_lib as hs
from handseg_lib.data import drawn_rooms
from handseg_lib.data.augment import Augmentation
from handseg_lib.data.elsewhere import Elsewhere
from handseg_lib.resume import end_with_parent, write_whole

from . import RESULTS
from .rooms import NO_HANDS, false_hand, greyed, hands

SIZE, BATCH, EPOCHS, ROOMS = 128, 16, 6, 200
# What each training has of its own: settings of ``Elsewhere``, or None for the laboratory's augmentation; and whether
# drawn persons' hands are among the photos.
VARIANTS: dict[str, tuple[dict | None, bool]] = {
    "the recipe": ({}, True),
    "the laboratory's": (None, False),
    "without drawn persons among the photos": ({}, False),
    "without other rooms": ({"room": 0}, True),
    "without people in the hand's skin": ({"person": 0}, True),
    "without decoys": ({"decoy": 0}, True),
    "without empty rooms": ({"empty": 0}, True),
    "without uneven light": ({"shade": 0}, True),
    "without grey photos": ({"grey": 0}, True),
}


def score(name: str) -> dict:
    """One training and its scores."""
    how, with_drawn = VARIANTS[name]
    split = hs.split_by_person(hs.hgr1.load())
    samples = split.train[::2] + (hs.drawn.load(takes=1)[::2] if with_drawn else [])
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(hs.machine.fast_dtype())
    augment = Augmentation() if how is None else Elsewhere(drawn_rooms.scenes(ROOMS, SIZE), **how)
    model = hs.build_unet(SIZE)
    val = hs.Batches(split.val[::4], SIZE, BATCH)
    hs.fit(model, hs.Batches(samples, SIZE, BATCH, augment=augment), val, EPOCHS, patience=EPOCHS)
    predictor, office = hs.Predictor(model), hs.rooms.load()
    scored = {
        "val": split.val,
        "val_grey": map(greyed, split.val),
        "office": office,
        "office_grey": map(greyed, office),
    }
    found = {key: hands(predictor, list(samples)) for key, samples in scored.items()}
    row = {"variant": name, "photos": len(samples)} | {f"{key}_iou": each["iou"] for key, each in found.items()}
    row |= {f"office_{key}": found["office"][key] for key in ("recall", "precision")}
    return row | {f"false_hand_{key}": false_hand(predictor, photos()) for key, (_, photos) in NO_HANDS.items()}


def kept(run: Path, name: str) -> Path:
    """The file of one training's scores."""
    return run / f"{re.sub('[^a-z0-9]+', '_', name.lower())}.json"


def train(run: Path, name: str) -> None:
    """One training, to its file."""
    write_whole(kept(run, name), json.dumps(score(name)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/rooms_ablation"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        hs.rooms.load(), hs.hgr1.load()
    except hs.InputError as error:
        raise SystemExit(f"benchmarks.rooms_ablation: {error}") from None
    args.run.mkdir(parents=True, exist_ok=True)
    missing = [name for name in VARIANTS if not kept(args.run, name).exists()]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), end_with_parent, max_tasks_per_child=1) as pool:
        for _ in tqdm(pool.map(train, [args.run] * len(missing), missing), total=len(missing), unit="training"):
            pass
    rows = [json.loads(kept(args.run, name).read_text()) for name in VARIANTS]
    base = rows[0]
    figures = {"size": SIZE, "epochs": EPOCHS, "rooms": ROOMS} | {k: base[k] for k in ("office_iou", "office_grey_iou")}
    hs.machine.write_record(RESULTS / "rooms_ablation.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
