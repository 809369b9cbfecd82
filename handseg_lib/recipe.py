"""The course's recipe, from photos to a network, in one call."""

import os
from pathlib import Path

import keras

from .data import drawn, drawn_rooms
from .data.batches import Batches
from .data.elsewhere import Elsewhere
from .data.samples import Split
from .devices import Share, meet, spread
from .machine import fast_dtype, has_gpu
from .training import History, fit
from .unet import build_unet


def learn(
    split: Split,
    state: str | Path,
    size: int,
    batch_size: int,
    epochs: int,
    frozen_epochs: int,
    seed: int = 0,
    rooms: int = 0,
    devices: str | None = None,
) -> tuple[keras.Model, History]:
    """Trains a U-Net on ``split.train``; ``split.val`` chooses the epoch.

    Args:
        split: photos of the training and of the validation persons.
        state: folder for what a later run needs to go on after a kill.
        size: side of the square photos in pixels.
        batch_size: photos in a batch.
        epochs, frozen_epochs: of ``fit``.
        seed: of the new weights, the order of the photos and their augmentation.
        rooms: so many drawn rooms to put hands into, with drawn persons' hands among the photos', and some photos grey;
            0: every hand stays where it was taken.
        devices: "all": every batch is shared out over all devices that JAX sees, those of other machines too, as
            ``handseg_lib.devices`` says; None: one device.

    Returns:
        The network in float32, and how the training went.

    Raises:
        InputError: ``state`` holds a run with other arguments; ``devices`` cannot be had, or not share out a batch.
    """
    meet(devices)
    train, val = train_and_val(split, size, batch_size, seed, rooms)
    if devices:
        train, val = Share(train), Share(val, evenly=True)
    keras.utils.set_random_seed(seed)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(fast_dtype())
    try:
        with spread(devices):
            model = build_unet(size)
            history = fit(model, train, val, epochs, frozen_epochs, out=state)
        keras.config.set_dtype_policy("float32")  # the file must run well where bfloat16 is slow
        final = build_unet(size, weights=None)
    finally:
        keras.config.set_dtype_policy(before)
    final.set_weights(model.get_weights())
    return final, history


def train_and_val(split: Split, size: int, batch_size: int, seed: int = 0, rooms: int = 0) -> tuple[Batches, Batches]:
    """What a network learns from, and what chooses its epoch. Arguments are ``learn``'s."""
    # one thread does not augment as fast as a GPU learns; a CPU has none to spare
    threads = min(8, os.cpu_count() or 1) if has_gpu() else 1
    samples = split.train + drawn.load(takes=1) if rooms else split.train
    augment = Elsewhere(drawn_rooms.scenes(rooms, size)) if rooms else True
    train = Batches(samples, size, batch_size, augment=augment, seed=seed, threads=threads)
    return train, Batches(split.val, size, batch_size)
