"""Answers to the exercises of lesson 00, Start here, and words of what their checks print."""

import numpy as np

ANSWERS = [
    ("to_mask", lambda hand, threshold: (hand >= threshold).astype(np.uint8), "Right!"),
    ("to_mask", lambda hand, threshold: np.where(hand < threshold, 0, 1).astype("uint8"), "Right!"),
    ("to_mask", lambda hand, threshold: hand >= threshold, "True and False are right"),
    ("to_mask", lambda hand, threshold: (hand > threshold).astype("uint8"), "at least, not above"),
    ("to_mask", lambda hand, threshold: (hand < threshold).astype("uint8"), "are exchanged"),
    ("to_mask", lambda hand, threshold: (hand >= threshold) * np.uint8(255), "0 and 1, not [0, 255]"),
    ("to_mask", lambda hand, threshold: (hand >= 0.5).astype("uint8"), "Is the threshold used?"),
    ("to_mask", lambda hand, threshold: np.where(hand >= threshold, 1.0, 0.0), "should be uint8, not float64"),
    ("to_mask", lambda hand, threshold: (hand >= threshold).astype("uint8")[..., None], "not (2, 3, 1)"),
    ("to_mask", lambda hand, threshold: 1 if hand >= threshold else 0, "stopped with ValueError"),
]
