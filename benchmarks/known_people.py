"""What a split by lot flatters: a colour table on the same photos of HGR1, with and without their person in training.

    python -m benchmarks.known_people --json

For each person, every other photo is tested twice: by a table that counted the colours of other persons only, and by
one that counted as many photos, the rest of this person's among them. In both, the fold's validation persons choose the
threshold. Lesson 08 does the same on the photos at hand. Needs HGR1.
"""

import argparse
import json

import numpy as np
from tqdm import tqdm

import handseg_lib as hs

from . import RESULTS


def row(person: str, fold: hs.Split) -> dict:
    """The two mean IoUs of a person's tested photos."""
    tested, others = fold.test[1::2], fold.test[::2]
    keep = np.random.default_rng(0).permutation(len(fold.train))[len(others) :]
    ways = {"known": [fold.train[i] for i in keep] + others, "stranger": fold.train}
    scores = {
        way: hs.evaluate(hs.baselines.fit_bayes(train, fold.val), tested).summary()["iou"]
        for way, train in ways.items()
    }
    return {"person": person, "photos": len(tested)} | scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.parse_args()
    rows = [row(person, fold) for person, fold in tqdm(hs.lopo.folds(hs.hgr1.load()).items(), unit="person")]
    widest = max(rows, key=lambda row: row["known"] - row["stranger"])
    figures = {
        "photos": sum(row["photos"] for row in rows),
        "persons": len(rows),
        "known_iou": float(np.mean([row["known"] for row in rows])),
        "stranger_iou": float(np.mean([row["stranger"] for row in rows])),
        "widest_person": widest["person"],
        "widest_known_iou": widest["known"],
        "widest_stranger_iou": widest["stranger"],
    }
    hs.machine.write_record(RESULTS / "known_people.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
