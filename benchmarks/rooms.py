"""The course's network in two worlds: the laboratory that it learnt in, and rooms that it never saw.

    python -m benchmarks.rooms --json [--run runs/gpu --name rooms_gpu]

Scores what a user of `load_predictor()` gets, threshold included; with --run, the network of another training. Hands:
HGR1's test persons and the office set, in colour and in grey. No hands: pictures of which it should call nothing hand,
such as come with matplotlib and scikit-learn. The office set is there to choose by, so it is no test. Needs HGR1
and the office set (`python -m handseg_lib fetch`, then `python -m handseg_lib fetch rooms`).
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.cbook import get_sample_data
from sklearn.datasets import load_sample_image

import handseg_lib as hs
from handseg_lib.data import drawn_rooms
from handseg_lib.data.elsewhere import grey

from . import RESULTS
from .ablation import Changed

POOR = 0.4  # with an IoU below it, a photo's mask is of little use
HELD_OUT = 1  # the seed of the drawn rooms: networks learn before those of seed 0
# Pictures without a hand, by the name of their figure: what they show, and how to get them.
NO_HANDS: dict[str, tuple[str, Callable[[], list[np.ndarray]]]] = {
    "face": (
        "a portrait of Grace Hopper (matplotlib)",
        lambda: [hs.read_image(get_sample_data("grace_hopper.jpg"))],
    ),
    "flower": ("a flower (scikit-learn)", lambda: [load_sample_image("flower.jpg")]),
    "china": ("a temple in China (scikit-learn)", lambda: [load_sample_image("china.jpg")]),
    "drawn": ("200 drawn rooms without a hand", lambda: list(drawn_rooms.rooms(200, seed=HELD_OUT))),
}


def greyed(sample: hs.Sample) -> Changed:
    """The sample, its photo grey."""
    return Changed(sample, lambda image, mask: (grey(image), mask))


def hands(predictor: hs.Predictor, samples: list) -> dict:
    """How well the hands of these samples are found."""
    report = hs.evaluate(predictor, samples)
    table, summary = report.table, report.summary()
    worst = table.loc[table.iou.idxmin()]
    return {
        "photos": len(table),
        "iou": summary["iou"],
        "worst_person_iou": summary["worst_person_iou"],
        "worst_photo": worst.image,
        "worst_photo_iou": float(worst.iou),
        "poor_photos": int((table.iou < POOR).sum()),
        "recall": float((table.tp / (table.tp + table.fn)).mean()),
        "precision": float((table.tp / (table.tp + table.fp).clip(lower=1)).mean()),  # none called hand: none of it is
    }


def false_hand(predictor: hs.Predictor, photos: list[np.ndarray]) -> float:
    """The share of pictures without a hand that is called hand, mean over them."""
    return float(np.mean([predictor.mask(photo).mean() for photo in photos]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="folder of a finished training; the shipped network if not given")
    parser.add_argument("--name", default="rooms", help="of the record")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        worlds = {"office": hs.rooms.load(), "HGR1": hs.split_by_person(hs.hgr1.load()).test}
        predictor = hs.load_predictor(args.run and args.run / "model.keras")
    except hs.InputError as error:
        raise SystemExit(f"benchmarks.rooms: {error}") from None
    rows = []
    for world, samples in worlds.items():
        rows.append({"photos_of": world} | hands(predictor, samples))
        rows.append({"photos_of": f"{world}, grey"} | hands(predictor, list(map(greyed, samples))))
    office, office_grey, hgr1, hgr1_grey = rows
    figures = {
        "iou": office["iou"],
        "iou_grey": office_grey["iou"],
        "worst_iou": office["worst_photo_iou"],
        "worst_iou_grey": office_grey["worst_photo_iou"],
        "poor_photos": office["poor_photos"],
        "poor_photos_grey": office_grey["poor_photos"],
        "recall": office["recall"],
        "precision": office["precision"],
        "hgr1_iou": hgr1["iou"],
        "hgr1_iou_grey": hgr1_grey["iou"],
    }
    figures |= {"poor": POOR, "photos": office["photos"], "size": predictor.size, "threshold": predictor.threshold}
    for name, (words, photos_of) in NO_HANDS.items():
        photos = photos_of()
        called, called_grey = false_hand(predictor, photos), false_hand(predictor, list(map(grey, photos)))
        figures |= {f"false_hand_{name}": called, f"false_hand_{name}_grey": called_grey}
        rows.append({"photos_of": words, "photos": len(photos), "false_hand": called, "false_hand_grey": called_grey})
    hs.machine.write_record(RESULTS / f"{args.name}.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
