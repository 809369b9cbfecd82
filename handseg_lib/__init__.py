"""handseg_lib: what the hand-segmentation course is built of.

Data goes one way: drawn, hgr1, data, augment, batches, encoder and unet, training, predictor, evaluate.
"""

import logging

from .start import import_keras

import_keras()
# It warns of retracing when a few models are trained in a row, as lessons do; that is no fault of the reader's.
logging.getLogger("tensorflow").setLevel(logging.ERROR)

from . import (
    as_published,
    audit,
    baselines,
    check,
    doctor,
    drawn,
    encoder,
    explore,
    hgr1,
    lopo,
    losses,
    metrics,
    plots,
    profile,
    rooms,
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
    "rooms",
    "split_by_person",
    "tune_threshold",
]
