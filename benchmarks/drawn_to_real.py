"""From drawings to photos: a U-Net trained on drawn hands alone, scored on HGR1's test persons and on the office set.

    python -m benchmarks.drawn_to_real --json [--run runs/drawn]

Sixty drawn persons train, twelve others choose the epoch; then it goes on with the hands in drawn and in photographed
rooms, as the course's network does. A killed run goes on. Needs HGR1 and the office set (`python -m handseg_lib fetch`,
then `python -m handseg_lib fetch rooms`) and the extra rooms.
"""

import argparse
import json
from pathlib import Path

import handseg_lib as hs
from handseg_lib import recipe

from . import RESULTS

SIZE, BATCH, EPOCHS, FROZEN, ROOMS = 160, 16, 4, 1, 200  # epochs before it leaves; twice as many follow


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/drawn"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:  # before the training, and not after it
        test, office = hs.split_by_person(hs.hgr1.load()).test, hs.rooms.load()
    except hs.InputError as error:
        raise SystemExit(f"benchmarks.drawn_to_real: {error}") from None
    train = hs.drawn.load(persons=60, seed=1, takes=1)
    val = hs.drawn.load(persons=12, seed=2, takes=1)
    model, history = recipe.learn(hs.Split(train, val, []), args.run, SIZE, BATCH, EPOCHS, FROZEN, rooms=ROOMS)
    report = hs.evaluate(model, test)
    summary = report.summary()
    figures = {
        "iou": summary["iou"],
        "f1": summary["f1"],
        "worst_person_iou": summary["worst_person_iou"],
        "office_iou": hs.evaluate(model, office).summary()["iou"],
        "photos": summary["photos"],
        "drawn_photos": len(train),
        "drawn_val_iou": history.best["val_iou"],
        "size": SIZE,
        "rooms": ROOMS,
        "epochs": len(history.rows),
        "training_seconds": round(history.seconds, 1),
    }
    hs.machine.write_record(
        RESULTS / "drawn_to_real.json", figures, report.by("person").reset_index().to_dict("records")
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
