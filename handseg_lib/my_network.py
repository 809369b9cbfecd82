"""The learner's own network: kept on this machine in lesson 06, for later lessons to try beside the course's."""

from pathlib import Path

import keras

from .data import own
from .predictor import Predictor, load_predictor


def path() -> Path | None:
    """The file, whether it is there or not: ``HANDSEG_MY_NETWORK``, else in the user's cache. None: nothing is kept."""
    return own.place("HANDSEG_MY_NETWORK", "my_network.keras")


def load(otherwise: Predictor | None = None) -> Predictor | None:
    """The network that is kept; where there is none, what is given in its place.

    Raises:
        InputError: the file is damaged.
    """
    file = path()
    return otherwise if file is None or not file.is_file() else load_predictor(file)


def keep(model: keras.Model) -> Path | None:
    """Keeps a trained network, in the place of an earlier one.

    Args:
        model: from ``build_unet``, of a fixed size.

    Returns:
        Where it is kept; None: nowhere, since ``HANDSEG_MY_NETWORK`` is "none".

    Raises:
        InputError: it is no U-Net of a fixed size, or the file cannot be written.
    """
    Predictor(model)  # which looks at it
    file = path()
    if file is not None:
        own.write_whole(file, model.save, "your network")
    return file


def forget() -> str:
    """Removes the network. Returns a sentence that says so."""
    return own.remove(path(), "Your network")
