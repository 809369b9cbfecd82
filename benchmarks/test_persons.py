"""The course's network on people it has never seen: trained on seven persons of HGR1, scored on three others.

    python -m benchmarks.test_persons --json [--run runs/gpu --name test_persons_gpu]

Scores what a user of `load_predictor()` gets, threshold included; with --run, the network of another training. Needs
HGR1.
"""

import argparse
import json
from pathlib import Path

import handseg_lib as hs
from handseg_lib.predictor import COURSE_CARD

from . import RESULTS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="folder of a finished training; the shipped network if not given")
    parser.add_argument("--name", default="test_persons", help="of the record")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.run:
        record = json.loads((args.run / "train.json").read_text("utf-8"))
        predictor, training = hs.load_predictor(args.run / "model.keras"), record["figures"]
    else:
        record = json.loads(COURSE_CARD.read_text("utf-8"))["training"]
        predictor, training = hs.load_predictor(), record
    test = hs.split_by_person(hs.hgr1.load()).test
    report = hs.evaluate(predictor, test)
    summary = report.summary()
    mirrored = hs.evaluate(hs.Predictor(predictor.model, predictor.threshold, mirror=True), test).summary()
    figures = {
        "mean_f1": summary["f1"],
        "mean_iou": summary["iou"],
        "worst_person_iou": summary["worst_person_iou"],
        "worst_person": summary["worst_person"],
        "iou_low": summary["iou_low"],
        "iou_high": summary["iou_high"],
        "boundary_px": summary["boundary_px"],
        "miou": summary["miou"],
        "mirrored_iou": mirrored["iou"],
        "mirrored_f1": mirrored["f1"],
        "photos": summary["photos"],
        "size": training["size"],
        "training_seconds": training["seconds"],
        "training_epochs": training["epochs"],
        "training_command": record["command"],
        "threshold": predictor.threshold,
    }
    rows = report.by("person").reset_index().to_dict("records")
    hs.machine.write_record(RESULTS / f"{args.name}.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
