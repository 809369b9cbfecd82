"""The predictor: a trained U-Net as a function from any photo to a hand."""

import json
from pathlib import Path

import cv2
import keras
import numpy as np

from . import losses, metrics  # noqa: F401  so that Keras finds what a saved model names
from .augment import resize_image
from .data import InputError, as_photo
from .unet import build_unet

COURSE_MODEL = Path(__file__).parent / "assets" / "course_model.npz"  # made by scripts/make_course_model.py
COURSE_CARD = COURSE_MODEL.with_suffix(".json")
TRAIN_ONE = "Train one: python -m handseg_lib train --out runs/mine"


class Predictor:
    """Calls a U-Net on photos of any size.

    Args:
        model: from ``build_unet``, with a fixed size.
        threshold: probability from which a pixel is called hand, 0-1.
        mirror: True to look at the mirror image, too, and give the mean of both; a little better, in twice the time.

    Attributes:
        size: side in pixels at which the network sees a photo.

    Raises:
        InputError: the model is no U-Net of a fixed size.
    """

    def __init__(self, model: keras.Model, threshold: float = 0.5, mirror: bool = False):
        seen, told = getattr(model, "input_shape", None), getattr(model, "output_shape", None)  # None: never built
        side = seen[1] if isinstance(seen, tuple) and len(seen) == 4 else None
        if side is None or (seen[1:], told[1:]) != ((side, side, 3), (side, side, 1)):
            raise InputError(
                f"from {seen and seen[1:]} to {told and told[1:]}: no U-Net for square photos of one size. "
                "Give one from build_unet(size)."
            )
        self.model, self.threshold, self.mirror, self.size = model, threshold, mirror, side

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """The probability of hand: (H, W) float32 in 0-1, for a photo uint8 (H, W, 3) RGB."""
        return self.many([image])[0]

    def many(self, images: list[np.ndarray]) -> list[np.ndarray]:
        """The same for a list of photos at once."""
        small = np.stack([resize_image(as_photo(image), self.size) for image in images])
        hands = self.model.predict_on_batch(small)[..., 0]
        if self.mirror:
            mirrored = self.model.predict_on_batch(np.ascontiguousarray(small[:, :, ::-1]))
            hands = (hands + mirrored[:, :, ::-1, 0]) / 2
        return [
            cv2.resize(hand, image.shape[1::-1], interpolation=cv2.INTER_LINEAR) for hand, image in zip(hands, images)
        ]

    def mask(self, image: np.ndarray) -> np.ndarray:
        """The mask: uint8 (H, W) of {0, 1}, 1 = hand, for a photo uint8 (H, W, 3) RGB."""
        return (self(image) >= self.threshold).astype(np.uint8)


def load_predictor(path: str | Path | None = None) -> Predictor:
    """Loads a trained model.

    Args:
        path: a ``.keras`` file that ``python -m handseg_lib train`` made; None: the course's own model, which
            needs no network.

    Raises:
        InputError: the file is missing or is no model.
    """
    if path is None:
        return _course_model()
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such model. {TRAIN_ONE}")
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:  # a damaged file raises almost anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path}: Keras cannot load this model ({reason}). {TRAIN_ONE}") from None
    try:
        return Predictor(model)
    except InputError as error:
        raise InputError(f"{path}: {error} {TRAIN_ONE}") from None


def _course_model() -> Predictor:
    """The kernels are kept in float16, at half the size; the network computes in float32 as ever."""
    card = json.loads(COURSE_CARD.read_text())
    model = build_unet(card["size"], weights=None)
    with np.load(COURSE_MODEL) as arrays:
        model.set_weights([arrays[f"weight{i}"].astype("float32") for i in range(len(arrays.files))])
    return Predictor(model, card["threshold"])
