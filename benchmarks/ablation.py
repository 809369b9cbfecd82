"""What each choice of the recipe is worth: the same training, one thing changed at a time.

    python -m benchmarks.ablation --json [--run runs/ablation] [--seeds 1] [--first N] [--workers 1]
        [--scheduler ADDRESS]

On the nine persons of HGR1 who are not test persons, in three folds: six learn, three are scored, so that every person
is scored once by a network that never saw it. Small and short (96 px, 6 epochs), the last epoch's weights, cut at 0.5:
a difference here is a hint for the full size, and its interval, from resampling persons, says how strong a hint. Where
colours are what differs, the photos are scored a second time in another light, for all of HGR1 has much the same. Each
training's scores are kept in the folder, so that a killed run goes on; --first N leaves the later variants for another
day. Each training has a process of its own, for TensorFlow gives memory back only at the end of one; two workers
with one thread each (TF_NUM_INTRAOP_THREADS=1) get most out of two cores: four minutes a variant. Needs HGR1. A Dask
scheduler's workers need this folder (PYTHONPATH) and HGR1 at the paths they have here.
"""

import argparse
import json
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import cv2
import keras
import numpy as np
from tqdm import tqdm

import handseg_lib as hs
from handseg_lib import cluster, losses
from handseg_lib.__main__ import positive, workers_arguments
from handseg_lib.data.augment import Augmentation, recolour
from handseg_lib.resume import write_whole

from . import RESULTS

SIZE, BATCH, EPOCHS = 96, 16, 6
FOLDS = (("01", "04", "10"), ("03", "08", "11"), ("06", "07", "12"))  # who is scored

BASE = "the recipe"
RECIPE = Augmentation()


@dataclass(frozen=True)
class Variant:
    """What differs from ``BASE``: arguments of build_unet and fit, the augmentation, and what is odd."""

    build: dict = field(default_factory=dict)
    fit: dict = field(default_factory=dict)
    augment: Augmentation = RECIPE
    size: int = SIZE
    letterbox: bool = False
    preprocess: bool = True


VARIANTS = {
    BASE: Variant(),
    "colours twice as strong": Variant(augment=replace(RECIPE, light=0.1, contrast=0.25, gamma=0.25, tint=0.12)),
    "without colour augmentation": Variant(augment=replace(RECIPE, light=0, contrast=0, gamma=0, tint=0)),
    "without disguise": Variant(augment=replace(RECIPE, disguise=0)),
    "disguise half as often": Variant(augment=replace(RECIPE, disguise=RECIPE.disguise / 2)),
    "without moving augmentation": Variant(augment=replace(RECIPE, rotate=0, scale=(1, 1), shift=0, shear=0, flip=0)),
    "Dice alone": Variant(fit={"loss": losses.dice_loss}),
    "cross-entropy alone": Variant(fit={"loss": losses.bce_loss}),
    "0-1 into an encoder that expects 0-255": Variant(preprocess=False),
    "skips before batch norm and ReLU": Variant(build={"taps": "published"}),
    "encoder frozen throughout": Variant(fit={"frozen_epochs": EPOCHS}),
    "encoder fine-tuned from conv4": Variant(fit={"train_from": "conv4_block1"}),
    "never frozen": Variant(fit={"frozen_epochs": 0}),
    "decoder half as wide": Variant(build={"width": 64}),
    "letterbox in place of squash": Variant(letterbox=True),
    "rate half as high": Variant(fit={"peak": 3e-4}),
    "rate twice as high": Variant(fit={"peak": 1.2e-3}),
    "128 px": Variant(size=128),
}
LIGHTS = (  # rooms unlike HGR1's: darker, with deeper shadows, warmer, colder
    {"light": -0.15},
    {"gamma": 1.6},
    {"tint": (1.2, 1.0, 0.7)},
    {"tint": (0.8, 1.0, 1.15)},
)
LIT = (BASE, "colours twice as strong", "without colour augmentation")  # whose photos are scored in those, too
AFTER = {  # what can be done with the training of BASE, once it is over
    "mirrored": "two looks: the mean of photo and mirror image",
    "averaged": "the mean of the last three epochs' weights",
}


def letterbox(image: np.ndarray, fill: int) -> np.ndarray:
    """The photo or mask in the middle of a square: nothing is squashed, and some of the square is lost."""
    height, width = image.shape[:2]
    top, left = max(0, width - height), max(0, height - width)
    edges = top // 2, top - top // 2, left // 2, left - left // 2
    return cv2.copyMakeBorder(image, *edges, cv2.BORDER_CONSTANT, value=[fill] * 3)


class Changed:
    """A sample whose photo and mask are read as ``change`` returns them."""

    def __init__(self, sample: hs.Sample, change: Callable):
        self.sample, self.change = sample, change
        self.name, self.image = sample.name, sample.image
        self.person, self.gesture, self.skin = sample.person, sample.gesture, sample.skin

    def read(self):
        return self.change(*self.sample.read())


def boxed(sample: hs.Sample) -> Changed:
    """The sample letterboxed."""
    return Changed(sample, lambda image, mask: (letterbox(image, 128), letterbox(mask, 0)))


def lit(sample: hs.Sample, light: dict) -> Changed:
    """The sample in another light than it was taken in, one of ``LIGHTS``."""
    return Changed(sample, lambda image, mask: (recolour(image, **light), mask))


class Boxing(hs.Predictor):
    """A predictor that sees photos letterboxed, and gives what belongs to the photo."""

    def predict_batch(self, images):
        cut = []
        for hand, image in zip(super().predict_batch([letterbox(image, 128) for image in images]), images):
            top, left = ((side - part) // 2 for side, part in zip(hand.shape, image.shape))
            cut.append(hand[top : top + image.shape[0], left : left + image.shape[1]])
        return cut


class Weights(keras.callbacks.Callback):
    """Keeps the last epochs' weights: ``fit`` leaves the best ones, and here nobody may choose an epoch."""

    def __init__(self):
        super().__init__()
        self.last = deque(maxlen=3)

    def on_epoch_end(self, epoch, logs=None):
        self.last.append(self.model.get_weights())


def score(name: str, train: list, val: list, seed: int) -> dict:
    """One training: the IoU of each photo of the persons left out, in each way that it is asked for."""
    variant = VARIANTS[name]
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(hs.machine.fast_dtype())
    model = hs.build_unet(variant.size, **variant.build)
    if not variant.preprocess:
        model.get_layer("encoder").get_layer("preprocess").call = lambda x: x / 255
    if variant.letterbox:
        train = [boxed(sample) for sample in train]
    batches = hs.Batches(train, variant.size, BATCH, augment=variant.augment, seed=seed)
    few, weights = hs.Batches(val[:1], variant.size), Weights()
    begun = time.process_time()
    hs.fit(model, batches, few, EPOCHS, patience=EPOCHS, callbacks=[weights], **variant.fit)
    cpu_seconds = time.process_time() - begun

    def rows(predictor, samples=val) -> list[dict]:
        return hs.evaluate(predictor, samples).table[["image", "person", "iou"]].to_dict("records")

    model.set_weights(weights.last[-1])
    scores = {"cpu_seconds": cpu_seconds, "rows": rows((Boxing if variant.letterbox else hs.Predictor)(model))}
    if name in LIT:
        scores["lit"] = rows(hs.Predictor(model), [lit(s, LIGHTS[i % len(LIGHTS)]) for i, s in enumerate(val)])
    if name == BASE:
        scores["mirrored"] = rows(hs.Predictor(model, mirror=True))
        model.set_weights([np.mean(each, 0) for each in zip(*weights.last)])
        scores["averaged"] = rows(hs.Predictor(model))
    return scores


def kept(run: Path, name: str, fold: int, seed: int) -> Path:
    """The file of one training's scores."""
    return run / f"{re.sub('[^a-z0-9]+', '_', name.lower())}_{fold}_{seed}.json"


def train(run: Path, name: str, fold: int, seed: int) -> None:
    """One training, to its file."""
    seen, left_out = ([s for s in people() if (s.person in FOLDS[fold]) == out] for out in (False, True))
    scores = {"variant": told(VARIANTS[name])} | score(name, seen, left_out, seed)
    write_whole(kept(run, name, fold, seed), json.dumps(scores))


def told(variant: Variant) -> dict:
    """The training as JSON tells it: a function by its name."""
    training = asdict(variant) | {"epochs": EPOCHS, "batch": BATCH}
    return json.loads(json.dumps(training, default=lambda function: function.__name__))


def load(run: Path, name: str, fold: int, seed: int) -> dict:
    """The scores of a training that is over; the recipe may have changed since, and then it stops here."""
    scores = json.loads(kept(run, name, fold, seed).read_text())
    if scores["variant"] != told(VARIANTS[name]):
        raise SystemExit(f"{kept(run, name, fold, seed)}: of another recipe. Give another folder (--run).")
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--seeds", type=positive, default=1)
    parser.add_argument("--first", type=positive, default=len(VARIANTS), help="only so many variants")
    workers_arguments(parser, "so many trainings at once")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    args.run.mkdir(parents=True, exist_ok=True)
    trainings = {
        name: [(args.run, name, fold, seed) for seed in range(args.seeds) for fold in range(len(FOLDS))]
        for name in list(VARIANTS)[: args.first]
    }
    missing = []
    for each in (each for some in trainings.values() for each in some):
        if kept(*each).exists():
            load(*each)  # refuses another recipe's, before hours are spent
        else:
            missing.append(each)
    from benchmarks import ablation  # what is sent to other processes must not be of the module __main__

    if missing:
        try:
            with cluster.workers(args.scheduler, args.workers, fresh=True, in_order=False) as apply:
                for _ in tqdm(apply(ablation.train, *zip(*missing)), total=len(missing), unit="training"):
                    pass
        except hs.InputError as error:
            raise SystemExit(str(error)) from None
    scores = {name: [load(*each) for each in some] for name, some in trainings.items()}
    for key, name in AFTER.items():
        scores[name] = [training | {"rows": training[key]} for training in scores[BASE]]
    rows = [summary(name, trainings, scores[BASE]) for name, trainings in scores.items()]
    samples = people()
    figures = {"iou": rows[0]["iou"], "size": SIZE, "epochs": EPOCHS, "seeds": args.seeds}
    figures |= {"persons": len({s.person for s in samples}), "photos": len(samples)}
    hs.machine.write_record(RESULTS / "ablation.json", figures, rows)
    print(json.dumps(figures))


def people() -> list[hs.Sample]:
    """The photos of all who are not test persons."""
    return [sample for sample in hs.hgr1.load() if any(sample.person in fold for fold in FOLDS)]


def summary(name: str, trainings: list[dict], base: list[dict]) -> dict:
    """A variant's mean IoU over photos, and how far each person is from the base, with a 95 % interval."""
    mine, theirs = person_means(trainings), person_means(base)
    changes = np.array([mine[person] - theirs[person] for person in sorted(mine)])
    draws = np.random.default_rng(0).choice(changes, (2000, len(changes))).mean(1)
    low, high = (float(v) for v in np.percentile(draws, [2.5, 97.5]))
    figures = {
        "variant": name,
        "iou": float(np.mean([row["iou"] for training in trainings for row in training["rows"]])),
        "worst_person_iou": min(mine.values()),
        "worst_person": min(mine, key=mine.get),
        "change": float(changes.mean()),
        "worse_persons": int((changes < 0).sum()),
        "low": low,
        "high": high,
    }
    if name in LIT:
        figures["iou_lit"] = float(np.mean([row["iou"] for training in trainings for row in training["lit"]]))
    return figures | {"cpu_seconds": round(sum(training["cpu_seconds"] for training in trainings))}


def person_means(trainings: list[dict]) -> dict[str, float]:
    """Mean IoU of each person, over photos and seeds."""
    ious = {}
    for training in trainings:
        for row in training["rows"]:
            ious.setdefault(row["person"], []).append(row["iou"])
    return {person: float(np.mean(values)) for person, values in ious.items()}


if __name__ == "__main__":
    main()
