"""Predictions, worst first, under a threshold that a slider moves."""

import base64
import csv
import functools
import io
import re
from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np

from .. import metrics, plots
from ..data.gate import as_masks, as_probability, number, of_kind
from ..data.samples import Sample, as_samples
from ..evaluation.audit import mirrored
from ..evaluation.report import evaluate
from ..predictor import Predictor, as_predictor
from .view import Drawing, View, button, choice, keep, pages, passing, slider, tick

ORDERS = {"worst first": "iou", "by person": "person", "by gesture": "gesture", "smallest hand first": "hand"}
FORMULA = re.compile(r"\s*[=+@＝＋－＠-]")  # how text begins that a spreadsheet would work out


def explore(predictor: Predictor, samples: Sequence[Sample]) -> View:
    """Shows predictions under a threshold that a slider moves, and keeps a list of the failures you note.

    Args:
        predictor: a trained model.
        samples: of people that it has not seen.

    Raises:
        InputError: there are no samples, or one cannot be read.
    """
    predictor = as_predictor(predictor, "__call__", "predict_batch", "threshold")
    samples = as_samples(samples, "explore")
    with passing():
        table = evaluate(predictor, samples).table
    # read once, and one pass of the network each, however often a slider moves; a phone's photo takes some 50 MB, and
    # an answer as much
    last = functools.lru_cache(4)
    remembered = last(keep)
    hand = last(lambda sample: predictor(remembered(sample).read()[0]))
    mirror = last(lambda sample: mirrored(predictor, remembered(sample).read()[0]))
    tuned = predictor.threshold
    controls = {
        "photo": slider("photo", 1, 1, len(samples)),
        "order": choice("order", list(ORDERS)),
        "threshold": slider("threshold", tuned, 0.01, 0.99, 0.01),
        "strength": slider("overlay strength", 0.25, 0.0, 1.0, 0.05),
        "by_mirror": tick("uncertainty from the mirror image"),
    }

    def current() -> Sample:
        ranks = table.sort_values(ORDERS[controls["order"].value], kind="stable").index
        return samples[ranks[controls["photo"].value - 1]]

    def draw(photo, order, threshold, strength, by_mirror) -> Drawing:
        sample = current()
        other = mirror(sample) if by_mirror else None
        return draw_threshold(remembered(sample), hand(sample), threshold, strength, tuned, other)

    at_tuned = button(f"tuned threshold, {tuned:.2f}", lambda: setattr(controls["threshold"], "value", tuned))
    view = View(draw, controls, [*pages(controls["photo"]), at_tuned])
    view.children += (_notes(current, controls["threshold"]),)
    return view


def draw_threshold(
    sample: Sample,
    hand: np.ndarray,
    threshold: float,
    strength: float = 0.25,
    tuned: float | None = None,
    mirror: np.ndarray | None = None,
) -> Drawing:
    """Draws what ``explore`` shows: photo, probability, mask, errors and uncertainty at one threshold.

    Args:
        sample: the photo and its true mask.
        hand: probability of hand, float (H, W) in 0-1.
        threshold: probability from which a pixel is called hand.
        strength: of the mask's fill, 0-1.
        tuned: another threshold, whose scores are written beside; None: none.
        mirror: the probability that the mirror image gives (``audit.mirrored``): the network is unsure where it
            differs; None: where the probability is near 0.5.
    """
    image, true = of_kind("sample", sample, Sample, "Give one of a list of samples: samples[0].").read()
    hand = as_probability(hand, true, sample.name)
    for name, cut in (("threshold", threshold), ("tuned", 0 if tuned is None else tuned)):
        number(name, cut, 0, 1, such_as=0.5)
    pred = (hand >= threshold).astype(np.uint8)
    iou, f1 = metrics.iou(true, pred), metrics.f1(true, pred)
    text = f"threshold {threshold:.2f}: IoU {iou:.3f}, F1 {f1:.3f}"
    if tuned is not None:
        at_tuned = (hand >= tuned).astype(np.uint8)
        text += f" | tuned threshold {tuned:.2f}: IoU {metrics.iou(true, at_tuned):.3f}, "
        text += f"F1 {metrics.f1(true, at_tuned):.3f}"
    if mirror is None:
        unsure, where = 4 * hand * (1 - hand), "p = 0.5"
    else:
        unsure, where = np.abs(hand - mirror), "the mirror image differs"
        text += f" | IoU with the mask of the mirror image {metrics.iou(pred, mirror >= threshold):.3f}"
    return Drawing(
        [
            image,
            hand,
            plots.overlay(image, pred, strength=strength),
            hatched_errors(image, true, pred),
            unsure,
        ],
        [
            f"person {sample.person}, gesture {sample.gesture}",
            "probability",
            f"IoU {iou:.3f}, F1 {f1:.3f}",
            "missed blue \\\\\\, false orange ///",
            f"uncertainty: white where {where}",
        ],
        alt=f"Person {sample.person}, gesture {sample.gesture}: photo, probability of hand, the mask at threshold "
        f"{threshold:.2f} with IoU {iou:.2f}, its errors: missed hand blue, false hand orange, and where the "
        "network is unsure.",
        text=text,
    )


def hatched_errors(image: np.ndarray, true: np.ndarray, pred: np.ndarray) -> np.ndarray:
    r"""``plots.errors`` with a hatch beside the colour: missed hand falls ``\\\``, false hand rises ``///``."""
    true, pred = as_masks(true=true, pred=pred)
    painted = plots.errors(image, true, pred)
    y, x = np.indices(true.shape)
    period = max(6, max(true.shape) // 40)
    for wrong, stripes in (((true == 1) & (pred == 0), x - y), ((true == 0) & (pred == 1), x + y)):
        painted[wrong & (stripes % period < period // 3)] = 255
    return painted


def _notes(current, threshold: widgets.Widget) -> widgets.Widget:
    """A field for a note on the current sample, and the list of all notes to download."""
    rows: list[dict] = []
    field = widgets.Text(description="note", placeholder="what goes wrong here?")
    link = widgets.HTML()

    def note() -> None:
        sample = current()
        rows.append(
            {
                "image": sample.name,
                "person": sample.person,
                "gesture": sample.gesture,
                "threshold": round(threshold.value, 2),
                "note": field.value,
            }
        )
        field.value = ""
        link.value = csv_link(rows, "failures.csv")

    return widgets.HBox([field, button("add to the list", note), link], layout=widgets.Layout(flex_flow="row wrap"))


def csv_link(rows: Sequence[dict], name: str) -> str:
    """HTML of a link that downloads rows as a CSV file, whose text no spreadsheet takes for a formula."""
    text = io.StringIO()
    table = csv.DictWriter(text, rows[0])
    table.writeheader()
    table.writerows({key: _as_text(value) for key, value in row.items()} for row in rows)
    address = base64.b64encode(text.getvalue().encode(errors="backslashreplace")).decode()
    return f'<a download="{name}" href="data:text/csv;base64,{address}">download {name}, {len(rows)} rows</a>'


def _as_text(value):
    """Puts an apostrophe before text that would begin a formula, as one does in a spreadsheet to have it as text."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value
