"""Metrics: how good a mask is. Hand is the class that counts; empty against empty is a perfect 1.

The numpy functions score one photo at its own size and are what every table of the course reports. They take masks
(H, W) of {0, 1}, {0, 255} or bool, and raise InputError for anything else: two of two sizes, or a probability.
``mean_iou`` is the same IoU for Keras, over a batch, while training runs.
"""

import cv2
import keras
import numpy as np
from keras import ops

from .data.gate import as_masks


def confusion(true: np.ndarray, pred: np.ndarray) -> tuple[int, int, int, int]:
    """Counts pixels. Args: two masks (H, W) of {0, 1}. Returns: (tp, fp, fn, tn), hand being positive."""
    true, pred = (mask.view(bool) for mask in as_masks(true=true, pred=pred))  # which are counted faster
    tp = int(np.count_nonzero(true & pred))
    fp, fn = int(np.count_nonzero(pred)) - tp, int(np.count_nonzero(true)) - tp
    return tp, fp, fn, true.size - tp - fp - fn


def iou(true: np.ndarray, pred: np.ndarray) -> float:
    """Intersection over union of two masks (H, W) of {0, 1}; also called Jaccard index. In 0-1."""
    tp, fp, fn, _ = confusion(true, pred)
    return ratio(tp, tp + fp + fn)


def f1(true: np.ndarray, pred: np.ndarray) -> float:
    """F1 of two masks (H, W) of {0, 1}; also called Dice. In 0-1, and 2 IoU / (1 + IoU)."""
    tp, fp, fn, _ = confusion(true, pred)
    return ratio(2 * tp, 2 * tp + fp + fn)


def accuracy(true: np.ndarray, pred: np.ndarray) -> float:
    """Share of right pixels, background included: 0.78 on HGR1 for an answer with no hand at all."""
    tp, fp, fn, tn = confusion(true, pred)
    return ratio(tp + tn, tp + fp + fn + tn)


def boundary_px(true: np.ndarray, pred: np.ndarray) -> float:
    """Median distance from the predicted outline to the true one, in pixels of the photo.

    nan where one of the masks has no outline.
    """
    return _median(np.abs(_offsets(true, pred)))


def offset_px(true: np.ndarray, pred: np.ndarray) -> float:
    """Median signed distance from the true outline to the predicted one, in pixels of the photo.

    Positive where the prediction lies outside the true mask, negative inside; nan where one has no outline.
    """
    return _median(_offsets(true, pred))


def forgive(true: np.ndarray, pred: np.ndarray, tolerance: float = 2.0) -> np.ndarray:
    """The predicted mask, with what is wrong within ``tolerance`` pixels of the true mask's edge put right.

    ``f1(true, forgive(true, pred))`` is F1 with a tolerance band, wide enough for how people draw outlines.

    Args:
        true, pred: masks (H, W) of {0, 1}.
        tolerance: width of the band on either side of the edge, in pixels of the photo.

    Returns:
        uint8 (H, W) of {0, 1}.
    """
    true, pred = as_masks(true=true, pred=pred)
    if not 0 < np.count_nonzero(true) < true.size:  # no edge, no band
        return pred.copy()
    # to the nearest pixel of the other class; the photo's edge is none
    inside, outside = (cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for part in (true, 1 - true))
    return np.where(inside + outside <= tolerance, true, pred).astype(np.uint8)


def mean_iou(threshold: float = 0.5) -> keras.metrics.Metric:
    """The IoU of each image of a batch, averaged over images, as a Keras metric named "iou"."""
    return keras.metrics.MeanMetricWrapper(batch_iou, name="iou", threshold=threshold)


@keras.saving.register_keras_serializable("handseg")
def batch_iou(y_true, y_pred, threshold: float = 0.5):
    """IoU of each image. Args: masks and probabilities, (N, H, W, 1). Returns: (N,), in 0-1."""
    true, pred = ops.cast(y_true, "float32"), ops.cast(y_pred >= threshold, "float32")
    both = ops.sum(true * pred, axis=(1, 2, 3))
    either = ops.sum(ops.maximum(true, pred), axis=(1, 2, 3))
    return ops.where(either > 0, both / ops.maximum(either, 1.0), 1.0)


def ratio(part: int, whole: int) -> float:
    """A share, and 1 of nothing: none against none is perfect."""
    return part / whole if whole else 1.0


def _offsets(true: np.ndarray, pred: np.ndarray) -> np.ndarray:
    """For each pixel of the predicted outline, how far it is from the true one; negative inside the true mask."""
    true, pred = as_masks(true=true, pred=pred)
    true_line, pred_line = _outline(true), _outline(pred)
    if not true_line.any() or not pred_line.any():
        return np.empty(0)
    distance = cv2.distanceTransform(1 - true_line, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.where(true == 1, -distance, distance)[pred_line == 1]


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if values.size else float("nan")


def _outline(mask: np.ndarray) -> np.ndarray:
    """The mask's own outermost pixels; the photo's edge is no outline."""
    inside = cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return mask - inside
