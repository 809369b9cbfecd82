"""Answers to the exercises of lesson 00, Start here, and words of what their checks print."""

import sys

import keras
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


def share_by_counting(mask):
    return np.unique(mask, return_counts=True)[1][1] / mask.size


def share_in_a_loop(mask):
    count = 0
    for row in mask:
        for pixel in row:
            count += int(pixel)
    return count / (len(mask) * len(mask[0]))


def to_mask_in_place(probability, threshold):
    probability[probability < threshold] = 0
    probability[probability >= threshold] = 1
    return probability.astype("uint8")


def to_mask_in_a_loop(probability, threshold):
    mask = np.zeros(probability.shape, np.uint8)
    for i, row in enumerate(probability):
        for j, p in enumerate(row):
            if p >= threshold:
                mask[i, j] = 1
    return mask


def to_mask_of_two_rows(probability, threshold):
    return np.array([[int(probability[i, j] >= threshold) for j in range(3)] for i in range(2)], np.uint8)


def cut_out_by_colour(image, mask):
    result = image * mask[..., None]
    result[(result == 0).all(axis=-1)] = 255
    return result


def cut_out_by_pixel(image, mask):
    result = np.full_like(image, 255)
    for row, column in np.argwhere(mask):
        result[row, column] = image[row, column]
    return result


def cut_out_of_an_alias(image, mask):
    result = image[:]
    result[mask == 0] = 255
    return result


ANSWERS = [
    ("hand_share", np.mean, "Right!"),
    ("hand_share", share_in_a_loop, "Right!"),
    ("hand_share", lambda mask: np.count_nonzero(mask) / mask.size, "Right!"),
    ("hand_share", lambda mask: len(mask[mask == 1]) / mask.size, "Right!"),
    ("hand_share", lambda mask: mask.mean(dtype="float32"), "Right!"),
    ("hand_share", lambda mask: keras.ops.mean(keras.ops.cast(mask, "float32")), "Right!"),
    ("hand_share", lambda mask: float(f"{mask.mean():.2f}"), "you round"),
    ("hand_share", lambda mask: f"{mask.mean():.2f}", "This is text"),
    ("hand_share", lambda mask: mask.sum() / 20, "stand in your code"),
    ("hand_share", lambda mask: mask.sum() // mask.size, "this is 0"),
    ("hand_share", share_by_counting, "all pixels are 0"),
    ("hand_share", lambda mask: np.bincount(mask.ravel())[1] / mask.size, "all pixels are 0"),
    ("hand_share", lambda mask: mask.sum() / len(mask) ** 2, "and this is 0.12"),
    ("hand_share", lambda mask: np.median(mask), "and this is 0"),
    ("hand_share", 0.15, "by its name alone"),
    ("hand_share", None, "by its name alone"),
    ("hand_share", lambda: 0.15, "stopped with TypeError"),
    ("hand_share", lambda mask: sys.exit("enough"), "stopped with SystemExit"),
    ("hand_share", lambda mask: {}, "cannot read what your code returns"),
    ("to_mask", to_mask_in_a_loop, "Right!"),
    ("to_mask", lambda hand, threshold: np.greater_equal(hand, threshold).view(np.uint8), "Right!"),
    ("to_mask", lambda hand, threshold: (hand >= threshold) * np.uint8(1), "Right!"),
    ("to_mask", lambda hand, threshold: 1 - (hand < threshold).astype("uint8"), "Right!"),
    ("to_mask", to_mask_in_place, "writes into what it is handed"),
    ("to_mask", to_mask_of_two_rows, "not for 3 x 2"),
    ("to_mask", lambda hand, threshold: (hand >= 1 - threshold).astype("uint8"), "but not for one of 0.25"),
    ("to_mask", lambda hand, threshold: hand.round().astype("uint8"), "at least, not above"),
    ("to_mask", lambda hand, threshold: (hand >= threshold).astype("uint8").T, "not (3, 2)"),
    ("to_mask", lambda hand, threshold: (hand >= threshold).astype("float32"), "should be uint8, not float32"),
    ("to_mask", lambda hand, threshold: (hand >= threshold).tolist(), "this is a list"),
    ("cut_out", cut_out_by_pixel, "Right!"),
    ("cut_out", lambda image, mask: np.maximum(image, 255 * (1 - mask[..., None])), "Right!"),
    ("cut_out", lambda image, mask: np.where(np.dstack([mask] * 3), image, np.uint8(255)), "Right!"),
    ("cut_out", cut_out_by_colour, "the colour, or the mask"),
    ("cut_out", lambda image, mask: np.where(image * mask[..., None] == 0, 255, image), "the colour, or the mask"),
    ("cut_out", cut_out_of_an_alias, "What makes a copy"),
    ("cut_out", lambda image, mask: image + (1 - mask[..., None]) * np.uint8(255), "not white yet"),
    ("cut_out", lambda image, mask: cut_out(image, mask)[..., 0], "this is (4, 5)"),
    ("cut_out", lambda image, mask: cut_out(image, mask)[None], "this is (1, 4, 5, 3)"),
    ("cut_out", lambda image, mask: cut_out(image, mask) / 255, "nearly black"),
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
    ("hand_share", lambda mask: print(mask.mean()), "Your function returns nothing"),
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
