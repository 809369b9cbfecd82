"""The course's recipe, from photos to a network, in one call."""

import os
from pathlib import Path

import keras

from . import drawn, drawn_rooms
from .batches import Batches
from .data import Split
from .encoder import STRIDE
from .profile import Profile, fast_dtype, has_gpu
from .training import History, fit
from .unet import build_unet


def learn(split: Split, state: str | Path, profile: Profile, seed: int = 0) -> tuple[keras.Model, History]:
    """Trains a U-Net on ``split.train``; ``split.val`` chooses the epoch.

    Args:
        split: photos of the training and of the validation persons.
        state: folder for what a later run needs to go on after a kill.
        profile: how much to do.
        seed: of the new weights, the order of the photos and their augmentation.

    Returns:
        The network in float32, for photos of the size that ``profile.closer`` says, and how the training went.

    Raises:
        InputError: ``state`` holds a run with other arguments.
    """
    train = training_batches(split, profile, seed)
    val = Batches(split.val, profile.size, profile.batch_size)
    keras.utils.set_random_seed(seed)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(fast_dtype())
    try:
        model = build_unet(profile.size)
        history = fit(model, train, val, profile.epochs, profile.frozen_epochs, out=state)
        keras.config.set_dtype_policy("float32")  # the file must run well where bfloat16 is slow
        final = build_unet(STRIDE * round(profile.size * profile.closer / STRIDE), weights=None)
    finally:
        keras.config.set_dtype_policy(before)
    final.set_weights(model.get_weights())
    return final, history


def training_batches(split: Split, profile: Profile, seed: int = 0) -> Batches:
    """What a network learns from: the training persons, drawn persons among them, and rooms to put both into."""
    samples, rooms = list(split.train), None
    if profile.drawn:  # hands, arms, sleeves and lights of other kinds than the photos have
        samples += drawn.load(persons=profile.drawn, takes=1)
    if profile.rooms:
        rooms = drawn_rooms.rooms(profile.rooms, profile.size)
    # one thread does not augment as fast as a GPU learns; a CPU has none to spare
    threads = min(8, os.cpu_count() or 1) if has_gpu() else 1
    return Batches(samples, profile.size, profile.batch_size, augment=True, seed=seed, threads=threads, rooms=rooms)
