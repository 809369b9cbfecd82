"""Answers to the exercises of lesson 01, Photos and masks, and words of what their checks print."""

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.model_selection import train_test_split

import handseg_lib as hs


def grey(path):
    return np.array(Image.open(path).convert("L"))


def deal(samples, count, rng, replace=False):
    people = sorted({s.person for s in samples})
    drawn = rng.choice(people, count, replace=replace)
    return [s for s in samples if s.person not in drawn], [s for s in samples if s.person in drawn]


def deal_by_permutation(samples, count, rng):
    test = set(rng.permutation(sorted({s.person for s in samples}))[:count])
    parts = [], []
    for sample in samples:
        parts[sample.person in test].append(sample)
    return parts


def deal_samples(samples, count, rng):
    order = rng.permutation(len(samples))
    return [samples[k] for k in order[5 * count :]], [samples[k] for k in order[: 5 * count]]


@np.errstate(over="ignore")
def share_in_uint8(mask):
    return sum(p for row in mask for p in row) / mask.size


def deal_from_a_list(samples, count, rng):
    """Each name as often as there are photos."""
    drawn = rng.choice([s.person for s in samples], count, replace=False)
    return [s for s in samples if s.person not in drawn], [s for s in samples if s.person in drawn]


def deal_in_any_order(samples, count, rng):
    """As a set's order is: by hash, which is another for every Python; here by the names' own."""
    people = sorted({s.person for s in samples}, key=lambda person: (int(person) * 7) % 11)
    drawn = rng.choice(people, count, replace=False)
    return [s for s in samples if s.person not in drawn], [s for s in samples if s.person in drawn]


ANSWERS = [
    ("skin_share", share_in_uint8, "wrong for a large one"),
    ("skin_share", lambda mask: print(mask.mean()), "does your function return"),
    ("read_mask", lambda path: np.array(Image.open(path)), "are exchanged. In the file"),
    ("deal", deal_from_a_list, "each name once in the list"),
    ("deal", deal_in_any_order, "Sort the persons"),
    ("skin_share", lambda mask: mask.mean(), "Right!"),
    ("skin_share", lambda mask: np.count_nonzero(mask) / mask.size, "Right!"),
    ("skin_share", lambda mask: mask.sum(), "how many pixels"),
    ("skin_share", lambda mask: 100 * mask.mean(), "per cent"),
    ("skin_share", lambda mask: (mask == 0).mean(), "share of the background"),
    ("skin_share", lambda mask: mask.sum() / len(mask), "divide by one side"),
    ("skin_share", lambda mask: mask.mean(axis=0), "One mask should give one number"),
    ("skin_share", lambda mask: mask.mean() / 255, "0.15, and this is"),
    ("read_mask", lambda path: (grey(path) < 128).astype(np.uint8), "Right!"),
    ("read_mask", lambda path: hs.read_mask(path), "Right!"),
    ("read_mask", lambda path: 1 - np.array(Image.open(path), np.uint8), "Right!"),
    ("read_mask", plt.imread, "Which reader gives one?"),
    ("read_mask", grey, "What turns 255 into 1?"),
    ("read_mask", lambda path: (grey(path) > 127).astype(np.uint8), "are exchanged. In the file"),
    ("read_mask", lambda path: grey(path) < 128, "its dtype"),
    ("read_mask", lambda path: (grey(path) < 128).astype(int), "should be uint8, not int64"),
    ("read_mask", lambda path: (grey(path).T < 128).astype(np.uint8), "Height and width"),
    ("read_mask", lambda path: (grey(path) < 128).astype(np.uint8)[::-1], "Some pixels differ"),
    ("read_mask", lambda path: Image.open(path), "Return a numpy array"),
    ("deal", deal, "Right!"),
    ("deal", deal_by_permutation, "Right!"),
    ("deal", deal_samples, "Draw persons, not samples"),
    ("deal", lambda samples, count, rng: train_test_split(samples, random_state=0), "Draw persons, not samples"),
    ("deal", lambda samples, count, rng: deal(samples, count, rng)[::-1], "exchanged"),
    ("deal", lambda samples, count, rng: deal(samples, count, rng, replace=True), "drawn twice"),
    ("deal", lambda samples, count, rng: deal(samples, count, np.random.default_rng(0)), "whatever the rng"),
    ("deal", lambda samples, count, rng: deal(samples, count, np.random), "the second time"),
    ("deal", lambda samples, count, rng: deal(samples, count, rng)[1], "Return two lists"),
    ("deal", lambda samples, count, rng: (["01"], ["02"]), "not names of persons"),
    ("deal", lambda samples, count, rng: tuple(part[1:] for part in deal(samples, count, rng)), "38 are left"),
]
