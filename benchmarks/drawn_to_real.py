"""From drawings to photos: a U-Net trained on drawn hands alone, scored on HGR1's test persons.

    python -m benchmarks.drawn_to_real --json [--run runs/drawn]

Sixty drawn persons train, twelve others choose the epoch. A killed run goes on.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import handseg_lib as hs
from handseg_lib import recipe

from . import RESULTS

PROFILE = replace(hs.profile.PROFILES["full"], size=160, epochs=10, frozen_epochs=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/drawn"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    train = hs.drawn.load(persons=60, seed=1, takes=1)
    val = hs.drawn.load(persons=12, seed=0, takes=1)
    model, history = recipe.learn(
        hs.Split(train, val, []), args.run, PROFILE.size, PROFILE.batch_size, PROFILE.epochs, PROFILE.frozen_epochs
    )
    report = hs.evaluate(model, hs.split_by_person(hs.hgr1.load()).test)
    summary = report.summary()
    figures = {
        "iou": summary["iou"],
        "f1": summary["f1"],
        "worst_person_iou": summary["worst_person_iou"],
        "photos": summary["photos"],
        "drawn_photos": len(train),
        "drawn_val_iou": history.best["val_iou"],
        "size": PROFILE.size,
        "epochs": len(history.rows),
        "training_seconds": round(history.seconds, 1),
    }
    hs.machine.write_record(
        RESULTS / "drawn_to_real.json", figures, report.by("person").reset_index().to_dict("records")
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
