"""Answers to the exercises of lesson 02, Batches and augmentation, and words of what their checks print."""

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


ANSWERS = [
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
]
