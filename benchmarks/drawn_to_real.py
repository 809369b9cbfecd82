"""From drawings to photos: a U-Net trained on drawn hands alone, scored on HGR1's test persons.

    python -m benchmarks.drawn_to_real --json [--run runs/drawn]

Sixty drawn persons train, twelve others choose the epoch. A killed run goes on.
"""

import argparse
import json
from pathlib import Path

import keras

import handseg_lib as hs

from . import RESULTS

SIZE, BATCH, EPOCHS, FROZEN = 160, 16, 10, 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/drawn"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    train = hs.drawn.load(persons=60, seed=1, takes=1)
    val = hs.drawn.load(persons=12, seed=0, takes=1)
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(hs.profile.fast_dtype())
    model = hs.build_unet(SIZE)
    batches = hs.Batches(train, SIZE, BATCH, augment=True)
    history = hs.fit(model, batches, hs.Batches(val, SIZE, BATCH), EPOCHS, FROZEN, out=args.run)
    report = hs.evaluate(model, hs.split_by_person(hs.hgr1.load()).test)
    summary = report.summary()
    figures = {
        "iou": summary["iou"],
        "f1": summary["f1"],
        "worst_person_iou": summary["worst_person_iou"],
        "photos": summary["photos"],
        "drawn_photos": len(train),
        "drawn_val_iou": history.best["val_iou"],
        "size": SIZE,
        "epochs": len(history.rows),
        "training_seconds": round(history.seconds, 1),
    }
    hs.doctor.write_record(
        RESULTS / "drawn_to_real.json", figures, report.by("person").reset_index().to_dict("records")
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
