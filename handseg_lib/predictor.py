"""The predictor: a trained U-Net as a function from any photo to a hand."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

from . import export_file
from .data.augment import resize_image
from .data.gate import InputError, as_list, as_path, as_photo, number, of_kind, what

if TYPE_CHECKING:  # Keras is imported where it is needed: to call a network that was exported, it is not
    import keras

COURSE_MODEL = Path(__file__).parent / "assets" / "course_model.npz"  # made by scripts/make_course_model.py
COURSE_CARD = COURSE_MODEL.with_suffix(".json")
ROWS = 256  # of a photo, for which an answer is enlarged at once
WHOLE = 2**22  # pixels, up to which OpenCV enlarges all rows at once: faster, and the memory is little
TRAIN_ONE = "Train one: python -m handseg_lib train --out runs/mine"


class Network(Protocol):
    """What a predictor calls: a Keras model, or one that was exported to another runtime."""

    input_shape: tuple
    output_shape: tuple

    def predict_on_batch(self, photos: np.ndarray) -> np.ndarray:
        """The probability of hand: float32 (N, S, S, 1), for photos uint8 (N, S, S, 3) RGB."""


class Predictor:
    """Calls a U-Net on photos of any size.

    Args:
        model: from ``build_unet``, with a fixed size.
        threshold: probability from which a pixel is called hand, 0-1.
        mirror: True to look at the mirror image, too, and give the mean of both; a little better, in twice the time.
        card: what is to be known of the model: its data, its scores, and what chose the threshold.

    Attributes:
        size: side in pixels at which the network sees a photo.

    Raises:
        InputError: the model is no U-Net of a fixed size, or the threshold is not in 0-1.
    """

    def __init__(self, model: Network, threshold: float = 0.5, mirror: bool = False, card: dict | None = None):
        if not hasattr(model, "predict_on_batch") or isinstance(model, type):
            raise InputError(
                f"model is {what(model)}. Give one from build_unet(size); of a file, hs.load_predictor(path)."
            )
        threshold = number("threshold", threshold, 0, 1, such_as=0.5)
        of_kind("mirror", mirror, bool, "Give True or False.")
        photo, hand = getattr(model, "input_shape", None), getattr(model, "output_shape", None)  # None: never built
        side = photo[1] if isinstance(photo, tuple) and len(photo) == 4 else None
        if side is None or (photo[1:], hand[1:]) != ((side, side, 3), (side, side, 1)):
            raise InputError(
                f"from {photo and photo[1:]} to {hand and hand[1:]}: no U-Net for square photos of one size. "
                "Give one from build_unet(size)."
            )
        self.model, self.threshold, self.mirror, self.size, self.card = model, threshold, mirror, side, card

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """The probability of hand: (H, W) float32 in 0-1, for a photo uint8 (H, W, 3) RGB."""
        return self.predict_batch([image])[0]

    def predict_batch(self, images: Iterable[np.ndarray]) -> list[np.ndarray]:
        """The same for a list of photos at once."""
        way_out = "Give a list of photos, or one to predictor(photo)."
        images = [as_photo(image) for image in as_list("images", images, way_out)]
        full = [np.empty(image.shape[:2], np.float32) for image in images]
        for hand, answer in zip(full, self._look_at(images)):
            for rows, strip in enlarged(answer, *hand.shape):
                hand[rows] = strip
        return full

    def mask(self, image: np.ndarray) -> np.ndarray:
        """The mask: uint8 (H, W) of {0, 1}, 1 = hand, for a photo uint8 (H, W, 3) RGB."""
        image = as_photo(image)
        (answer,) = self._look_at([image])
        mask = np.empty(image.shape[:2], np.uint8)
        for rows, strip in enlarged(answer, *mask.shape):  # of a large photo, the probability is four times the mask
            mask[rows] = strip >= self.threshold
        return mask

    def _look_at(self, images: list[np.ndarray]) -> np.ndarray:
        """What the network says of photos: float32 (N, S, S)."""
        if not images:
            return np.empty((0, self.size, self.size), np.float32)
        small = np.stack([resize_image(image, self.size) for image in images])
        hands = self.model.predict_on_batch(small)[..., 0]
        if self.mirror:
            mirrored = self.model.predict_on_batch(np.ascontiguousarray(small[:, :, ::-1]))
            hands = (hands + mirrored[:, :, ::-1, 0]) / 2
        if not (hands.min() >= 0 and hands.max() <= 1):  # nan, too
            raise InputError(
                f"the network says {hands.min():.4g} to {hands.max():.4g}, and a probability is 0 to 1. Give one that "
                "ends in a sigmoid; if it does, its weights are spoilt: train it again."
            )
        return hands


def enlarged(hand: np.ndarray, height: int, width: int) -> Iterator[tuple[slice, np.ndarray]]:
    """A probability (S, S) at another size, as ``cv2.resize`` makes it: some rows at once, and which rows they are."""
    if height * width <= WHOLE:
        yield slice(0, height), cv2.resize(hand, (width, height), interpolation=cv2.INTER_LINEAR)
        return
    wide = cv2.resize(hand, (width, len(hand)), interpolation=cv2.INTER_LINEAR)
    places = ((np.arange(height) + 0.5) * len(hand) / height - 0.5).clip(0, len(hand) - 1).astype(np.float32)
    share, above = np.modf(places[:, None])
    above = above[:, 0].astype(int)
    below = np.minimum(above + 1, len(hand) - 1)
    for top in range(0, height, ROWS):
        rows = slice(top, top + ROWS)
        yield rows, wide[above[rows]] * (1 - share[rows]) + wide[below[rows]] * share[rows]


def as_predictor(model: Any, *needs: str) -> Any:
    """Gives a predictor or a baseline back; of a U-Net, makes a predictor. Raises InputError for anything else.

    Args:
        model: what came in.
        needs: what it must have, such as "threshold"; a call, where nothing is named.
    """
    if hasattr(model, "predict_on_batch"):
        return Predictor(model)
    if isinstance(model, type) or not all(hasattr(model, name) for name in needs or ("__call__",)):
        raise InputError(f"{what(model)} is no predictor. Give hs.load_predictor(), hs.Predictor(model) or a baseline.")
    return model


def load_predictor(path: str | Path | None = None) -> Predictor:
    """Loads a trained model.

    Args:
        path: a ``.keras`` file that ``python -m handseg_lib train`` made, or a file that ``export`` made (``.onnx``,
            ``.xml``, ``.tflite``), which runs without Keras; None: the course's own model, which needs no network.
            A ``.keras`` file from others is safe to try: nothing in it is run (see ``model_file``).

    Raises:
        InputError: the file is missing or damaged, or is no model of a probability that can be built from known layers,
            or a package is missing that runs it.
    """
    if path is None:
        return _course_model()
    path = as_path("path", path, "Give the path of a .keras file, or nothing; of a model, hs.Predictor(model).")
    if path.suffix in export_file.FORMS:
        network, card = export_file.load(path)
        return Predictor(network, card["threshold"], card=card)
    if not path.is_file():
        raise InputError(f"{path}: no such model. {TRAIN_ONE}")
    from . import model_file  # here, for it needs Keras

    try:
        model = model_file.load(path)
    except Exception as error:  # a damaged file raises almost anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path}: cannot load this model ({reason}). {TRAIN_ONE}") from None
    try:
        predictor = Predictor(model)
    except InputError as error:
        raise InputError(f"{path}: {error} {TRAIN_ONE}") from None
    if not model_file.ends_in_sigmoid(model):
        raise InputError(f"{path}: its last layer is no sigmoid, so what it says is no probability. {TRAIN_ONE}")
    return predictor


def named_weights(model: "keras.Model") -> dict[str, "keras.Variable"]:
    """A U-Net's weights by the names of their layers, such as ``conv2_block1_1_conv/kernel``.

    Keras counts the layers that have no name of their own through a whole process: conv2d, conv2d_1 ... Here they are
    counted in the model, so that its weights have the same names whatever was built before it.
    """
    weights, count = {}, Counter()
    for layer in model.layers:
        if layer.name == "encoder":
            weights |= {f"{part.name}/{weight.name}": weight for part in layer.layers for weight in part.weights}
            continue
        kind = re.sub(r"_\d+$", "", layer.name)
        name = f"{kind}_{count[kind]}" if count[kind] else kind
        count[kind] += 1
        weights |= {f"{name}/{weight.name}": weight for weight in layer.weights}
    return weights


def _course_model() -> Predictor:
    """The kernels are kept in float16, at half the size; the network computes in float32 as ever."""
    from .unet import build_unet

    try:
        card = json.loads(COURSE_CARD.read_text("utf-8"))
        if hashlib.sha256(COURSE_MODEL.read_bytes()).hexdigest() != card["sha256"]:
            raise ValueError("its SHA-256 is not the card's")
        model = build_unet(card["size"], weights=None)
        with np.load(COURSE_MODEL) as arrays:
            for name, weight in named_weights(model).items():
                weight.assign(arrays[name].astype("float32"))
        return Predictor(model, card["threshold"], card=card)
    except InputError:
        raise
    except Exception as error:  # a damaged file raises almost anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{COURSE_MODEL}: it or its card is damaged ({reason}). Install the package again.") from None
