"""Answers to the exercises of lesson 00, Start here, and words of what their checks print."""

import numpy as np


def cut_out(image, mask, background=0, colour=255):
    result = image.copy()
    result[mask == background] = colour
    return result


def cut_out_in_place(image, mask):
    image[mask == 0] = 255
    return image


def cut_out_one_channel(image, mask):
    result = image.copy()
    result[mask == 0, 0] = 255
    return result


@np.errstate(over="ignore")
def share_in_uint8(mask):
    return sum(sum(mask)) / mask.size


ANSWERS = [
    ("hand_share", share_in_uint8, "wrong for a large one"),
    ("hand_share", lambda mask: mask.mean(), "Right!"),
    ("hand_share", lambda mask: (mask == 1).sum() / mask.size, "Right!"),
    ("hand_share", lambda mask: mask.sum(), "How many pixels are there in all"),
    ("hand_share", lambda mask: 100 * mask.mean(), "in percent"),
    ("hand_share", lambda mask: (mask == 0).mean(), "share of the background"),
    ("hand_share", lambda mask: mask.sum() / (mask == 0).sum(), "hand included"),
    ("hand_share", lambda mask: mask.sum() / len(mask), "one side of the mask"),
    ("hand_share", lambda mask: sum(mask) / len(mask), "One number for the whole mask"),
    ("hand_share", lambda mask: 0.5, "this is 0.5"),
    ("hand_share", lambda mask: print(mask.mean()), "Put your code in the place of the dots"),
    ("cut_out", cut_out, "Right!"),
    ("cut_out", lambda image, mask: np.where(mask[..., None] == 1, image, 255).astype("uint8"), "Right!"),
    ("cut_out", lambda image, mask: image * mask[..., None] + 255 * (1 - mask[..., None]), "Right!"),
    ("cut_out", lambda image, mask: np.where(mask == 1, image, 255), "an axis for the channels"),
    ("cut_out", lambda image, mask: image * mask, "an axis for the channels"),
    ("cut_out", lambda image, mask: cut_out(image, mask, background=1), "The hand has become white"),
    ("cut_out", lambda image, mask: image * mask[..., None], "The background is black"),
    ("cut_out", lambda image, mask: cut_out(image, mask, colour=1), "nearly black"),
    ("cut_out", lambda image, mask: np.where(mask[..., None] == 1, 0, 255) * np.ones(3), "hand's pixels have changed"),
    ("cut_out", cut_out_one_channel, "not white yet"),
    ("cut_out", lambda image, mask: cut_out(image, mask).astype(float), "should be uint8, not float64"),
    ("cut_out", cut_out_in_place, "What makes a copy"),
    ("cut_out", lambda image, mask: image[mask == 1], "The shape should stay"),
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
