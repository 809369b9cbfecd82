"""Leaving the laboratory: what a trained network learns from in other rooms, and what becomes of its weights."""

from pathlib import Path

import keras
import numpy as np

from .data import drawn, drawn_rooms, photographed
from .data.batches import Batches
from .data.drawn_rooms import Scenes
from .data.elsewhere import Elsewhere
from .data.samples import Sample
from .training import History, fit

PEAK = 4e-4  # the learning rate at which a trained network goes on: less than that of new weights
OTHERS = 3  # the seed of the drawn persons to learn from: those of the lessons, of seed 0, stay unseen
AWAY = 0.75  # the share of the weights that have left the laboratory; the rest is of those that have not


def other_rooms(samples: list[Sample], rooms: int, size: int) -> tuple[list[Sample], Elsewhere]:
    """The photos, with drawn persons' among them, and so many drawn and half as many photographed rooms for them."""
    surroundings = drawn_rooms.scenes(rooms, size), photographed.scenes((rooms + 1) // 2, size)
    scenes = Scenes(*map(np.concatenate, zip(*surroundings, strict=True)))
    return samples + drawn.load(seed=OTHERS, takes=1), Elsewhere(scenes)


def leave(model: keras.Model, history: History, away: Batches, val: Batches, epochs: int, state: Path) -> History:
    """Goes on with a trained network outside the laboratory, and leaves the mean of its weights before and after."""
    home = model.get_weights()
    # to its end: the validation persons are in the laboratory, and cannot tell when to stop
    later = fit(model, away, val, epochs, frozen_epochs=0, patience=epochs, out=state, peak=PEAK)
    model.set_weights(mean(home, model.get_weights(), AWAY))
    rows = [row | {"epoch": len(history.rows) + row["epoch"], "stage": "rooms"} for row in later.rows]
    return History(history.rows + rows, later.ended)


def mean(home: list[np.ndarray], away: list[np.ndarray], share: float) -> list[np.ndarray]:
    """The mean of two networks' weights, of which ``share`` is of those that have left."""
    return [(1 - share) * before + share * after for before, after in zip(home, away, strict=True)]


def seen_at(size: int) -> int:
    """The side of the photos that a network looks at after it has learned from photos of this size in rooms."""
    return round(size * 1.2 / 16) * 16
