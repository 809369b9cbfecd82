"""Answers to the exercises of lesson 05, Losses and metrics, and words of what their checks print."""

from fractions import Fraction

import keras
import numpy as np

import handseg_lib as hs


def dice(true, pred, axis=(1, 2), smooth=1e-6, factor=2):
    both, total = (true * pred).sum(axis), true.sum(axis) + pred.sum(axis)
    return (factor * both + smooth) / (total + smooth)


def batch_iou(true, pred):
    both = (true & pred).sum((1, 2))
    return (both + 1) / ((true | pred).sum((1, 2)) + 1)


def fair(loss, true, prob, reduce=np.mean, same=np.isclose, photos=None, part=lambda a, i: a[i : i + 1]):
    alone = [np.mean(loss(part(true, i), part(prob, i))) for i in range(photos or len(true))]
    return same(np.mean(loss(true, prob)), reduce(alone))


def fair_in_a_loop(loss, true, prob):
    total = 0
    for t, p in zip(true, prob):
        total += float(np.mean(loss(t[None], p[None])))
    return abs(total / len(true) - float(np.mean(loss(true, prob)))) < 1e-5


def dice_by_where(true, pred):
    both, total = (true & pred).sum((1, 2)), true.sum((1, 2)) + pred.sum((1, 2))
    return np.where(total > 0, 2 * both / np.maximum(total, 1), 1.0)


def dice_in_a_loop(true, pred):
    scores = []
    for t, p in zip(true.astype(bool), pred.astype(bool)):
        total = t.sum() + p.sum()
        scores.append(1 if total == 0 else 2 * (t & p).sum() / total)
    return scores


def dice_by_keras(true, pred):
    true, pred = keras.ops.cast(true, "float32"), keras.ops.cast(pred, "float32")
    both = keras.ops.sum(true * pred, axis=(1, 2))
    return (2 * both + 1e-7) / (keras.ops.sum(true + pred, axis=(1, 2)) + 1e-7)


def dice_by_iou(true, pred):
    scores = np.array([hs.metrics.iou(t, p) for t, p in zip(true, pred)])
    return 2 * scores / (1 + scores)


def dice_for_flat_masks(true, pred):
    true, pred = true.reshape(len(true), -1), pred.reshape(len(pred), -1)
    score = dice(true, pred, axis=1, smooth=0)
    score[np.isnan(score)] = 1
    return score


def dice_of_truths(true, pred):
    """1 wherever the truth is empty, whatever was predicted."""
    return np.where(true.sum((1, 2)) == 0, 1, dice(true, pred))


def dice_of_predictions(true, pred):
    return [0.0 if t.any() and not p.any() else dice_of_truths(t[None], p[None])[0] for t, p in zip(true, pred)]


def dice_in_uint8(true, pred):
    both, areas = np.zeros(len(true), np.uint8), np.zeros(len(true), np.uint8)
    for row in range(true.shape[1]):
        for column in range(true.shape[2]):
            both += true[:, row, column] * pred[:, row, column]
            areas += true[:, row, column] + pred[:, row, column]
    return (2.0 * both + 1e-6) / (areas + 1e-6)


def fair_by_pairs(loss, true, prob):
    alone = [np.mean(loss(true[[i]], prob[[i]])) for i in range(true.shape[0])]
    return np.isclose(sum(alone) / len(alone), np.mean(loss(true, prob))).all()


ANSWERS = [
    ("iou_and_dice", [Fraction(3, 7), np.float32(0.6)], "Right!"),
    ("iou_and_dice", [3 / 7, float("nan")], "IoU is right. Dice is not nan"),
    ("iou_and_dice", [6 / 7, 0.6], "An IoU of 0.86 is not right"),
    ("iou_and_dice", [3 / 7, 3 / 7], "over which sum"),
    ("iou_and_dice", [3 // 7, 6 // 10], "An IoU of 0.00 is not right"),
    ("iou_and_dice", [], "two numbers into the list"),
    ("dice", dice_by_where, "Right!"),
    ("dice", dice_in_a_loop, "Right!"),
    ("dice", dice_by_keras, "Right!"),
    ("dice", dice_by_iou, "Right!"),
    ("dice", dice_for_flat_masks, "Right!"),
    ("dice", lambda true, pred: dice(true.astype("float32"), pred.astype("float32")).astype("float32"), "Right!"),
    ("dice", lambda true, pred: dice(true, pred, smooth=1), "not a loss"),
    ("dice", lambda true, pred: dice(true, pred, smooth=0.01), "A hand of one pixel is missed"),
    ("dice", dice_of_truths, "Only if both masks are empty"),
    ("dice", dice_of_predictions, "Only if both masks are empty"),
    ("dice", dice_in_uint8, "Dice should be about 0.5"),
    ("dice", lambda true, pred: (true == pred).mean((1, 2)), "it is accuracy"),
    ("dice", lambda true, pred: dice(true, pred, axis=(0, 1)), "shape (3,)"),
    ("dice", lambda true, pred: np.round(dice(true, pred)), "about 0.5"),
    ("dice", lambda true, pred: [dice(true, pred).mean()] * len(true), "A missed hand should score 0"),
    ("is_fair", fair_by_pairs, "Right!"),
    ("is_fair", lambda *batch: keras.ops.isclose(*fair(*batch, same=lambda *sides: sides)), "Right!"),
    ("is_fair", lambda *batch: fair(*batch, same=lambda a, b: round(float(a), 4) == round(float(b), 4)), "Right!"),
    ("is_fair", lambda *batch: fair(*batch, same=lambda a, b: abs(a - b) < 0.01), "0.4% higher"),
    (
        "is_fair",
        lambda *batch: fair(*batch, same=lambda a, b: a <= b or np.isclose(a, b)),
        "You call Dice over the whole batch fair",
    ),
    ("is_fair", lambda *batch: fair(*batch, photos=5), "handed no photo"),
    ("is_fair", lambda *batch: fair(*batch, reduce=np.median), "unfair"),
    ("is_fair", lambda loss, true, prob: np.ndim(loss(true, prob)) == 1, "unfair"),
    ("is_fair", lambda *batch: str(fair(*batch)), "This is text"),
    ("iou_and_dice", [3 / 7, ...], "Two numbers are wanted"),
    ("iou_and_dice", [3 / 7, "3/5 "], "This is text"),
    ("iou_and_dice", [3 / 7, [6 / 10]], "The check cannot read"),
    ("is_fair", lambda loss, true, prob: fair(lambda t, p: loss(p, t), true, prob), "true masks first"),
    ("iou_and_dice", [3 / 7, 6 / 10], "Right!"),
    ("iou_and_dice", (0.43, 0.6), "Right!"),
    ("iou_and_dice", [0.6, 3 / 7], "IoU comes first"),
    ("iou_and_dice", [43, 60], "between 0 and 1"),
    ("iou_and_dice", [11 / 15, 0.6], "counts the background"),
    ("iou_and_dice", [3 / 10, 0.6], "Count a shared pixel once"),
    ("iou_and_dice", [3 / 6, 0.6], "one mask's area"),
    ("iou_and_dice", [4 / 7, 0.6], "How many pixels are 1 in both"),
    ("iou_and_dice", [3 / 7, 3 / 10], "counts twice"),
    ("iou_and_dice", [3 / 7, 6 / 7], "over which sum"),
    ("iou_and_dice", [3 / 7], "Two numbers are wanted"),
    ("iou_and_dice", 3 / 7, "two numbers into the list"),
    ("is_fair", fair, "Right!"),
    ("is_fair", fair_in_a_loop, "Right!"),
    ("is_fair", lambda *batch: fair(*batch, same=np.equal), "np.isclose lets that pass"),
    ("is_fair", lambda *batch: fair(*batch, part=lambda a, i: a[i]), "keeps the first axis"),
    ("is_fair", lambda *batch: fair(*batch, part=lambda a, i: a), "each photo alone"),
    ("is_fair", lambda *batch: fair(*batch, reduce=np.sum), "You call Dice of each photo unfair"),
    ("is_fair", lambda *batch: fair(*batch, photos=1), "You call Dice of each photo unfair"),
    ("is_fair", lambda *batch: fair(*batch, reduce=np.array), "one True or False"),
    ("is_fair", lambda *batch: fair(*batch, same=np.subtract), "one True or False"),
    ("is_fair", lambda *batch: print(fair(*batch)), "Your function returns nothing"),
    ("dice", dice, "Right!"),
    ("dice", lambda true, pred: [hs.metrics.f1(t, p) for t, p in zip(true, pred)], "Right!"),
    ("dice", lambda true, pred: dice(true, pred, axis=None), "one number for the whole batch"),
    ("dice", lambda true, pred: dice(true, pred, axis=1), "shape (3,)"),
    ("dice", lambda true, pred: dice(true, pred, smooth=0), "nan"),
    ("dice", lambda true, pred: dice(true, pred, factor=1), "Which factor"),
    ("dice", batch_iou, "This is IoU"),
    ("dice", lambda true, pred: 1 - dice(true, pred), "the loss"),
    ("dice", lambda true, pred: np.nan_to_num(dice(true, pred, smooth=0)), "the same above and below"),
]
