"""Losses and metrics under sliders: what each of them notices of a mask that is shifted, shrunk or blurred."""

import functools

import cv2
import numpy as np

from .. import losses, metrics, plots
from ..data import drawn
from ..data.gate import as_masks, number, whole
from .view import Drawing, View, slider

SIZE = 256  # pixels


@functools.cache
def hand_masks() -> dict[str, np.ndarray]:
    """One drawn hand, large and at a third of the side: masks (SIZE, SIZE) of {0, 1}."""
    hand = drawn.render(0, "5", 0, size=192)[1]
    masks = {}
    for name, scale in (("large", 1), ("small", 1 / 3)):
        part = cv2.resize(hand, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST_EXACT)
        masks[name] = np.zeros((SIZE, SIZE), np.uint8)
        top, left = (SIZE - part.shape[0]) // 2, (SIZE - part.shape[1]) // 2
        masks[name][top : top + part.shape[0], left : left + part.shape[1]] = part
    return masks


def spoil(true: np.ndarray, shift: int = 0, shrink: int = 0, blur: float = 0.0) -> np.ndarray:
    """Makes a prediction of a true mask by doing three kinds of harm to it.

    Args:
        true: (H, W) of {0, 1}.
        shift: to the right, in pixels.
        shrink: how far the outline moves inwards, in pixels; outwards where it is negative.
        blur: standard deviation of a Gaussian, in pixels.

    Returns:
        Probability of hand, float32 (H, W) in 0.01-0.99: a network is never quite sure.
    """
    (true,) = as_masks(true=true)
    whole("shift", shift, -10_000, 10_000, such_as=5), whole("shrink", shrink, -50, 50, such_as=2)
    number("blur", blur, 0, 100, such_as=2)
    side = 2 * abs(shrink) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    mask = (cv2.erode if shrink > 0 else cv2.dilate)(true, disc)
    mask = cv2.warpAffine(mask, np.float32([[1, 0, shift], [0, 1, 0]]), true.shape[::-1], flags=cv2.INTER_NEAREST)
    hand = mask.astype(np.float32)
    if blur:
        hand = cv2.GaussianBlur(hand, (0, 0), blur)
    return np.clip(hand, 0.01, 0.99)


def gradients(true: np.ndarray, hand: np.ndarray) -> dict[str, np.ndarray]:
    """How strongly each loss pulls at each pixel: its derivative by the logit, float (H, W).

    The logit z is what the last layer computes before the sigmoid, so dp/dz = p (1 - p).

    Args:
        true: (H, W) of {0, 1}.
        hand: probability of hand, (H, W).
    """
    (true,) = as_masks(true=true)
    true, p = true.astype(np.float64), hand.astype(np.float64)
    both, total = (true * p).sum(), true.sum() + p.sum()
    dice = (2 * both + 1) / (total + 1) ** 2 - 2 * true / (total + 1)  # of losses.dice_loss, whose smooth is 1
    return {"BCE": (p - true) / true.size, "Dice": dice * p * (1 - p)}


def scores(true: np.ndarray, hand: np.ndarray) -> dict[str, float]:
    """What the metrics and the losses say of a prediction, and how hard each loss pulls in all.

    Args:
        true: (H, W) of {0, 1}.
        hand: probability of hand, (H, W); the metrics cut it at 0.5.
    """
    true, pred = as_masks(true=true, pred=hand >= 0.5)
    pulls = gradients(true, hand)
    return {
        "Dice": metrics.f1(true, pred),
        "IoU": metrics.iou(true, pred),
        "accuracy": metrics.accuracy(true, pred),
        "Dice loss": float(losses.dice_loss(true[None, ..., None], hand[None, ..., None])[0]),
        "BCE": float(losses.bce_loss(true[None, ..., None], hand[None, ..., None])[0]),
        "pull of Dice": float(np.abs(pulls["Dice"]).sum()),
        "pull of BCE": float(np.abs(pulls["BCE"]).sum()),
    }


def draw_loss(
    true: np.ndarray, shift: int = 0, shrink: int = 0, blur: float = 0.0, tops: dict | None = None
) -> Drawing:
    """Draws a spoiled prediction, and where each loss pulls at it; its scores are the text.

    Args:
        true: mask (H, W) of {0, 1}.
        shift, shrink, blur: as for ``spoil``.
        tops: for each loss, the pull that is drawn white; None: its strongest.
    """
    hand = spoil(true, shift, shrink, blur)
    grey = np.repeat((255 * hand).astype(np.uint8)[..., None], 3, axis=2)
    pulls = gradients(true, hand)
    tops = strongest(pulls) if tops is None else tops
    text = ", ".join(f"{name} {value:.3f}" for name, value in scores(true, hand).items())
    return Drawing(
        # the root: a pull is ten times as strong at a small hand as at a large one, and both are to be seen
        [
            plots.overlay(grey, true, strength=0),
            *(np.sqrt(np.minimum(np.abs(pull) / tops[name], 1)) for name, pull in pulls.items()),
        ],
        ["predicted, true outline", *(f"where {name} pulls" for name in pulls)],
        alt=f"A predicted mask shifted by {shift}, shrunk by {shrink} and blurred by {blur:g} pixels against the true "
        f"one, and where the gradients of BCE and Dice are strong. {text}.",
        text=text,
    )


def strongest(pulls: dict[str, np.ndarray]) -> dict[str, float]:
    """The strongest pull of each loss at any pixel."""
    return {name: float(np.abs(pull).max()) for name, pull in pulls.items()}


def draw_losses(shift: int = 12, shrink: int = 0, blur: float = 2.0) -> Drawing:
    """Draws what ``play_loss`` shows: the same harm done to a large hand and to a small one.

    The pulls of a loss are drawn at one scale for both hands.

    Args:
        shift, shrink, blur: as for ``spoil``.
    """
    masks = hand_masks()
    found = [strongest(gradients(true, spoil(true, shift, shrink, blur))) for true in masks.values()]
    tops = {loss: max(pulls[loss] for pulls in found) for loss in found[0]}
    parts = {name: draw_loss(true, shift, shrink, blur, tops) for name, true in masks.items()}
    scale = "White is a loss's strongest pull at any of the two hands; a quarter of that is half as bright."
    return Drawing(
        [picture for part in parts.values() for picture in part.pictures],
        [f"{name}: {title}" for name, part in parts.items() for title in part.titles],
        alt=" ".join(f"{name.capitalize()} hand: {part.alt}" for name, part in parts.items()),
        text="\n".join([*(f"{name}: {part.text}" for name, part in parts.items()), scale]),
        columns=3,
    )


def play_loss() -> View:
    """Shifts, shrinks and blurs a predicted mask under sliders; metrics, losses and their gradients follow.

    A large hand and a small one get the same harm, in pixels.
    """
    return View(
        draw_losses,
        {
            "shift": slider("shift, px", 12, -40, 40),
            "shrink": slider("shrink, px", 0, -10, 10),
            "blur": slider("blur, px", 2.0, 0.0, 20.0, 0.5),
        },
    )
