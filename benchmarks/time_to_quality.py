"""Training seconds until a validation IoU is reached: the article's recipe and ours, on one machine, in one run.

    python -m benchmarks.time_to_quality --json [--run runs/time_to_quality]

All learn from the seven training persons of HGR1, from the same ImageNet weights, and after every epoch are scored by
the same function on the validation persons, at the photos' own size, while the clock stands still. The article's
recipe works as published: 224 px, 20 epochs. Ours works as `train` does, for 10 epochs, at 224 px and at 128 px.
A killed run goes on, epoch by epoch. Takes hours on two cores. Needs HGR1.
"""

import argparse
import json
import time
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import keras

import handseg_lib as hs
from handseg_lib import as_published

from . import RESULTS

SIZE, EPOCHS = 224, 20  # the article's
OURS = {"ours": replace(hs.profile.PROFILES["full"], epochs=10)}
OURS["ours_128"] = replace(OURS["ours"], size=128)


class Clock(keras.callbacks.Callback):
    """Takes the seconds of each epoch, on the wall and of the processor, and scores the validation persons after it."""

    def __init__(self, samples, file: Path):
        super().__init__()
        self.samples, self.file = samples, file
        self.rows = json.loads(file.read_text()) if file.exists() else []

    def on_epoch_begin(self, epoch, logs=None):
        self.begun, self.paused = self.now(), (0.0, 0.0)

    def on_test_begin(self, logs=None):
        self.test_begun = self.now()

    def on_test_end(self, logs=None):
        self.paused = tuple(now - begun for now, begun in zip(self.now(), self.test_begun))

    def on_epoch_end(self, epoch, logs=None):
        wall, cpu = (now - begun - paused for now, begun, paused in zip(self.now(), self.begun, self.paused))
        summary = hs.evaluate(self.model, self.samples).summary()
        row = {"epoch": epoch + 1, "seconds": round(wall, 1), "cpu_seconds": round(cpu, 1), "val_iou": summary["iou"]}
        self.rows = [*self.rows[:epoch], row]
        self.file.write_text(json.dumps(self.rows))

    @staticmethod
    def now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()


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


def reached(rows: list[dict], iou: float, clock: str) -> float | None:
    """Seconds of training after which a validation IoU was first reached; None if it never was."""
    times = accumulate(row[clock] for row in rows)
    return next((round(seconds, 1) for seconds, row in zip(times, rows) if row["val_iou"] >= iou), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/time_to_quality"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    split = hs.split_by_person(hs.hgr1.load())
    results = {recipe: train(recipe, split, args.run / recipe) for recipe in (*OURS, "article")}
    target = max(row["val_iou"] for row in results["article"]["epochs"])
    figures = {"target_val_iou": target}
    for clock in ("seconds", "cpu_seconds"):
        times = {recipe: reached(result["epochs"], target, clock) for recipe, result in results.items()}
        figures |= {f"{recipe}_{clock}_to_target": seconds for recipe, seconds in times.items()}
        whole = sum(row[clock] for row in results["article"]["epochs"])  # which epoch was best one knows at the end
        for recipe in OURS:
            for name, seconds in {"ratio": times["article"], "ratio_whole": whole}.items():
                figures[f"{recipe}_{name}_{clock}"] = times[recipe] and round(seconds / times[recipe], 1)
    rows = []
    for recipe, result in results.items():
        figures |= {f"{recipe}_{name}": result[name] for name in ("size", "test_iou", "test_f1")}
        rows += [{"recipe": recipe} | row for row in result["epochs"]]
    hs.doctor.write_record(RESULTS / "time_to_quality.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
