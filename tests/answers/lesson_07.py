"""Answers to the exercises of lesson 07, Exploring predictions, and words of what their checks print."""

import numpy as np
import pandas as pd

import handseg_lib as hs


def best_threshold(hands, masks, thresholds, pick=np.argmax, cut=np.greater_equal):
    scores = [np.mean([hs.metrics.iou(m, cut(h, t)) for h, m in zip(hands, masks)]) for t in thresholds]
    return thresholds[pick(scores)]


def pooled_threshold(hands, masks, thresholds):
    hand, mask = (np.concatenate([a.ravel() for a in arrays]) for arrays in (hands, masks))
    return thresholds[np.argmax([(mask & (hand >= t)).sum() / (mask | (hand >= t)).sum() for t in thresholds])]


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


def chosen_by(score):
    """An answer that goes by another score than the mean IoU over photos."""

    def answer(hands, masks, thresholds):
        return thresholds[np.argmax([score([(m, h >= t) for h, m in zip(hands, masks)]) for t in thresholds])]

    return answer


def mean_over_photos(metric):
    return lambda pairs: np.mean([metric(m, p) for m, p in pairs])


def precision(true, pred):
    return (true & pred).sum() / max(pred.sum(), 1)


def recall(true, pred):
    return (true & pred).sum() / true.sum()


def ious(pairs):
    return [hs.metrics.iou(m, p) for m, p in pairs]


def best_in_a_loop(hands, masks, thresholds):
    best, found = -1, None
    for t in thresholds:
        total = 0
        for hand, mask in zip(hands, masks):
            pred = (hand >= t).astype("uint8")
            either = np.sum(pred | mask)
            total += np.sum(pred & mask) / either if either else 1
        if total / len(hands) > best:
            best, found = total / len(hands), t
    return float(found)


def best_of_a_table(hands, masks, thresholds):
    table = np.array([[hs.metrics.iou(m, h >= t) for t in thresholds] for h, m in zip(hands, masks)])
    return np.asarray(thresholds)[table.mean(axis=0).argmax()]


def worst_by_index(ious, n):
    return [list(ious).index(iou) for iou in sorted(ious)[:n]]


def worst_in_place(ious, n):
    before = list(ious)
    ious.sort()
    return [before.index(iou) for iou in ious[:n]]


def worst_by_partition(ious, n):
    return np.argpartition(ious, n)[:n]


def worst_by_isin(ious, n):
    return np.flatnonzero(np.isin(ious, np.sort(ious)[:n]))


def worst_in_a_loop(ious, n):
    left = dict(enumerate(ious))
    worst = []
    for _ in range(n):
        worst.append(min(left, key=left.get))
        del left[worst[-1]]
    return worst


def share_by_histogram(hands, masks, low, high):
    hand, mask = np.hstack([h.flatten() for h in hands]), np.hstack([m.flatten() for m in masks])
    return np.average(mask, weights=(hand >= low) * (hand < high))


def share_in_place(hands, masks, low, high):
    for hand, mask in zip(hands, masks):
        mask[(hand < low) | (hand >= high)] = 0
    return sum(m.sum() for m in masks) / sum(((h >= low) & (h < high)).sum() for h in hands)


ANSWERS = [
    ("best_threshold", best_in_a_loop, "Right!"),
    ("best_threshold", best_of_a_table, "Right!"),
    ("best_threshold", chosen_by(lambda pairs: sum(ious(pairs))), "Right!"),
    (
        "best_threshold",
        lambda h, m, t: [*t][np.argmax([np.mean(ious(zip(m, (p >= x for p in h)))) for x in t])],
        "Right!",
    ),
    ("best_threshold", chosen_by(mean_over_photos(hs.metrics.accuracy)), "for accuracy"),
    ("best_threshold", chosen_by(lambda pairs: np.median(ious(pairs))), "for the median"),
    ("best_threshold", chosen_by(mean_over_photos(hs.metrics.f1)), "Dice"),
    ("best_threshold", chosen_by(lambda pairs: min(ious(pairs))), "wrong"),
    ("best_threshold", chosen_by(lambda pairs: max(ious(pairs))), "best for the large photo"),
    ("best_threshold", chosen_by(lambda pairs: np.prod(ious(pairs))), "wrong"),
    ("best_threshold", chosen_by(mean_over_photos(precision)), "wrong"),
    ("best_threshold", chosen_by(mean_over_photos(recall)), "best for the large photo"),
    ("best_threshold", chosen_by(lambda pairs: ious(pairs)[-1]), "wrong"),
    ("best_threshold", lambda h, m, t: np.mean(t), "not one of the thresholds"),
    ("worst_first", worst_in_a_loop, "Right!"),
    ("worst_first", lambda ious, n: np.argsort(-ious)[::-1][:n], "Right!"),
    ("worst_first", lambda ious, n: [i for _, i in sorted(zip(ious, range(len(ious))))][:n], "Right!"),
    ("worst_first", lambda ious, n: tuple(np.argsort(ious, kind="stable")[:n].tolist()), "Right!"),
    ("worst_first", lambda ious, n: pd.Series(ious).nsmallest(n).index, "Right!"),
    ("worst_first", worst_by_index, "Each photo once"),
    ("worst_first", worst_in_place, "writes into what it is handed"),
    ("worst_first", worst_by_partition, "do not come in order"),
    ("worst_first", worst_by_isin, "worst first"),
    ("worst_first", lambda ious, n: np.argsort(ious)[:n].astype(float), "a whole number"),
    ("worst_first", lambda ious, n: np.argsort(ious)[1 : n + 1], "not where the three lowest"),
    ("worst_first", lambda ious, n: np.argsort(np.argsort(ious))[:n], "Turn the order round"),
    ("worst_first", lambda ious, n: ious[np.argsort(ious)][:n], "These are IoUs"),
    ("share_of_hand", share_by_histogram, "Right!"),
    ("share_of_hand", lambda h, m, low, high: float(share_of_hand(h, m, low, high)), "Right!"),
    ("share_of_hand", share_in_place, "writes into what it is handed"),
    ("share_of_hand", lambda h, m, low, high: share_of_hand(h[:1], m[:1], low, high), "this is 0.600"),
    ("share_of_hand", lambda h, m, low, high: 1 - share_of_hand(h, m, low, high), "and this is"),
    ("share_of_hand", lambda h, m, low, high: share_of_hand(h, m, low, 2), "and this is"),
    ("share_of_hand", lambda h, m, low, high: (low + high) / 2, "and this is"),
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
