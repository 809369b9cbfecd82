"""handseg_lib: what the hand-segmentation course is built of.

Data goes one way: data, encoder and unet, training, predictor, evaluation, and then explore and course.
"""

import logging
import sys

from .start import import_keras

if sys.argv[:2] == ["-m", "doctor"]:  # who is to say what keeps Keras from starting, and so does without it
    from .course.doctor import main

    raise SystemExit(main(sys.argv[2:]))

import_keras()
# It warns of retracing when a few models are trained in a row, as lessons do; that is no fault of the reader's.
logging.getLogger("tensorflow").setLevel(logging.ERROR)

from . import encoder, explore, losses, machine, metrics, plots, predictor, recipe, training, unet
from .course import as_published, check, doctor, profile
from .course.quiz import quiz
from .data import augment, drawn, drawn_rooms, hgr1, rooms
from .data.batches import Batches
from .data.check_pairs import check_pairs
from .data.files import read_image, read_mask
from .data.gate import InputError
from .data.samples import Sample, Split, pair, split_by_person
from .evaluation import audit, baselines, lopo
from .evaluation.report import Report, evaluate, tune_threshold
from .predictor import Predictor, load_predictor
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
    "augment",
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
    "machine",
    "metrics",
    "pair",
    "plots",
    "predictor",
    "profile",
    "quiz",
    "read_image",
    "read_mask",
    "recipe",
    "rooms",
    "split_by_person",
    "training",
    "tune_threshold",
    "unet",
]
