"""Training seconds until a validation IoU is reached: the article's recipe and ours, on one machine, in one run.

    python -m benchmarks.time_to_quality --json [--run runs/time_to_quality]

All learn from the seven training persons of HGR1, from the same ImageNet weights, and after every epoch are scored by
the same function on the validation persons, at the photos' own size, while the clock stands still. The article's
recipe works as published: 224 px, 20 epochs. Ours works as `train` does, at 224 px and at 128 px, and, the shortest,
for two epochs at 128 px with the encoder frozen. A killed run goes on, epoch by epoch. Takes 80 minutes on two cores,
which should have nothing else to do. Needs HGR1.
"""

import argparse
import json
import os
import time
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import keras

import handseg_lib as hs
from handseg_lib import as_published

from . import RESULTS

SIZE, EPOCHS = 224, 20  # the article's
OURS = {"ours": hs.profile.PROFILES["full"]}
OURS["ours_128"] = replace(OURS["ours"], size=128)
OURS["ours_128_frozen"] = replace(OURS["ours_128"], epochs=2, frozen_epochs=2)


class Clock(keras.callbacks.Callback):
    """Takes the seconds of each epoch, and scores the validation persons after it."""

    def __init__(self, samples, file: Path):
        super().__init__()
        self.samples, self.file = samples, file
        self.rows = json.loads(file.read_text()) if file.exists() else []

    def on_epoch_begin(self, epoch, logs=None):
        self.begun, self.paused = time.perf_counter(), 0.0

    def on_test_begin(self, logs=None):
        self.test_begun = time.perf_counter()

    def on_test_end(self, logs=None):
        self.paused = time.perf_counter() - self.test_begun

    def on_epoch_end(self, epoch, logs=None):
        seconds = round(time.perf_counter() - self.begun - self.paused, 1)
        summary = hs.evaluate(self.model, self.samples).summary()
        row = {"epoch": epoch + 1, "seconds": seconds, "val_iou": summary["iou"]}
        self.rows = [*self.rows[:epoch], row]
        self.file.write_text(json.dumps(self.rows))


def train(recipe: str, split: hs.Split, folder: Path) -> dict:
    """Trains by one of the recipes, and scores what came of it; from the folder where that has been done."""
    folder.mkdir(parents=True, exist_ok=True)
    result = folder / "result.json"
    if result.exists():
        return json.loads(result.read_text())
    clock = Clock(split.val, folder / "clock.json")
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    if ours := OURS.get(recipe):
        keras.config.set_dtype_policy(hs.profile.fast_dtype())
        train, val = (hs.Batches(part, ours.size, ours.batch_size, augment=part is split.train) for part in split[:2])
        model = hs.build_unet(ours.size)
        hs.fit(model, train, val, ours.epochs, ours.frozen_epochs, out=folder / "state", callbacks=[clock])
    else:
        keras.config.set_dtype_policy("float32")
        train, val = (hs.Batches(part, SIZE, batch_size=16) for part in split[:2])
        model = as_published.build_unet(SIZE)
        resume = keras.callbacks.BackupAndRestore(folder / "state", delete_checkpoint=False)
        as_published.fit(model, train, val, EPOCHS, callbacks=[clock, resume])
    keras.config.set_dtype_policy("float32")
    summary = hs.evaluate(model, split.test).summary()
    scores = {"size": train.size, "epochs": clock.rows, "test_iou": summary["iou"], "test_f1": summary["f1"]}
    result.write_text(json.dumps(scores))
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
    load_before = os.getloadavg()[0]
    split = hs.split_by_person(hs.hgr1.load())
    results = {recipe: train(recipe, split, args.run / recipe) for recipe in (*OURS, "article")}
    target = max(row["val_iou"] for row in results["article"]["epochs"])
    figures = {"target_val_iou": target, "load_before": round(load_before, 2)}
    times = {recipe: reached(result["epochs"], target) for recipe, result in results.items()}
    whole = sum(row["seconds"] for row in results["article"]["epochs"])  # which epoch was best one knows at the end
    for recipe, seconds in times.items():
        figures[f"{recipe}_seconds_to_target"] = seconds
        if recipe in OURS and seconds:
            figures |= {f"{recipe}_ratio": times["article"] / seconds, f"{recipe}_ratio_whole": whole / seconds}
    rows = []
    for recipe, result in results.items():
        figures |= {f"{recipe}_{name}": result[name] for name in ("size", "test_iou", "test_f1")}
        rows += [{"recipe": recipe} | row for row in result["epochs"]]
    hs.doctor.write_record(RESULTS / "time_to_quality.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
