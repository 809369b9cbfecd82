"""Answers to the exercises of lesson 05, Losses and metrics, and words of what their checks print."""

import numpy as np

import handseg_lib as hs


def dice(true, pred, axis=(1, 2), smooth=1.0, factor=2):
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


ANSWERS = [
    ("iou_and_dice", [3 / 7, ...], "in the place of the dots"),
    ("iou_and_dice", [3 / 7, "3/5 "], "The check cannot read"),
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
    ("is_fair", lambda *batch: print(fair(*batch)), "Put your code in the place of the dots"),
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
