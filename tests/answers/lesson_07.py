"""Answers to the exercises of lesson 07, Exploring predictions, and words of what their checks print."""

import numpy as np

import handseg_lib as hs


def best_threshold(hands, masks, thresholds, pick=np.argmax, cut=np.greater_equal):
    scores = [np.mean([hs.metrics.iou(m, cut(h, t)) for h, m in zip(hands, masks)]) for t in thresholds]
    return thresholds[pick(scores)]


def pooled_threshold(hands, masks, thresholds):
    hand, mask = (np.concatenate([a.ravel() for a in arrays]) for arrays in (hands, masks))
    return thresholds[np.argmax([hs.metrics.iou(mask, hand >= t) for t in thresholds])]


ANSWERS = [
    ("best_threshold", best_threshold, "Right!"),
    ("best_threshold", lambda h, m, t: max(t, key=lambda x: best_threshold(h, m, t) == x), "Right!"),
    ("best_threshold", pooled_threshold, "Compute the IoU of each photo first"),
    ("best_threshold", lambda h, m, t: best_threshold(h[:1], m[:1], t), "Compute the IoU of each photo first"),
    ("best_threshold", lambda h, m, t: best_threshold(h, m, t, np.argmin), "argmin and argmax"),
    ("best_threshold", lambda h, m, t: best_threshold(h, m, t, cut=np.greater), ">=, not >"),
    ("best_threshold", lambda h, m, t: best_threshold(h, m, range(4), lambda s: 2), "a position in thresholds"),
    ("best_threshold", lambda h, m, t: 0.875, "is a mean IoU"),
    ("best_threshold", lambda h, m, t: 0.6, "not one of the thresholds"),
    ("best_threshold", lambda h, m, t: [0.25, 0.75], "the shape (2,)"),
    ("best_threshold", lambda h, m, t: 0.75, "wrong for one"),
]
