"""Answers to the exercises of lesson 01, Photos and masks, and words of what their checks print."""

import cv2
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.model_selection import GroupShuffleSplit, train_test_split

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


def shares(masks):
    return [mask.mean() for mask in masks]


def inverted_by_vote(masks):
    """Counts masks: most of them are mostly ones."""
    return sum(share > 0.5 for share in shares(masks)) > len(masks) / 2


def inverted_by_pixels(masks):
    """All pixels together, so that a large mask counts more."""
    return sum(mask.sum() for mask in masks) / sum(mask.size for mask in masks) > 0.5


def inverted_in_a_loop(masks):
    total = 0
    for mask in masks:
        total += np.count_nonzero(mask) / mask.size
    return bool(total / len(masks) > 0.5)


@np.errstate(over="ignore")
def inverted_in_uint8(masks):
    return np.mean([sum(sum(mask)) / mask.size for mask in masks]) > 0.5


def inverted_by_counting(masks):
    return np.mean([np.unique(mask, return_counts=True)[1][1] / mask.size for mask in masks]) > 0.5


def deal_from_a_list(samples, count, rng):
    """Each name as often as there are photos."""
    drawn = rng.choice([s.person for s in samples], count, replace=False)
    return [s for s in samples if s.person not in drawn], [s for s in samples if s.person in drawn]


def deal_in_any_order(samples, count, rng):
    """As a set's order is: by hash, which is another for every Python; here by the names' own."""
    people = sorted({s.person for s in samples}, key=lambda person: (int(person) * 7) % 11)
    drawn = rng.choice(people, count, replace=False)
    return [s for s in samples if s.person not in drawn], [s for s in samples if s.person in drawn]


def read_by_majority(path):
    """Turns the mask round where most of it would be skin."""
    mask = (grey(path) < 128).astype(np.uint8)
    return 1 - mask if mask.mean() > 0.5 else mask


def read_by_share(path):
    """Takes for skin whichever of the two colours is rarer."""
    white = (grey(path) > 127).astype(np.uint8)
    return white if white.sum() < white.size // 2 else 1 - white


def read_by_corner(path):
    """Takes the colour of the upper left corner for background."""
    pixels = grey(path)
    return (pixels != pixels[0, 0]).astype(np.uint8)


def read_by_range(path):
    """Stretches what is in the file to 0 to 1 first."""
    pixels = grey(path).astype(float)
    return ((pixels - pixels.min()) / max(np.ptp(pixels), 1) < 0.5).astype(np.uint8)


def read_in_a_loop(path):
    with Image.open(path) as picture:
        width, height = picture.size
        rows = [[int(picture.getpixel((x, y)) == 0) for x in range(width)] for y in range(height)]
    return np.array(rows, dtype="uint8")


def deal_in_place(samples, count, rng):
    rng.shuffle(samples)
    drawn = sorted({s.person for s in samples})[:count]
    return [s for s in samples if s.person not in drawn], [s for s in samples if s.person in drawn]


def deal_by_shuffle(samples, count, rng):
    people = sorted({s.person for s in samples})
    rng.shuffle(people)
    return [s for s in samples if s.person in people[count:]], [s for s in samples if s.person in people[:count]]


def deal_by_splitter(samples, count, rng):
    splitter = GroupShuffleSplit(1, test_size=count, random_state=int(rng.integers(2**31)))
    parts = next(splitter.split(samples, groups=[s.person for s in samples]))
    return tuple([samples[k] for k in part] for part in parts)


def deal_from_a_set(samples, count, rng):
    drawn = rng.choice(list({s.person for s in samples}), count, replace=False)
    return [s for s in samples if s.person not in drawn], [s for s in samples if s.person in drawn]


def deal_but_the_last(samples, count, rng):
    people = sorted({s.person for s in samples})
    drawn = [people[k] for k in rng.choice(len(people) - 1, count, replace=False)]
    return [s for s in samples if s.person not in drawn], [s for s in samples if s.person in drawn]


ANSWERS = [
    ("looks_inverted", lambda masks: np.mean([mask.mean() for mask in masks]) > 0.5, "Right!"),
    ("looks_inverted", inverted_in_a_loop, "Right!"),
    ("looks_inverted", lambda masks: sum(shares(masks)) > len(masks) / 2, "Right!"),
    ("looks_inverted", lambda masks: np.mean([mask == 0 for mask in shares(masks)]) > 1, "Which is which"),
    ("looks_inverted", lambda masks: np.mean(shares(masks)) < 0.5, "the wrong way round"),
    ("looks_inverted", lambda masks: np.mean(shares(masks)) > 0.7, "Where is your limit"),
    ("looks_inverted", lambda masks: np.mean(shares(masks)) > 0.3, "Where is your limit"),
    ("looks_inverted", lambda masks: np.mean(shares(masks)) >= 0.5, "The task says above"),
    ("looks_inverted", lambda masks: any(share > 0.5 for share in shares(masks)), "Take the mean of all shares"),
    ("looks_inverted", lambda masks: masks[0].mean() > 0.5, "Take the mean of all shares"),
    ("looks_inverted", lambda masks: np.median(shares(masks)) > 0.5, "Take the mean of all shares"),
    ("looks_inverted", inverted_by_vote, "Take the mean of all shares"),
    ("looks_inverted", lambda masks: np.mean(masks) > 0.5, "In this list the sizes differ"),
    ("looks_inverted", inverted_by_pixels, "Each mask should count the same"),
    ("looks_inverted", inverted_in_uint8, "a uint8 goes to 255"),
    ("looks_inverted", inverted_by_counting, "all pixels are alike"),
    ("looks_inverted", lambda masks: np.mean(shares(masks)), "Return True or False"),
    ("looks_inverted", lambda masks: int(np.mean(shares(masks)) > 0.5), "Return True or False"),
    ("looks_inverted", lambda masks: np.array(shares(masks)) > 0.5, "One answer for all masks"),
    ("looks_inverted", lambda masks: print(np.mean(shares(masks)) > 0.5), "Does it return its result"),
    ("read_mask", read_in_a_loop, "Right!"),
    ("read_mask", lambda path: (np.asarray(Image.open(path)) == 0).astype("uint8"), "Right!"),
    ("read_mask", lambda path: (cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) == 0).astype(np.uint8), "Right!"),
    ("read_mask", lambda path: np.where(grey(path) > 127, np.uint8(0), np.uint8(1)), "Right!"),
    ("read_mask", lambda path: 1 - grey(path) // 255, "Right!"),
    ("read_mask", read_by_majority, "which of the two is more"),
    ("read_mask", read_by_share, "which of the two is more"),
    ("read_mask", read_by_corner, "which of the two is more"),
    ("read_mask", read_by_range, "which of the two is more"),
    ("read_mask", lambda path: hs.drawn.load()[0].read()[1], "but not for one in which"),
    ("read_mask", lambda path: grey(path), "What turns 255 into 1?"),
    ("read_mask", lambda path: (grey(path)[..., None] < 128).astype(np.uint8), "A mask has one channel"),
    ("deal", deal_by_shuffle, "Right!"),
    ("deal", deal_by_splitter, "Right!"),
    ("deal", deal_from_a_set, "Sort the persons"),
    ("deal", deal_in_place, "writes into what it is handed"),
    ("deal", deal_but_the_last, "was never drawn"),
    ("deal", lambda samples, count, rng: deal(samples, 3, rng), "Is `count` used"),
    ("deal", lambda samples, count, rng: [part[1:] + part[1:2] for part in deal(samples, count, rng)], "come twice"),
    ("read_mask", lambda path: np.array(Image.open(path)), "are exchanged. In the file"),
    ("deal", deal_from_a_list, "each name once in the list"),
    ("deal", deal_in_any_order, "Sort the persons"),
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
