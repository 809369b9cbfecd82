"""Training seconds until a validation IoU is reached: the article's recipe and ours, on one machine, in one run.

    python -m benchmarks.time_to_quality --json [--run runs/time_to_quality]

All learn from the seven training persons of HGR1, from the same ImageNet weights, and after every epoch are scored by
the same function on the validation persons, at the photos' own size, while the clock stands still. The article's
recipe works as published: 224 px, 20 epochs. Ours works as `train` does, at 224 px and at 128 px, and, the shortest,
for two epochs at 128 px with the encoder frozen. A killed run goes on: ours epoch by epoch, the article's anew. Takes
80 minutes on two cores, which should have nothing else to do. Needs HGR1.
"""

import argparse
import json
import os
from dataclasses import asdict, replace
from itertools import accumulate
from pathlib import Path

import keras

import handseg_lib as hs
from handseg_lib.course import as_published
from handseg_lib.data.augment import Augmentation
from handseg_lib.resume import insist_on, write_whole

from . import RESULTS

SIZE, EPOCHS = 224, 20  # the article's
OURS = {"ours": hs.profile.PROFILES["full"]}
OURS["ours_128"] = replace(OURS["ours"], size=128)
OURS["ours_128_frozen"] = replace(OURS["ours_128"], epochs=2, frozen_epochs=2)


class Clock(as_published.Rows):
    """Takes the seconds of each epoch, and scores the validation persons after it; goes on from its file."""

    def __init__(self, samples, file: Path):
        super().__init__()
        self.samples, self.file = samples, file
        self.kept = json.loads(file.read_text()) if file.exists() else []

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        iou = hs.evaluate(self.model, self.samples).summary()["iou"]
        row = {"epoch": epoch + 1, "seconds": round(self.rows[-1]["seconds"], 1), "val_iou": iou}
        self.kept = [*self.kept[:epoch], row]
        write_whole(self.file, json.dumps(self.kept))


def train(recipe: str, split: hs.Split, folder: Path) -> dict:
    """Trains by one of the recipes, and scores what came of it; from the folder where that has been done."""
    ours, result = OURS.get(recipe), folder / "result.json"
    settings = asdict(ours) | {"augment": repr(Augmentation())} if ours else {"size": SIZE, "epochs": EPOCHS}
    settings |= {"machine": hs.machine.machine()}
    if result.exists():
        scores = json.loads(result.read_text())
        insist_on(settings, scores.get("settings", {}), result)
        return scores
    load_before = round(os.getloadavg()[0], 2)
    clock = Clock(split.val, folder / "clock.json")
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    if ours:
        keras.config.set_dtype_policy(hs.machine.fast_dtype())
        train, val = (hs.Batches(part, ours.size, ours.batch_size, augment=part is split.train) for part in split[:2])
        model = hs.build_unet(ours.size)
        hs.fit(model, train, val, ours.epochs, ours.frozen_epochs, out=folder / "state", callbacks=[clock])
    else:
        keras.config.set_dtype_policy("float32")
        train, val = (hs.Batches(part, SIZE, batch_size=16) for part in split[:2])
        model = as_published.build_unet(SIZE)
        as_published.fit(model, train, val, EPOCHS, callbacks=[clock])
    keras.config.set_dtype_policy("float32")
    summary = hs.evaluate(model, split.test).summary()
    scores = {
        "settings": settings,
        "load_before": load_before,
        "epochs": clock.kept,
        "size": train.size,
        "test_iou": summary["iou"],
        "test_f1": summary["f1"],
    }
    write_whole(result, json.dumps(scores))
    return scores


def reached(rows: list[dict], iou: float) -> float | None:
    """Seconds of training after which a validation IoU was first reached; None if it never was."""
    times = accumulate(row["seconds"] for row in rows)
    return next((round(seconds, 1) for seconds, row in zip(times, rows) if row["val_iou"] >= iou), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/time_to_quality"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    split = hs.split_by_person(hs.hgr1.load())
    results = {recipe: train(recipe, split, args.run / recipe) for recipe in (*OURS, "article")}
    target = max(row["val_iou"] for row in results["article"]["epochs"])
    times = {recipe: reached(result["epochs"], target) for recipe, result in results.items()}
    soonest = min(OURS, key=lambda recipe: times[recipe] or float("inf"))
    whole = sum(row["seconds"] for row in results["article"]["epochs"])  # which epoch was best one knows at the end
    figures = {
        "target_iou": target,
        "published_seconds": times["article"],
        "published_seconds_whole": round(whole, 1),
        "ours": soonest,
        "ours_seconds": times[soonest],
        "ratio": round(times["article"] / times[soonest], 1),
        "ratio_whole": round(whole / times[soonest], 1),
        "load_before": results["ours"]["load_before"],  # before the others it is this run's own
    }
    rows = []
    for recipe, result in results.items():
        figures |= {f"{recipe}_{name}": result[name] for name in ("size", "test_iou", "test_f1")}
        figures[f"{recipe}_seconds_to_target"] = times[recipe]
        rows += [{"recipe": recipe} | row for row in result["epochs"]]
    hs.machine.write_record(RESULTS / "time_to_quality.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
