"""Training seconds until a validation IoU is reached: the article's recipe and ours, on one machine, in one run.

    python -m benchmarks.time_to_quality --json [--run runs/time_to_quality]

Both learn from the seven training persons of HGR1, from the same ImageNet weights, and after every epoch both are
scored by the same function on the validation persons, at the photos' own size, while the clock stands still. The
article's recipe works as published: 224 px, 20 epochs. Ours works as `train` does on two cores. A killed run
goes on, epoch by epoch. Takes hours on two cores. Needs HGR1.
"""

import argparse
import json
import time
from itertools import accumulate
from pathlib import Path

import keras

import handseg_lib as hs
from handseg_lib import as_published

from . import RESULTS

SIZE, EPOCHS = 224, 20  # the article's
OURS = hs.profile.PROFILES["full"]


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


def train(recipe: str, split: hs.Split, folder: Path) -> tuple[keras.Model, list[dict]]:
    """Trains by one of the recipes and returns the model and a row for each epoch."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = Clock(split.val, folder / "clock.json")
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    if recipe == "ours":
        keras.config.set_dtype_policy(hs.profile.fast_dtype())
        train, val = (hs.Batches(part, OURS.size, OURS.batch_size, augment=part is split.train) for part in split[:2])
        model = hs.build_unet(OURS.size)
        hs.fit(model, train, val, OURS.epochs, OURS.frozen_epochs, out=folder / "state", callbacks=[clock])
    else:
        keras.config.set_dtype_policy("float32")
        train, val = (hs.Batches(part, SIZE, batch_size=16) for part in split[:2])
        model = as_published.build_unet(SIZE)
        resume = keras.callbacks.BackupAndRestore(folder / "state", delete_checkpoint=False)
        as_published.fit(model, train, val, EPOCHS, callbacks=[clock, resume])
    keras.config.set_dtype_policy("float32")
    return model, clock.rows


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
    figures, rows = {}, []
    for recipe in ("ours", "article"):
        model, epochs = train(recipe, split, args.run / recipe)
        summary = hs.evaluate(model, split.test).summary()
        figures[f"{recipe}_seconds"] = round(sum(row["seconds"] for row in epochs), 1)
        figures[f"{recipe}_test_iou"] = summary["iou"]
        figures[f"{recipe}_test_f1"] = summary["f1"]
        rows += [{"recipe": recipe} | row for row in epochs]
    by = {recipe: [row for row in rows if row["recipe"] == recipe] for recipe in ("ours", "article")}
    target = max(row["val_iou"] for row in by["article"])
    figures["target_val_iou"] = target
    for clock in ("seconds", "cpu_seconds"):
        ours, article = (reached(by[recipe], target, clock) for recipe in ("ours", "article"))
        figures |= {f"article_{clock}_to_target": article, f"ours_{clock}_to_target": ours}
        figures[f"ratio_{clock}"] = round(article / ours, 1) if ours else None
    figures |= {"article_size": SIZE, "ours_size": OURS.size, "article_epochs": len(by["article"])}
    hs.doctor.write_record(RESULTS / "time_to_quality.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
