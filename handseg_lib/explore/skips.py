"""Skips under ticks: what the decoder loses when it no longer gets the encoder's finer features."""

from collections.abc import Sequence

import keras
import numpy as np

from .. import metrics, plots
from ..data.augment import resize, resize_image
from ..data.gate import InputError, as_masks, as_photo, as_probability, number, of_kind
from ..predictor import Predictor
from .inside import encoder_of
from .view import Drawing, View, tick


def decoder_of(model: keras.Model) -> keras.Model:
    """The decoder alone: from what the encoder returns, skips finest first and then the bottleneck, to the hand.

    Args:
        model: from ``build_unet``; the decoder shares its weights.

    Raises:
        InputError: the model has no skips.
    """
    of_kind("model", model, keras.Model, "Give one that build_unet made.")
    joins, ups = joins_and_ups(model)
    skips = [join.input[1] for join in joins]  # coarsest first
    return keras.Model([*reversed(skips), ups[0].input], model.output, name="decoder")


def joins_and_ups(model: keras.Model) -> tuple[list[keras.layers.Layer], list[keras.layers.Layer]]:
    """The layers of a U-Net where a skip joins, and those that double the side, both from the bottleneck upwards.

    Raises:
        InputError: it has none.
    """
    joins = [layer for layer in model.layers if isinstance(layer, keras.layers.Concatenate)]
    ups = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    if not joins or not ups:
        raise InputError(f"{model.name}: a model without skips. Give one that build_unet made.")
    return joins, ups


def decode(decoder: keras.Model, features: Sequence[np.ndarray], keep: Sequence[bool]) -> np.ndarray:
    """Runs the decoder; the skips that it may not have are zeros.

    Args:
        decoder: from ``decoder_of``.
        features: what the encoder returns for one photo: the skips, finest first, and the bottleneck.
        keep: one for each skip.

    Returns:
        Probability of hand, float32 (S, S).
    """
    *skips, bottleneck = features
    cut = [skip if kept else np.zeros_like(skip) for skip, kept in zip(skips, keep, strict=True)]
    return decoder.predict_on_batch([*cut, bottleneck])[0, ..., 0]


def draw_cut(
    image: np.ndarray, whole: np.ndarray, cut: np.ndarray, threshold: float = 0.5, true: np.ndarray | None = None
) -> Drawing:
    """Draws what ``cut_skips`` shows: the mask with all skips, the one without some, and what that changes.

    Args:
        image: uint8 (S, S, 3) RGB, as the network sees it.
        whole: probability of hand with all skips, (S, S).
        cut: the same without some of them.
        threshold: probability from which a pixel is called hand.
        true: mask (S, S) of {0, 1}; None: the mask with all skips is taken for the truth.
    """
    image, names = as_photo(image), {"whole": whole, "cut": cut}
    whole, cut = (as_probability(hand, image[..., 0], name) for name, hand in names.items())
    number("threshold", threshold, 0, 1, such_as=0.5)
    before, after = ((hand >= threshold).astype(np.uint8) for hand in (whole, cut))
    if true is None:
        truth, text = before, f"IoU with the mask of all skips {metrics.iou(before, after):.3f}"
    else:
        truth = true
        text = f"IoU {metrics.iou(true, after):.3f}, with all skips {metrics.iou(true, before):.3f}"
    return Drawing(
        [plots.overlay(image, before), plots.overlay(image, after), cut, plots.errors(image, truth, after)],
        ["all skips", "without those cut", "its probability", plots.ERRORS],
        alt=f"A photo with the mask that the network gives with all skips, and without those that are cut; then the "
        f"probability and the errors: missed hand blue, false hand orange. {text}.",
        text=text,
    )


def cut_skips(model: Predictor | keras.Model, image: np.ndarray, true: np.ndarray | None = None) -> View:
    """Turns each skip off by a tick, and shows what the decoder makes of the rest. The encoder runs once.

    Args:
        model: a predictor or a U-Net, trained.
        image: uint8 (H, W, 3) RGB.
        true: its mask (H, W) of {0, 1}, if there is one; the IoU is then with it, else with the mask of all skips.

    Raises:
        InputError: the model is no U-Net with skips; the mask is none, or not of the photo's size.
    """
    image = as_photo(image)
    if true is not None:
        (true,) = as_masks(image, true=true)
    threshold, unet = getattr(model, "threshold", 0.5), getattr(model, "model", model)
    decoder, size = decoder_of(unet), unet.input_shape[1] or 224
    small, small_true = (resize_image(image, size), None) if true is None else resize(image, true, size)
    features = encoder_of(unet).predict_on_batch(small[None])
    names = [f"skip{k}" for k in range(1, len(features))]
    whole = decode(decoder, features, [True] * len(names))

    def draw(**kept: bool) -> Drawing:
        return draw_cut(small, whole, decode(decoder, features, [kept[name] for name in names]), threshold, small_true)

    labels = [f"skip of {skip.shape[2]} x {skip.shape[1]}" for skip in features[:-1]]
    view = View(draw, {name: tick(label, True) for name, label in zip(names, labels)})
    view.still = draw(**dict.fromkeys(names, False))  # a page that does not run shows what the skips are for
    return view
