"""Answers to the exercises of lesson 07, Exploring predictions, and words of what their checks print."""

import numpy as np

import handseg_lib as hs


def best_threshold(hands, masks, thresholds, pick=np.argmax, cut=np.greater_equal):
    scores = [np.mean([hs.metrics.iou(m, cut(h, t)) for h, m in zip(hands, masks)]) for t in thresholds]
    return thresholds[pick(scores)]


def pooled_threshold(hands, masks, thresholds):
    hand, mask = (np.concatenate([a.ravel() for a in arrays]) for arrays in (hands, masks))
    return thresholds[np.argmax([hs.metrics.iou(mask, hand >= t) for t in thresholds])]


def share_of_hand(hands, masks, low, high, above=np.greater_equal, below=np.less, of_all=False):
    hand, mask = (np.concatenate([a.ravel() for a in arrays]) for arrays in (hands, masks))
    inside = above(hand, low) & below(hand, high)
    return (mask * inside).sum() / (inside.size if of_all else inside.sum())


def share_in_a_loop(hands, masks, low, high):
    hit = count = 0
    for hand, mask in zip(hands, masks):
        for p, m in zip(hand.ravel(), mask.ravel()):
            if low <= p < high:
                hit, count = hit + int(m), count + 1
    return hit / count


def mean_of_shares(hands, masks, low, high, mean=np.mean):
    return mean([m[(h >= low) & (h < high)].mean() for h, m in zip(hands, masks)])


def share_in_uint8(hands, masks, low, high):
    hit = count = 0
    for hand, mask in zip(hands, masks):
        inside = (hand >= low) & (hand < high)
        hit, count = hit + sum(mask[inside]), count + inside.sum()
    return hit / count


def best_threshold_in_place(hands, masks, thresholds):
    scores = []
    for t in thresholds:
        for hand in hands:
            hand[hand >= t], hand[hand < t] = 1, 0
        scores.append(np.mean([hs.metrics.iou(m, h) for h, m in zip(hands, masks)]))
    return thresholds[np.argmax(scores)]


ANSWERS = [
    ("share_of_hand", share_in_uint8, "and this is"),
    ("best_threshold", best_threshold_in_place, "makes a new array"),
    ("worst_first", lambda ious, n: np.argsort(ious)[:n], "Right!"),
    ("worst_first", lambda ious, n: sorted(range(len(ious)), key=lambda i: ious[i])[:n], "Right!"),
    ("worst_first", lambda ious, n: np.sort(ious)[:n], "These are IoUs"),
    ("worst_first", lambda ious, n: np.argsort(ious), "n worst only"),
    ("worst_first", lambda ious, n: np.argsort(-ious)[:n], "best first"),
    ("worst_first", lambda ious, n: np.argsort(-ious)[-n:], "the very worst comes last"),
    ("worst_first", lambda ious, n: np.arange(n), "not where the three lowest"),
    ("worst_first", lambda ious, n: np.argmin(ious), "the shape ()"),
    ("worst_first", lambda ious, n: np.argsort(ious)[:3], "Is n used"),
    ("share_of_hand", share_of_hand, "Right!"),
    ("share_of_hand", share_in_a_loop, "Right!"),
    ("share_of_hand", mean_of_shares, "0 / 0 is nan"),
    ("share_of_hand", lambda *a: mean_of_shares(*a, mean=np.nanmean), "a mean over photos"),
    ("share_of_hand", lambda *a: share_of_hand(*a, below=np.less_equal), "exactly at high"),
    ("share_of_hand", lambda *a: share_of_hand(*a, above=np.greater), "exactly at low"),
    ("share_of_hand", lambda *a: share_of_hand(*a, of_all=True), "by all pixels"),
    ("share_of_hand", lambda h, m, low, high: share_of_hand(h, h, low, high), "what the network says"),
    ("share_of_hand", lambda *a: [0.5, 0.5], "the shape (2,)"),
    ("share_of_hand", lambda *a: 31, "between 0 and 1"),
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
