"""The doctor: what this machine has, and what the course will do with it."""

import keras

from .. import machine, start
from ..data import hgr1
from ..predictor import COURSE_MODEL
from . import profile


def report(args=None) -> dict:
    """Says what this machine has, and what the course will do with it."""
    chosen, hardware, odd = profile.current(), machine.machine(), start.odd_settings()
    return {
        **hardware,
        **machine.versions(),
        "backend": keras.backend.backend(),
        "gpu": hardware.get("gpu", False),
        "dtype": machine.fast_dtype(),
        "keras_json": f"{start.keras_json()}: {', '.join(odd)}; the course passes over it" if odd else False,
        "hgr1": hgr1.available(),
        "course_model": COURSE_MODEL.is_file(),
        "profile": f"{chosen.name}: {chosen.size} px, {chosen.epochs} epochs",
    }
