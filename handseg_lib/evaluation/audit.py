"""The audit: what kind of error was made on a photo, and whether the network knew.

Nothing here edits a label. Where a network and a label disagree by the same pixel or two all round a person's hands,
it may be the label's habit, or the network's; where a piece is missing, the fault of either. One has to look.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from .. import metrics
from ..data.gate import as_probability, whole
from ..data.samples import Sample, as_samples
from ..predictor import as_predictor

# What kind of error it is


def outlines(table: pd.DataFrame) -> pd.DataFrame:
    """How much of each person's error lies along the outline, where labels differ, and on which side.

    Args:
        table: of a Report, on people the model was not trained on.

    Returns:
        For each person, the worst first: photos; offset_px, the median over photos (positive: the network draws
        outside the label); f1, and f1_2px, which forgives errors within 2 px of the true edge; forgiven, the share of
        the error 1 - F1 that goes with them.
    """
    strict, tolerant = table.f1, _f1_2px(table)
    scores = pd.DataFrame({"f1": strict, "f1_2px": tolerant})
    persons = scores.groupby(table.person).mean()
    # the median: a photo in which a wall is taken for skin says nothing about how somebody draws
    persons.insert(0, "offset_px", table.groupby("person").offset_px.median())
    persons.insert(0, "photos", table.groupby("person").size())
    lost = 1 - persons.f1
    persons["forgiven"] = ((persons.f1_2px - persons.f1) / lost.where(lost > 0)).fillna(0.0)
    return persons.sort_values("f1")


def disagreements(table: pd.DataFrame) -> pd.DataFrame:
    """The photos sorted by how far network and label disagree, the worst first, with the kind of error that prevails.

    Args:
        table: of a Report.

    Returns:
        The table with two columns more: f1_2px, and kind: "none"; "outline", where at least half of the wrong pixels
        are within 2 px of the true edge; "missed" or "false", where it is a piece of hand or of background.
    """
    wrong, far = table.fp + table.fn, table.fp_far + table.fn_far
    kinds = np.select(
        [wrong == 0, far * 2 <= wrong, table.fn_far >= table.fp_far], ["none", "outline", "missed"], "false"
    )
    return table.assign(f1_2px=_f1_2px(table), kind=kinds).sort_values("f1", kind="stable")


def _f1_2px(table: pd.DataFrame) -> pd.Series:
    """F1 without the errors within 2 px of the true edge; those of missed hand become hits."""
    hits = table.tp + table.fn - table.fn_far
    return (2 * hits / (2 * hits + table.fp_far + table.fn_far)).fillna(1.0)


# Whether the network knew


def reliability(predictor: Callable, samples: Sequence[Sample], bins: int = 10) -> pd.DataFrame:
    """Holds the probabilities against what is there: of the pixels that were given 0.7, 7 in 10 should be hand.

    Args:
        predictor: from a photo to the probability of hand.
        samples: of people it was not trained on.
        bins: of equal width, from 0 to 1.

    Returns:
        One row a bin: low, high, probability (the mean in it), hand (the share that is hand; both nan in an empty
        bin), pixels.

    Raises:
        InputError: there are no samples, one cannot be read, or an answer is no probability.
    """
    predictor, samples = as_predictor(predictor), as_samples(samples, "look at")
    bins = whole("bins", bins, 1, 1000, such_as=10)
    pixels, probabilities, hand = np.zeros((3, bins))
    for sample in tqdm(samples, desc="reliability", unit="photo", delay=1):
        image, true = sample.read()
        probability = as_probability(predictor(image), true, sample.image.name).ravel()
        which = np.minimum((probability * bins).astype(int), bins - 1)
        pixels += np.bincount(which, minlength=bins)
        probabilities += np.bincount(which, probability, minlength=bins)
        hand += np.bincount(which, true.ravel(), minlength=bins)
    edges, some = np.arange(bins + 1) / bins, np.where(pixels > 0, pixels, np.nan)
    columns = {"probability": probabilities / some, "hand": hand / some, "pixels": pixels.astype(int)}
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], **columns})


def calibration_error(table: pd.DataFrame) -> float:
    """The mean distance of probability and share, each bin of ``reliability`` weighted by its pixels, 0-1.

    Also called ECE: Guo et al. 2017, https://arxiv.org/abs/1706.04599.
    """
    return float(((table.probability - table.hand).abs() * table.pixels).sum() / table.pixels.sum())


def mirrored(predictor: Callable, image: np.ndarray) -> np.ndarray:
    """The probability of hand in the mirror image, turned back to lie on the photo: (H, W)."""
    return predictor(np.ascontiguousarray(image[:, ::-1]))[:, ::-1]


def doubt(predictor: Callable, image: np.ndarray, mask: np.ndarray) -> float:
    """How far the network's mask of a photo is from its mask of the mirror image: 1 - IoU of the two, 0-1.

    About 0 for a ``Predictor`` with ``mirror=True``, which gives both the same answer.
    """
    return 1 - metrics.iou(mask, mirrored(predictor, image) >= predictor.threshold)


def doubts(predictor: Callable, samples: Sequence[Sample]) -> pd.DataFrame:
    """The doubt about each photo beside the true error. Columns: image, person, doubt, error (1 - IoU).

    Raises:
        InputError: there are no samples, or one cannot be read.
    """
    predictor, samples = as_predictor(predictor, "__call__", "threshold"), as_samples(samples, "look at")
    rows = []
    for sample in tqdm(samples, desc="doubt", unit="photo", delay=1):
        image, true = sample.read()
        mask = predictor(image) >= predictor.threshold
        rows.append((sample.name, sample.person, doubt(predictor, image, mask), 1 - metrics.iou(true, mask)))
    return pd.DataFrame(rows, columns=["image", "person", "doubt", "error"])


def ranks_errors(table: pd.DataFrame, worst: float = 0.1) -> dict:
    """How well the doubt finds the errors, without a label.

    Args:
        table: from ``doubts``.
        worst: the share of the photos, those with the largest errors, that is to be found.

    Returns:
        spearman: rank correlation of doubt and error, -1 to 1. auroc: the chance that a photo of the worst is doubted
        more than another: 1 finds all of them first, 0.5 is chance; nan where all photos are as wrong.
    """
    bad = table.error > table.error.quantile(1 - worst)
    return {
        "spearman": float(table.doubt.rank().corr(table.error.rank())),
        "auroc": float(roc_auc_score(bad, table.doubt)) if bad.any() else float("nan"),
    }
