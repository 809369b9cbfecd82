"""The course's recipe, from photos to a network, in one call."""

import os
from pathlib import Path

import keras

from .data.batches import Batches
from .data.samples import Split
from .devices import Share, meet, spread
from .leaving import leave, other_rooms, seen_at
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

    With ``rooms`` it then leaves the laboratory: it goes on, twice as long, with hands put into other rooms. Its
    weights are in the end a mean of those before and after, which does well in both worlds
    (https://arxiv.org/abs/2109.01903). And it looks at larger photos than it has learned from, for in a room a hand is
    smaller (https://arxiv.org/abs/1906.06423).

    Args:
        split: photos of the training and of the validation persons.
        state: folder for what a later run needs to go on after a kill.
        size: side of the square photos in pixels.
        batch_size: photos in a batch.
        epochs, frozen_epochs: of ``fit``, in the laboratory.
        seed: of the new weights, the order of the photos and their augmentation.
        rooms: so many drawn rooms to put hands into, and half as many photographed ones, with drawn persons' hands
            among the photos', and some photos grey; 0: every hand stays where it was taken.
        devices: "all": every batch is shared out over all devices that JAX sees, those of other machines too, as
            ``handseg_lib.devices`` says; None: one device.

    Returns:
        The network in float32, for photos of ``size``, or with ``rooms`` of ``seen_at(size)``; and how the training
        went.

    Raises:
        InputError: ``state`` holds a run with other arguments; ``devices`` cannot be had, or not share out a batch.
    """
    meet(devices)
    train, val = train_and_val(split, size, batch_size, seed)
    away = train_and_val(split, size, batch_size, seed, rooms)[0] if rooms else train
    if devices:
        train, val, away = Share(train), Share(val, evenly=True), Share(away)
    keras.utils.set_random_seed(seed)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(fast_dtype())
    try:
        with spread(devices):
            model = build_unet(size)
            history = fit(model, train, val, epochs, frozen_epochs, out=state)
            if rooms and not history.ended:
                history = leave(model, history, away, val, 2 * epochs, Path(state) / "rooms")
        keras.config.set_dtype_policy("float32")  # the file must run well where bfloat16 is slow
        final = build_unet(seen_at(size) if rooms else size, weights=None)
    finally:
        keras.config.set_dtype_policy(before)
    final.set_weights(model.get_weights())
    return final, history


def train_and_val(split: Split, size: int, batch_size: int, seed: int = 0, rooms: int = 0) -> tuple[Batches, Batches]:
    """What a network learns from, and what chooses its epoch. Arguments are ``learn``'s."""
    # one thread does not augment as fast as a GPU learns; a CPU has none to spare
    threads = min(8, os.cpu_count() or 1) if has_gpu() else 1
    samples, augment = other_rooms(split.train, rooms, size) if rooms else (split.train, True)
    train = Batches(samples, size, batch_size, augment=augment, seed=seed, threads=threads)
    return train, Batches(split.val, size, batch_size)
