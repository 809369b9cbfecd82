"""What helps a network that has only ever seen drawings: the same short training, one thing taken away at a time.

    python -m benchmarks.drawn_ablation --json [--run runs/drawn_ablation]

Scored on the nine persons of HGR1 that are not test persons: nothing here trains on them. A killed run goes on.
"""

import argparse
import json
from pathlib import Path

import keras

import handseg_lib as hs
from handseg_lib.data.augment import Augmentation

from . import RESULTS

SIZE, BATCH, EPOCHS, FROZEN, PHOTOS = 96, 16, 5, 1, 480
COLOURS = {"light": 0.0, "contrast": 0.0, "gamma": 0.0, "tint": 0.0}
MOVES = {"rotate": 0.0, "scale": (1.0, 1.0), "shift": 0.0, "shear": 0.0, "flip": 0.0}
# What is taken away: its name, and how many persons are drawn, the augmentation, the epochs with a frozen encoder.
VARIANTS = {
    "nothing": (30, Augmentation(), FROZEN),
    "colour augmentation": (30, Augmentation(**COLOURS), FROZEN),
    "moving augmentation": (30, Augmentation(**MOVES), FROZEN),
    "four of five persons (each five times as often)": (6, Augmentation(), FROZEN),
    "fine-tuning (the encoder stays frozen)": (30, Augmentation(), EPOCHS),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/drawn_ablation"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    split = hs.split_by_person(hs.hgr1.load())
    photos = split.train + split.val
    drawn = {persons: hs.drawn.load(persons=persons, seed=1, takes=30 // persons) for persons in (30, 6)}
    val = hs.Batches(hs.drawn.load(persons=12, seed=0, takes=1), SIZE, BATCH)
    keras.config.set_dtype_policy(hs.machine.fast_dtype())
    rows = []
    for number, (name, (persons, recipe, frozen)) in enumerate(VARIANTS.items()):
        keras.utils.set_random_seed(0)
        model = hs.build_unet(SIZE)
        train = hs.Batches(drawn[persons], SIZE, BATCH, augment=recipe)
        assert len(train.samples) == PHOTOS
        history = hs.fit(model, train, val, EPOCHS, frozen, out=args.run / str(number))
        summary = hs.evaluate(model, photos).summary()
        scores = {key: summary[key] for key in ("iou", "f1", "worst_person_iou")}
        rows.append({"without": name, **scores, "drawn_val_iou": history.best["val_iou"]})
    figures = {"iou": rows[0]["iou"], "photos": len(photos), "drawn_photos": PHOTOS, "size": SIZE, "epochs": EPOCHS}
    hs.machine.write_record(RESULTS / "drawn_ablation.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
