"""The course's recipe on people it has never seen: trained on seven persons of HGR1, scored on three others.

    python -m benchmarks.test_persons --json [--run runs/course]

Trains (full profile) unless the folder holds a finished run; a killed one goes on. Needs HGR1.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import handseg_lib as hs

from . import RESULTS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/course"))
    parser.add_argument("--name", default="test_persons", help="of the record")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if not (args.run / "train.json").exists():  # what a training writes last
        # a process of its own, so that train.json tells its command and not this one's
        train = [sys.executable, "-m", "handseg_lib", "train", "--profile", "full", "--out", args.run]
        subprocess.run(train, check=True)
    training = json.loads((args.run / "train.json").read_text())
    predictor, test = hs.load_predictor(args.run / "model.keras"), hs.split_by_person(hs.hgr1.load()).test
    report = hs.evaluate(predictor, test)
    summary = report.summary()
    mirrored = hs.evaluate(hs.Predictor(predictor.model, mirror=True), test).summary()
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
        "size": training["figures"]["size"],
        "training_seconds": training["figures"]["seconds"],
        "training_epochs": training["figures"]["epochs"],
        "training_command": training["command"],
    }
    rows = report.by("person").reset_index().to_dict("records")
    hs.doctor.write_record(RESULTS / f"{args.name}.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
