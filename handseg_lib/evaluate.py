"""Evaluation: how well a model outlines the hands of people it has never seen.

Every photo is scored at its own size, the scores are averaged over photos, and an interval says how
much the average hangs on who the few test persons are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from . import metrics
from .data import InputError, Sample
from .predictor import Predictor


@dataclass(frozen=True)
class Report:
    """Scores of a model.

    Attributes:
        table: one row a photo: image, person, gesture, hand (its true share of the photo), iou, f1,
            boundary_px, accuracy, tp, fp, fn, tn.
        threshold: the probability from which a pixel was called hand.
    """

    table: pd.DataFrame
    threshold: float

    def by(self, column: str) -> pd.DataFrame:
        """Mean scores of each person or gesture, worst first."""
        scores = self.table.groupby(column)[["iou", "f1", "boundary_px"]].mean()
        return scores.assign(photos=self.table.groupby(column).size()).sort_values("iou")

    def summary(self) -> dict:
        """The headline numbers.

        iou, f1: mean over photos. iou_low, iou_high: 95 % interval of iou, resampling persons. worst_person and
        its iou and f1. iou_pooled: from all pixels as one. miou: hand and background averaged. boundary_px: median
        over photos.
        """
        table, persons = self.table, self.by("person")
        tp, fp, fn = (table[column].sum() for column in ("tp", "fp", "fn"))
        low, high = person_interval(table)
        background = (table.tn / (table.tn + table.fp + table.fn)).fillna(1).mean()  # none against none is perfect
        return {
            "photos": len(table),
            "persons": len(persons),
            "iou": float(table.iou.mean()),
            "iou_low": low,
            "iou_high": high,
            "f1": float(table.f1.mean()),
            "worst_person": str(persons.index[0]),
            "worst_person_iou": float(persons.iou.iloc[0]),
            "worst_person_f1": float(persons.f1.min()),
            "iou_pooled": float(tp / (tp + fp + fn)),
            "miou": float((table.iou.mean() + background) / 2),
            "boundary_px": float(table.boundary_px.median()),
            "threshold": self.threshold,
        }


def evaluate(model: keras.Model | Predictor, samples: Sequence[Sample], batch_size: int = 16) -> Report:
    """Scores a model on every sample, at the photo's own size.

    Args:
        model: a U-Net, cut at 0.5, or a predictor, cut at its threshold.
        samples: of persons that the model was not trained on.
        batch_size: photos in one pass of the network.

    Raises:
        InputError: there are no samples, or one cannot be read.
    """
    if not samples:
        raise InputError("no samples: there is nothing to evaluate on.")
    predictor = model if isinstance(model, Predictor) else Predictor(model)
    rows = []
    # delay: where the first photo cannot be read, the error is all there is to see
    with tqdm(range(0, len(samples), batch_size), desc="evaluate", unit="batch", delay=1) as starts:
        for start in starts:
            batch = samples[start : start + batch_size]
            images, masks = zip(*(sample.read() for sample in batch))
            for sample, mask, hand in zip(batch, masks, predictor.many(images)):
                rows.append(_score(sample, mask, (hand >= predictor.threshold).astype(np.uint8)))
    return Report(pd.DataFrame(rows), predictor.threshold)


def _score(sample: Sample, true: np.ndarray, pred: np.ndarray) -> dict:
    tp, fp, fn, tn = metrics.confusion(true, pred)
    return {
        "image": sample.image.name,
        "person": sample.person,
        "gesture": sample.gesture,
        "hand": float(true.mean()),
        "iou": metrics.iou(true, pred),
        "f1": metrics.f1(true, pred),
        "boundary_px": metrics.boundary_px(true, pred),
        "accuracy": metrics.accuracy(true, pred),
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "tn": tn,
    }


def person_interval(table: pd.DataFrame, draws: int = 2000, seed: int = 0) -> tuple[float, float]:
    """95 % interval of the mean IoU: the persons are drawn again, with replacement, many times.

    Photos of one person resemble each other, so it is persons, not photos, that count as independent.
    """
    groups = [group.iou.to_numpy() for _, group in table.groupby("person")]
    sums, sizes = np.array([g.sum() for g in groups]), np.array([g.size for g in groups])
    picks = np.random.default_rng(seed).integers(len(groups), size=(draws, len(groups)))
    low, high = np.percentile(sums[picks].sum(1) / sizes[picks].sum(1), [2.5, 97.5])
    return float(low), float(high)
