"""What each choice of the recipe is worth: the same training, one thing changed at a time.

    python -m benchmarks.ablation --json [--run runs/ablation] [--seeds 1]

On the nine persons of HGR1 who are not test persons, in three folds: six learn, three are scored, so that every person
is scored once by a network that never saw it. Small and short (96 px, 6 epochs), the last epoch's weights, cut at 0.5:
a difference here is a hint for the full size, and its interval, from resampling persons, says how strong a hint. Each
training's scores are kept in the folder, so that a killed run goes on. Takes two hours on two cores. Needs HGR1.
"""

import argparse
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import keras
import numpy as np

import handseg_lib as hs
from handseg_lib import losses
from handseg_lib.augment import Recipe, resize_image

from . import RESULTS

SIZE, BATCH, EPOCHS = 96, 16, 6
FOLDS = (("01", "04", "10"), ("03", "08", "11"), ("06", "07", "12"))  # who is scored


@dataclass(frozen=True)
class Variant:
    """What differs from the recipe: arguments of build_unet and fit, the augmentation, and what is odd."""

    build: dict = field(default_factory=dict)
    fit: dict = field(default_factory=dict)
    augment: Recipe = Recipe()
    size: int = SIZE
    letterbox: bool = False
    mirror: bool = False
    preprocess: bool = True


VARIANTS = {
    "the recipe": Variant(),
    "two looks: the mean of photo and mirror image": Variant(mirror=True),
    "without disguise": Variant(augment=Recipe(disguise=0)),
    "disguise always": Variant(augment=Recipe(disguise=1)),
    "without colour augmentation": Variant(augment=Recipe(light=0, contrast=0, gamma=0, tint=0)),
    "colours twice as far": Variant(augment=Recipe(light=0.2, contrast=0.5, gamma=0.5, tint=0.24)),
    "without moving augmentation": Variant(augment=Recipe(rotate=0, scale=(1, 1), shift=0, shear=0, flip=0)),
    "Dice alone": Variant(fit={"loss": losses.dice_loss}),
    "cross-entropy alone": Variant(fit={"loss": losses.bce_loss}),
    "encoder frozen throughout": Variant(fit={"frozen_epochs": EPOCHS}),
    "encoder fine-tuned from conv4": Variant(fit={"train_from": "conv4_block1"}),
    "encoder fine-tuned from conv2": Variant(fit={"train_from": "conv2_block1"}),
    "rate 3e-4": Variant(fit={"peak": 3e-4}),
    "rate 1.2e-3": Variant(fit={"peak": 1.2e-3}),
    "decoder half as wide": Variant(build={"width": 64}),
    "decoder twice as wide": Variant(build={"width": 256}),
    "skips before batch norm and ReLU": Variant(build={"taps": "published"}),
    "encoder from random weights": Variant(build={"weights": None}, fit={"train_from": "conv1", "frozen_epochs": 0}),
    "0-1 into an encoder that expects 0-255": Variant(preprocess=False),
    "letterbox in place of squash": Variant(letterbox=True),
    "128 px": Variant(size=128),
    "160 px": Variant(size=160),
}


def letterbox(image: np.ndarray, fill: int) -> np.ndarray:
    """The photo or mask in the middle of a square: nothing is squashed, and some of the square is lost."""
    height, width = image.shape[:2]
    top, left = max(0, width - height), max(0, height - width)
    edges = top // 2, top - top // 2, left // 2, left - left // 2
    return cv2.copyMakeBorder(image, *edges, cv2.BORDER_CONSTANT, value=[fill] * 3)


class Boxed:
    """A sample that is read letterboxed."""

    def __init__(self, sample):
        self.sample, self.image, self.person, self.gesture = sample, sample.image, sample.person, sample.gesture

    def read(self):
        image, mask = self.sample.read()
        return letterbox(image, 128), letterbox(mask, 0)


class Looker(hs.Predictor):
    """The predictor, with what a variant does to a photo before the network and after it."""

    variant: Variant

    def many(self, images):
        if self.variant.mirror:
            small = np.stack([resize_image(image, self.size) for image in images])
            hands = self.model.predict_on_batch(small) + self.model.predict_on_batch(small[:, :, ::-1])[:, :, ::-1]
            return [cv2.resize(hand[..., 0] / 2, image.shape[1::-1]) for hand, image in zip(hands, images)]
        if not self.variant.letterbox:
            return super().many(images)
        cut = []
        for hand, image in zip(super().many([letterbox(image, 128) for image in images]), images):
            top, left = ((side - part) // 2 for side, part in zip(hand.shape, image.shape))
            cut.append(hand[top : top + image.shape[0], left : left + image.shape[1]])
        return cut


class Last(keras.callbacks.Callback):
    """Keeps the last epoch's weights: ``fit`` leaves the best ones, and here nobody may choose an epoch."""

    def on_epoch_end(self, epoch, logs=None):
        self.weights = self.model.get_weights()


def score(variant: Variant, train: list, val: list, seed: int) -> dict:
    """One training: the IoU of each photo of the persons left out."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(hs.profile.fast_dtype())
    model = hs.build_unet(variant.size, **variant.build)
    if not variant.preprocess:
        model.get_layer("encoder").get_layer("preprocess").call = lambda x: x / 255
    boxed = [Boxed(sample) for sample in train] if variant.letterbox else train
    batches = hs.Batches(boxed, variant.size, BATCH, augment=variant.augment, seed=seed)
    few, last = hs.Batches(val[:1], variant.size), Last()
    history = hs.fit(model, batches, few, EPOCHS, patience=EPOCHS, callbacks=[last], **variant.fit)
    model.set_weights(last.weights)
    predictor = Looker(model)
    predictor.variant = variant
    table = hs.evaluate(predictor, val).table
    return {"seconds": history.seconds, "rows": table[["image", "person", "iou"]].to_dict("records")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    args.run.mkdir(parents=True, exist_ok=True)
    samples = hs.hgr1.load()
    persons = {person for fold in FOLDS for person in fold}
    scores = {}
    for seed in range(args.seeds):
        for name, variant in VARIANTS.items():
            for number, fold in enumerate(FOLDS):
                file = args.run / f"{re.sub('[^a-z0-9]+', '_', name.lower())}_{number}_{seed}.json"
                if not file.exists():
                    train = [s for s in samples if s.person in persons - set(fold)]
                    val = [s for s in samples if s.person in fold]
                    file.write_text(json.dumps(score(variant, train, val, seed)))
                scores.setdefault(name, []).append(json.loads(file.read_text()))
    rows = [summary(name, trainings, scores["the recipe"]) for name, trainings in scores.items()]
    figures = {"iou": rows[0]["iou"], "size": SIZE, "epochs": EPOCHS, "seeds": args.seeds, "persons": len(persons)}
    hs.doctor.write_record(RESULTS / "ablation.json", figures | {"photos": rows[0]["photos"]}, rows)
    print(json.dumps(figures))


def summary(name: str, trainings: list[dict], base: list[dict]) -> dict:
    """A variant's mean IoU over photos, and how far each person is from the recipe, with a 95 % interval."""
    mine, theirs = person_means(trainings), person_means(base)
    changes = np.array([mine[person] - theirs[person] for person in sorted(mine)])
    draws = np.random.default_rng(0).choice(changes, (2000, len(changes))).mean(1)
    low, high = (float(v) for v in np.percentile(draws, [2.5, 97.5]))
    ious = [row["iou"] for training in trainings for row in training["rows"]]
    figures = {"photos": len(ious), "iou": float(np.mean(ious)), "worst_person_iou": min(mine.values())}
    change = {"change": float(changes.mean()), "low": low, "high": high}
    return {"variant": name} | figures | change | {"seconds": sum(training["seconds"] for training in trainings)}


def person_means(trainings: list[dict]) -> dict[str, float]:
    """Mean IoU of each person, over photos and seeds."""
    ious = {}
    for training in trainings:
        for row in training["rows"]:
            ious.setdefault(row["person"], []).append(row["iou"])
    return {person: float(np.mean(values)) for person, values in ious.items()}


if __name__ == "__main__":
    main()
