"""Answers to the exercises of lesson 02, Batches and augmentation, and words of what their checks print."""

import math

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


ANSWERS = [
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
