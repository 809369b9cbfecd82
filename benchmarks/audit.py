"""What is left of the error, and whose it is: photos of people never seen, the largest disagreements first.

    python -m benchmarks.audit --json [--run runs/lopo]

Reads the folds that `python -m benchmarks.lopo` left in the folder; no label is edited. `looked_at.csv` holds what was
seen on the photos with an F1 below 0.95 whose error is more than the outline's. Needs HGR1.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

import handseg_lib as hs
from handseg_lib.evaluation import audit

from . import RESULTS

PERSONS = 12
LOOKED_AT = Path(__file__).parent / "looked_at.csv"


def table(run: Path) -> pd.DataFrame:
    """The photos of all folds."""
    folds = [json.loads(file.read_text()) for file in sorted(run.glob("*.json"))]
    if len(folds) != PERSONS or any(fold["settings"] != folds[0]["settings"] for fold in folds):
        raise SystemExit(f"{run}: not the {PERSONS} folds of one run. Make them: python -m benchmarks.lopo --out {run}")
    return pd.DataFrame([row for fold in folds for row in fold["rows"]])


def by_kind(photos: pd.DataFrame) -> pd.DataFrame:
    """How many photos have each kind of error, and its share of all that is missing to an F1 of 1."""
    lost = 1 - photos.f1
    kinds = pd.DataFrame({"photos": photos.groupby("kind").size(), "of_the_loss": lost.groupby(photos.kind).sum()})
    return kinds.assign(of_the_loss=kinds.of_the_loss / lost.sum()).sort_values("of_the_loss", ascending=False)


def by_look(photos: pd.DataFrame) -> pd.DataFrame:
    """The same for what was seen on the photos that were looked at: whose error it is, and what it is."""
    looked = photos.merge(pd.read_csv(LOOKED_AT), on="image")
    lost = (1 - looked.f1).groupby([looked.whose, looked.what]).agg(photos="size", of_the_loss="sum")
    lost.of_the_loss /= (1 - photos.f1).sum()
    return lost.sort_values("of_the_loss", ascending=False).reset_index()


def without_wrong_labels(photos: pd.DataFrame) -> dict:
    """The mean F1 without the photos whose label was seen to be wrong, and the worst person's, 2 px forgiven.

    And, of a network that errs there and within 2 px of the outline as this one does, and nowhere else, the mean F1 and
    the worst person's.
    """
    looked = pd.read_csv(LOOKED_AT)
    wrong = photos.image.isin(looked.image[looked.whose == "label"])
    sound = photos[~wrong]
    persons = sound.groupby("person").f1_2px.mean()
    no_other = photos.f1.where(wrong, 1 - (photos.f1_2px - photos.f1))
    no_other_persons = no_other.groupby(photos.person).mean()
    return {
        "sound_f1": float(sound.f1.mean()),
        "sound_f1_2px": float(sound.f1_2px.mean()),
        "sound_worst_person": persons.idxmin(),
        "sound_worst_person_f1_2px": float(persons.min()),
        "f1_of_no_other_error": float(no_other.mean()),
        "worst_person_of_no_other_error": no_other_persons.idxmin(),
        "worst_person_f1_of_no_other_error": float(no_other_persons.min()),
    }


def one_pixel(samples: list[hs.Sample]) -> float:
    """What it costs in F1, on average, to grow every mask by one pixel all round."""
    masks = (sample.read()[1] for sample in samples)
    return float(np.mean([1 - hs.metrics.f1(mask, cv2.dilate(mask, np.ones((3, 3), np.uint8))) for mask in masks]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/lopo"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    photos = audit.disagreements(table(args.run))
    report = hs.Report(photos, 0.5)
    tables = {
        "persons": audit.outlines(photos).reset_index(),
        "kinds": by_kind(photos).reset_index(),
        "looked_at": by_look(photos),
        "slices": report.slices(),
    }
    lost, forgiven = 1 - photos.f1.mean(), (photos.f1_2px - photos.f1).mean()
    figures = {
        "photos": len(photos),
        "f1": float(photos.f1.mean()),
        "f1_2px": float(photos.f1_2px.mean()),
        "forgiven": float(forgiven / lost),
        "one_pixel": one_pixel(hs.hgr1.load()),
        "to_look_at": int(((photos.f1 < 0.95) & (photos.kind != "outline")).sum()),
        "looked_at": int(tables["looked_at"].photos.sum()),
    }
    figures |= without_wrong_labels(photos)
    rows = [{"table": name} | row for name, part in tables.items() for row in part.to_dict("records")]
    hs.machine.write_record(RESULTS / "audit.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
