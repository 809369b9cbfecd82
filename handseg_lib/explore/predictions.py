"""Predictions, worst first, under a threshold that a slider moves."""

from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np
from IPython.display import display

from .. import metrics, plots
from ..data import Sample
from ..evaluate import evaluate
from ..predictor import Predictor


def explore(predictor: Predictor, samples: Sequence[Sample]) -> widgets.Widget:
    """Shows predictions, worst first, under a threshold that a slider moves.

    Args:
        predictor: a trained model.
        samples: of people that it has not seen.
    """
    table = evaluate(predictor, samples).table
    worst_first = [samples[i] for i in np.argsort(table.iou.to_numpy(), kind="stable")]
    hands: dict[Sample, np.ndarray] = {}  # one pass of the network a photo, however often the slider moves

    which = widgets.IntSlider(value=1, min=1, max=len(samples), description="photo", continuous_update=False)
    threshold = widgets.FloatSlider(
        value=predictor.threshold, min=0.02, max=0.98, step=0.02, description="threshold", continuous_update=False
    )
    picture = widgets.Output()

    def redraw(change=None):
        sample = worst_first[which.value - 1]
        if sample not in hands:
            hands[sample] = predictor(sample.read()[0])
        with picture:
            picture.clear_output(wait=True)
            display(draw_threshold(sample, hands[sample], threshold.value))

    which.observe(redraw, "value")
    threshold.observe(redraw, "value")
    redraw()
    return widgets.VBox([which, threshold, picture])


def draw_threshold(sample: Sample, hand: np.ndarray, threshold: float) -> plots.AltFigure:
    """Draws what ``explore`` shows: photo, probability, mask and errors at one threshold.

    Args:
        sample: the photo and its true mask.
        hand: probability of hand, float (H, W) in 0-1.
        threshold: probability from which a pixel is called hand.
    """
    image, true = sample.read()
    pred = (hand >= threshold).astype(np.uint8)
    iou, f1 = metrics.iou(true, pred), metrics.f1(true, pred)
    return plots.images(
        [image, hand, plots.overlay(image, pred), plots.errors(image, true, pred)],
        [
            f"person {sample.person}, gesture {sample.gesture}",
            "probability",
            f"IoU {iou:.3f}, F1 {f1:.3f}",
            plots.ERRORS,
        ],
        alt=f"Person {sample.person}, gesture {sample.gesture}: photo, probability of hand, the mask at threshold "
        f"{threshold:.2f} with IoU {iou:.2f}, and its errors: missed hand blue, false hand orange.",
    )
