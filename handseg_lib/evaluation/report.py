"""Evaluation: how well a model outlines the hands of people it has never seen.

Every photo is scored at its own size, the scores are averaged over photos, and an interval says how
much the average hangs on who the few test persons are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from .. import metrics
from ..data.gate import InputError, as_probability, of_kind, one_of, whole
from ..data.samples import Sample, as_samples, describe, insist_on_skin
from ..predictor import Predictor, as_predictor

SLICES = ("hand", "brightness", "tone", "background")


@dataclass(frozen=True)
class Report:
    """Scores of a model.

    Attributes:
        table: one row a photo: image, person, gesture, hand (its true share of the photo), brightness, tone and
            background (see ``data.samples.describe``), iou, f1, boundary_px, offset_px (the same with a sign: positive
            outside), accuracy, tp, fp, fn, tn, and fp_far, fn_far: those more than 2 px from the true edge.
        threshold: the probability from which a pixel was called hand.
    """

    table: pd.DataFrame
    threshold: float

    def by(self, column: str) -> pd.DataFrame:
        """Mean scores of each person or gesture, worst first."""
        one_of("column", column, list(self.table.columns))
        scores = self.table.groupby(column)[["iou", "f1", "boundary_px"]].mean()
        return scores.assign(photos=self.table.groupby(column).size()).sort_values("iou")

    def slices(self, columns: Sequence[str] = SLICES) -> pd.DataFrame:
        """Mean scores of the lowest, middle and highest third of the photos by each column.

        Returns:
            One row a third: slice, third, from and to (the column's values in it), photos, persons, iou, f1,
            boundary_px. A third is left out where too many photos have the same value to fill it.
        """
        rows = []
        for column in of_kind("columns", columns, (list, tuple), f"Give a list of some of {', '.join(SLICES)}."):
            one_of("column", column, SLICES)
            table = self.table.dropna(subset=column)
            thirds = np.searchsorted(table[column].quantile([1 / 3, 2 / 3]), table[column])
            for third, part in table.groupby(thirds):
                scores = part[["iou", "f1", "boundary_px"]].mean()
                ends = {"from": part[column].min(), "to": part[column].max()}
                size = {"photos": len(part), "persons": part.person.nunique()}
                rows.append({"slice": column, "third": ("low", "middle", "high")[third], **ends, **size, **scores})
        return pd.DataFrame(rows)

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
            "worst_person_f1": float(persons.f1.iloc[0]),
            "iou_pooled": float(metrics.ratio(tp, tp + fp + fn)),
            "miou": float((table.iou.mean() + background) / 2),
            "boundary_px": float(table.boundary_px.median()),
            "threshold": self.threshold,
        }

    def gain_over(self, other: "Report") -> tuple[float, float, float]:
        """What this report's mean IoU has over another's on the same photos.

        Returns:
            The gain, and its 95 % interval, resampling persons. Where the interval holds zero, these persons cannot
            tell which of the two is better.

        Raises:
            InputError: the two are not of the same photos in the same order.
        """
        of_kind("other", other, Report, "Give what hs.evaluate returned.")
        names = ["image", "person"]
        if not self.table[names].reset_index(drop=True).equals(other.table[names].reset_index(drop=True)):
            raise InputError("the two reports are of different photos. Evaluate both on the same samples.")
        gains = self.table.assign(iou=self.table.iou.to_numpy() - other.table.iou.to_numpy())
        return float(gains.iou.mean()), *person_interval(gains)


def evaluate(model: keras.Model | Callable, samples: Sequence[Sample], batch_size: int = 16) -> Report:
    """Scores a model on every sample, at the photo's own size.

    Args:
        model: a U-Net, cut at 0.5; or a predictor or baseline, cut at its threshold.
        samples: of persons that the model was not trained on.
        batch_size: photos in one pass of the network.

    Raises:
        InputError: it is no model or these are no samples, or one cannot be read.
    """
    predictor, samples = as_predictor(model, "predict_batch", "threshold"), as_samples(samples, "evaluate on")
    whole("batch_size", batch_size, 1, such_as=16)
    rows = []
    # delay: where the first photo cannot be read, the error is all there is to see
    with tqdm(total=len(samples), desc="evaluate", unit="photo", delay=1) as bar:
        for batch, images, masks in _in_batches(samples, batch_size):
            for sample, image, mask, hand in zip(batch, images, masks, predictor.predict_batch(images)):
                pred = (hand >= predictor.threshold).astype(np.uint8)
                rows.append(_label(sample, image, mask) | _score(mask, pred))
            bar.update(len(batch))
    insist_on_skin(samples, (row["hand"] for row in rows))
    return Report(pd.DataFrame(rows), predictor.threshold)


def _in_batches(samples: Sequence[Sample], batch_size: int, pixels: int = 2**24) -> Iterator[tuple]:
    """Reads samples, photos and masks in batches; fewer at once where they are large, for 16 of a phone fill 2 GB."""
    batch = []
    for sample in samples:
        image, mask = sample.read()
        if batch and (len(batch) == batch_size or mask.size + sum(m.size for *_, m in batch) > pixels):
            yield tuple(zip(*batch))
            batch = []
        batch.append((sample, image, mask))
    yield tuple(zip(*batch))


def _label(sample: Sample, image: np.ndarray, true: np.ndarray) -> dict:
    """What a photo is, whatever the model says."""
    names = {"image": sample.name, "person": sample.person, "gesture": sample.gesture}
    return names | {"hand": float(true.mean())} | describe(image, true)


def _score(true: np.ndarray, pred: np.ndarray) -> dict:
    tp, fp, fn, tn = metrics.confusion(true, pred)
    _, fp_far, fn_far, _ = metrics.confusion(true, metrics.forgive(true, pred))
    return {
        "iou": metrics.iou(true, pred),
        "f1": metrics.f1(true, pred),
        "boundary_px": metrics.boundary_px(true, pred),
        "offset_px": metrics.offset_px(true, pred),
        "accuracy": metrics.accuracy(true, pred),
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "tn": tn,
        "fp_far": fp_far,
        "fn_far": fn_far,
    }


def tune_threshold(predictor: Callable, samples: Sequence[Sample]) -> tuple[float, pd.DataFrame]:
    """Finds the threshold with the best mean IoU. On validation persons: test persons must not choose anything.

    Args:
        predictor: or a baseline, or a U-Net.
        samples: of the validation persons.

    Returns:
        The threshold, one of 0.01, 0.02, ..., 0.99; and the curve: columns threshold, iou, f1, means over photos.

    Raises:
        InputError: there are no samples, one cannot be read, or an answer is no probability.
    """
    predictor, samples = as_predictor(predictor), as_samples(samples, "tune a threshold on")
    steps = np.arange(1, 100, dtype=np.float32) / np.float32(100)
    ious, f1s = [], []
    for sample in tqdm(samples, desc="threshold", unit="photo", delay=1):
        image, true = sample.read()
        hands = as_probability(predictor(image), true, sample.image.name)
        passed = np.searchsorted(steps, hands, side="right")  # how many of the steps a pixel reaches
        called, hits = (
            np.bincount(pixels.ravel(), minlength=100)[::-1].cumsum()[-2::-1] for pixels in (passed, passed[true == 1])
        )
        hand = np.count_nonzero(true)
        either = called + hand - hits
        ious.append(np.where(either, hits / np.maximum(either, 1), 1.0))
        f1s.append(np.where(either, 2 * hits / np.maximum(called + hand, 1), 1.0))
    curve = pd.DataFrame({"threshold": steps.round(2), "iou": np.mean(ious, 0), "f1": np.mean(f1s, 0)})
    return round(float(curve.threshold[curve.iou.argmax()]), 2), curve


def shipped_threshold(predictor: Predictor, samples: Sequence[Sample]) -> tuple[float, dict]:
    """The threshold to ship a network with: 0.5, unless another one is better by more than chance would have it.

    The best of 99 thresholds is partly luck. So it is taken only where the whole interval of its gain over 0.5,
    which resamples persons, lies above zero.

    Args:
        predictor: whatever its own threshold.
        samples: of the validation persons.

    Returns:
        The threshold; and what it was chosen by: best (threshold), iou_at_best, iou_at_half, gain, low, high.
    """
    best, _ = tune_threshold(predictor, samples)
    at_best, at_half = (evaluate(Predictor(predictor.model, at), samples) for at in (best, 0.5))
    gain, low, high = at_best.gain_over(at_half)
    ious = {"iou_at_best": float(at_best.table.iou.mean()), "iou_at_half": float(at_half.table.iou.mean())}
    return best if low > 0 else 0.5, {"best": best} | ious | {"gain": gain, "low": low, "high": high}


def person_interval(table: pd.DataFrame, draws: int = 2000, seed: int = 0) -> tuple[float, float]:
    """95 % interval of the mean IoU: the persons are drawn again, with replacement, many times.

    Photos of one person resemble each other, so it is persons, not photos, that count as independent.
    """
    groups = [group.iou.to_numpy() for _, group in table.groupby("person")]
    sums, sizes = np.array([g.sum() for g in groups]), np.array([g.size for g in groups])
    picks = np.random.default_rng(seed).integers(len(groups), size=(draws, len(groups)))
    low, high = np.percentile(sums[picks].sum(1) / sizes[picks].sum(1), [2.5, 97.5])
    return float(low), float(high)
