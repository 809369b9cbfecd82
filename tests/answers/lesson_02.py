"""Answers to the exercises of lesson 02, Batches and augmentation, and words of what their checks print."""

import math

import cv2
import numpy as np


def flip_pair(image, mask, rng, chance=0.5, axis=1):
    if rng.random() < chance:
        image, mask = np.flip(image, axis), np.flip(mask, axis)
    return image, mask


def flip_image_only(image, mask, rng):
    return flip_pair(image, mask, rng)[0], mask


def flip_with_two_draws(image, mask, rng):
    return flip_pair(image, mask, rng)[0], flip_pair(image, mask, rng)[1]


def flip_by_global_state(image, mask, rng):
    return flip_pair(image, mask, np.random)


def is_sound(batches, photos, among=slice(None)):
    masks = [batches[i][1] for i in range(len(batches))]
    return sum(map(len, masks)) == photos and all(set(np.unique(m)) <= {0, 1} for m in masks[among])


def rows(batches):
    return sum(len(masks) for _, masks in batches)


def flip_in_place(image, mask, rng):
    if rng.random() < 0.5:
        image[:], mask[:] = image[:, ::-1].copy(), mask[:, ::-1].copy()
    return image, mask


def flip_mask_in_place(image, mask, rng):
    if rng.random() < 0.5:
        image = np.fliplr(image)
        mask[:] = np.fliplr(mask)
    return image, mask


def flip_by_columns(image, mask, rng):
    columns = np.arange(image.shape[1])
    if rng.integers(2):
        columns = columns[::-1]
    return image[:, columns], mask[:, columns]


def flip_by_cv2(image, mask, rng):
    return (cv2.flip(image, 1), cv2.flip(mask, 1)) if rng.random() > 0.5 else (image.copy(), mask.copy())


def flip_floats(image, mask, rng):
    return flip_pair(image.astype("float32"), mask, rng)


def flip_all_but_one(image, mask, rng):
    """The last column stays where it is."""
    if rng.random() < 0.5:
        image, mask = (np.concatenate([a[:, -2::-1], a[:, -1:]], axis=1) for a in (image, mask))
    return image, mask


def watch(batches, photos, fine=lambda mask: np.isin(mask, (0, 1)).all()):
    return rows(batches) == photos and all(fine(mask) for _, mask in batches)


def watch_in_a_loop(batches, photos):
    count = 0
    for i in range(len(batches)):
        _, masks = batches[i]
        if not ((masks == 0) | (masks == 1)).all():
            return False
        count += len(masks)
    return count == photos


ANSWERS = [
    ("count_batches", lambda n, size: (n // size + (n % size > 0), n % size or size), "Right!"),
    ("count_batches", lambda n, size: [len(range(0, n, size)), n - (len(range(0, n, size)) - 1) * size], "Right!"),
    ("count_batches", lambda n, size: (np.int64(-(-n // size)), n - size * ((n - 1) // size)), "Right!"),
    ("count_batches", lambda n, size: ((n + size - 1) // size, n % size if n % size else size), "Right!"),
    ("count_batches", lambda n, size: (round(n / size), n % size or size), "left over go"),
    ("count_batches", lambda n, size: (-(-n // 16), n % 16 or 16), "Is `size` used"),
    ("count_batches", lambda n, size: (-(-n // size), size - n % size), "in the others together"),
    ("count_batches", lambda n, size: ((n + size) // size, n % size or size), "divide evenly"),
    ("count_batches", lambda n, size: divmod(n, size), "left over go"),
    ("count_batches", lambda n, size: None, "Your turn. Put your code"),
    ("take_batch", lambda order, i, size: order[i * size : (i + 1) * size], "Right!"),
    ("take_batch", lambda order, i, size: list(order)[size * i :][:size], "Right!"),
    ("take_batch", lambda order, i, size: np.split(order, range(size, len(order), size))[i], "Right!"),
    ("take_batch", lambda order, i, size: order[i : i + size], "does batch 1 begin?"),
    ("take_batch", lambda order, i, size: order[(i - 1) * size : i * size], "and you return 0."),
    ("take_batch", lambda order, i, size: order[i * 8 : (i + 1) * 8], "it has 4 photos, and you return 8."),
    ("take_batch", lambda order, i, size: order[range(i * size, (i + 1) * size)], "stopped with IndexError"),
    ("take_batch", lambda order, i, size: np.resize(order[i * size :], size), "it has 4 photos, and you return 8."),
    ("take_batch", lambda order, i, size: np.arange(len(order))[i * size : (i + 1) * size], "places in the list"),
    ("take_batch", lambda order, i, size: np.sort(order)[i * size : (i + 1) * size], "places in the list"),
    ("take_batch", lambda order, i, size: np.sort(order[i * size : (i + 1) * size]), "these are not its photos"),
    ("take_batch", lambda order, i, size: order[i * size], "one after another"),
    ("take_batch", lambda order, i, size: None, "Your turn. Put your code"),
    ("flip_pair", flip_by_columns, "Right!"),
    ("flip_pair", flip_by_cv2, "Right!"),
    ("flip_pair", lambda i, m, rng: (np.fliplr(i), np.fliplr(m)) if rng.choice([True, False]) else (i, m), "Right!"),
    ("flip_pair", lambda i, m, rng: [a[:, :: 1 - 2 * s] for s in [rng.integers(2)] for a in (i, m)], "Right!"),
    ("flip_pair", flip_in_place, "writes into what it is handed"),
    ("flip_pair", flip_mask_in_place, "writes into what it is handed"),
    ("flip_pair", flip_floats, "uint8 came in"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, rng, chance=1 / 3), "about half"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, np.random.default_rng(0)), "Nothing is ever mirrored"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, np.random.default_rng()), "not from a global state"),
    ("flip_pair", flip_all_but_one, "The photo is neither"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, rng)[::-1], "The photo is neither"),
    ("is_sound", watch, "Right!"),
    ("is_sound", watch_in_a_loop, "Right!"),
    ("is_sound", lambda b, n: watch(b, n, lambda m: (m * m == m).all()), "Right!"),
    ("is_sound", lambda b, n: watch(b, n, lambda m: not np.setdiff1d(m, [0, 1]).size), "Right!"),
    ("is_sound", lambda b, n: sum(len(y) for _, y in b) == n and watch(b, n), "Right!"),
    ("is_sound", lambda b, n: watch(b, n, lambda m: len(np.unique(m)) <= 2), "0 and 255 pass"),
    ("is_sound", lambda b, n: watch(b, n, lambda m: np.isin(m, (0, 1, 255)).all()), "0 and 255 pass"),
    ("is_sound", lambda b, n: watch(b, n, lambda m: (m == m.astype(np.uint8)).all()), "0 and 255 pass"),
    ("is_sound", lambda b, n: watch(b, n, lambda m: (m == m.round()).all() and m.max() <= 1), "with -1 in it"),
    ("is_sound", lambda b, n: watch(b, n, lambda m: not (m * (1 - m) > 0).any() and m.max() != 255), "with 2 in it"),
    ("is_sound", lambda b, n: watch(b, n, lambda m: m.dtype == np.uint8), "whatever their dtype"),
    ("is_sound", lambda b, n: watch(b, n, lambda m: set(np.unique(m[~np.isnan(m)])) <= {0, 1}), "with nan in it"),
    ("is_sound", lambda b, n: len(b) * len(b[0][1]) == n and watch(b, rows(b)), "this generator is sound"),
    ("is_sound", lambda b, n: watch(b, 10), "Is `photos` used"),
    ("is_sound", lambda b, n: str(watch(b, n)), "This is text"),
    ("flip_pair", lambda i, m, rng: list(flip_pair(i, m, rng)), "Right!"),
    ("flip_pair", lambda i, m, rng: (None, m), "The photo is neither"),
    (
        "is_sound",
        lambda b, n: rows(b) == n and all(np.array_equal(np.unique(y), [0, 1]) for _, y in b),
        "without a hand",
    ),
    ("count_batches", lambda n, size: (math.ceil(n / size), (n - 1) % size + 1), "Right!"),
    ("count_batches", lambda n, size: (-(-n // size), n % size or size), "Right!"),
    ("count_batches", lambda n, size: (n // size, n % size), "left over go?"),
    ("count_batches", lambda n, size: (n / size, n % size), "whole ones only"),
    ("count_batches", lambda n, size: (n // size + 1, n % size), "divide evenly"),
    ("count_batches", lambda n, size: (-(-n // size), n % size), "is not empty"),
    ("count_batches", lambda n, size: (-(-n // size), size), "in the others together"),
    ("count_batches", lambda n, size: ((n - 1) % size + 1, -(-n // size)), "exchanged"),
    ("count_batches", lambda n, size: -(-n // size), "Return two numbers"),
    ("flip_pair", flip_pair, "Right!"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, rng) if rng.integers(2) else flip_pair(i, m, rng), "Right!"),
    ("flip_pair", flip_image_only, "the mask stays as it is"),
    ("flip_pair", flip_with_two_draws, "How often do you draw"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, rng, axis=0), "upside down"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, rng, axis=None), "upside down"),
    ("flip_pair", lambda i, m, rng: (np.flip(i, 2), m), "The photo is neither"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, rng, chance=2), "about half"),
    ("flip_pair", lambda i, m, rng: (i, m), "Nothing is ever mirrored"),
    ("flip_pair", flip_by_global_state, "not from a global state"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, rng)[0], "Return both"),
    ("is_sound", is_sound, "Right!"),
    (
        "is_sound",
        lambda b, n: rows(b) == n and all(((y == 0) | (y == 1)).all() for _, y in b),
        "Right!",
    ),
    ("is_sound", lambda batches, n: rows(batches) == n, "Which values may a mask hold?"),
    ("is_sound", lambda batches, n: is_sound(batches, n, slice(1)), "every batch"),
    ("is_sound", lambda batches, n: all(np.isin(y, (0, 1)).all() for _, y in batches), "What should you count?"),
    (
        "is_sound",
        lambda b, n: rows(b) <= n and is_sound(b, rows(b)),
        "Too few rows",
    ),
    ("is_sound", lambda batches, n: len(batches) == n and is_sound(batches, n), "this generator is sound"),
]
