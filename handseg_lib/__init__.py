"""handseg_lib: what the hand-segmentation course is built of.

Data goes one way: drawn, drawn_rooms, hgr1, data, augment, batches, encoder and unet, training, predictor, evaluate.
"""

import logging
import os
from contextlib import contextmanager


@contextmanager
def _quiet_start():
    """TensorFlow logs to file descriptor 2 while it is imported, whatever its log level; a notebook would keep that."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        kept = os.dup(2)
    except OSError:  # a service may have closed it: nothing to quieten
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


# or the first process on a GPU takes all of its memory, and a second notebook or fold finds none
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
with _quiet_start():
    import keras  # noqa: F401
# It warns of retracing when a few models are trained in a row, as lessons do; that is no fault of the reader's.
logging.getLogger("tensorflow").setLevel(logging.ERROR)

from . import (
    as_published,
    audit,
    baselines,
    check,
    doctor,
    drawn,
    drawn_rooms,
    encoder,
    explore,
    hgr1,
    lopo,
    losses,
    metrics,
    plots,
    profile,
)
from .batches import Batches
from .check_pairs import check_pairs
from .data import InputError, Sample, Split, pair, read_image, read_mask, split_by_person
from .evaluate import Report, evaluate, tune_threshold
from .predictor import Predictor, load_predictor
from .quiz import quiz
from .training import History, fit
from .unet import build_unet

__version__ = "0.1.0"
__all__ = [
    "Batches",
    "History",
    "InputError",
    "Predictor",
    "Report",
    "Sample",
    "Split",
    "as_published",
    "audit",
    "baselines",
    "build_unet",
    "check",
    "check_pairs",
    "doctor",
    "drawn",
    "drawn_rooms",
    "encoder",
    "evaluate",
    "explore",
    "fit",
    "hgr1",
    "load_predictor",
    "lopo",
    "losses",
    "metrics",
    "pair",
    "plots",
    "profile",
    "quiz",
    "read_image",
    "read_mask",
    "split_by_person",
    "tune_threshold",
]
