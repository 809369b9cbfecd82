"""Fool the network: paint on the photo, and watch the mask follow."""

from collections.abc import Sequence

import cv2
import numpy as np

from .. import metrics, plots
from ..data.augment import resize_image
from ..data.gate import as_masks, as_photo
from ..predictor import Predictor
from .pad import Pad
from .view import Drawing, View, choice, data_uri, slider

SKIN, WALL = (205, 155, 125), (90, 100, 110)  # where a photo has no hand, or nothing else


def paint(image: np.ndarray, strokes: Sequence[dict]) -> np.ndarray:
    """Paints strokes of a brush on a photo.

    Args:
        image: uint8 (H, W, 3) RGB.
        strokes: each with ``colour`` ("#rrggbb"), ``strength`` (0-1: how little shines through), ``width`` (a share of
            the photo's width) and ``points``, pairs (x, y) of 0-1.

    Returns:
        uint8 (H, W, 3) RGB, a copy.
    """
    painted = as_photo(image).copy()
    height, width = painted.shape[:2]
    for stroke in strokes:
        points = np.round(np.float64(stroke["points"]) * (width - 1, height - 1)).astype(np.int32)
        thickness = max(1, round(stroke["width"] * width))
        line = np.concatenate([points[:1], points])  # a dab has one point, and OpenCV draws no line of one
        ink = cv2.polylines(np.zeros((height, width), np.uint8), [line], False, 255, thickness, cv2.LINE_AA)
        cover = stroke["strength"] * ink[..., None] / 255
        painted = np.round((1 - cover) * painted + cover * rgb_of(stroke["colour"])).astype(np.uint8)
    return painted


def rgb_of(colour: str) -> np.ndarray:
    """The three numbers of "#rrggbb"."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


def brushes(image: np.ndarray, mask: np.ndarray) -> dict[str, dict]:
    """Brushes for a photo, by name: the colour of its own skin and of its own wall among them.

    Args:
        image: uint8 (H, W, 3) RGB.
        mask: where its hand is, (H, W) of {0, 1}.
    """
    (mask,) = as_masks(image, mask=mask)
    skin = np.median(image[mask == 1], axis=0) if mask.any() else SKIN
    wall = np.median(image[mask == 0], axis=0) if not mask.all() else WALL
    colours = {
        "the skin's colour": (skin, 1.0),
        "the wall's colour": (wall, 1.0),
        "a shadow": ((0, 0, 0), 0.6),
        "a gold ring": ((212, 175, 55), 1.0),
        "black ink": ((20, 20, 25), 1.0),
        "white chalk": ((240, 240, 240), 1.0),
    }
    return {
        name: {"colour": "#" + "".join(f"{int(value):02x}" for value in colour), "strength": strength}
        for name, (colour, strength) in colours.items()
    }


def draw_fooled(painted: np.ndarray, before: np.ndarray, after: np.ndarray, threshold: float = 0.5) -> Drawing:
    """Draws what ``fool`` shows: a painted photo, the mask that the network now gives, and what the paint has changed.

    Args:
        painted: uint8 (S, S, 3) RGB.
        before: probability of hand (S, S) of the photo without paint.
        after: the same with paint.
        threshold: probability from which a pixel is called hand.
    """
    was, now = ((hand >= threshold).astype(np.uint8) for hand in (before, after))
    hand = max(1, was.sum())
    lost, new = (was & (1 - now)).sum() / hand, (now & (1 - was)).sum() / hand
    text = (
        f"IoU with the mask before {metrics.iou(was, now):.3f} | {lost:.0%} of the hand is lost, and as much as "
        f"{new:.0%} of it is new"
    )
    return Drawing(
        [painted, plots.overlay(painted, now), plots.errors(painted, was, now)],
        ["painted photo", "the mask now", "lost blue, new orange"],
        alt="A photo with paint on it, the mask that the network gives now, and what has changed: hand that is lost "
        f"blue, hand that is new orange. {text}.",
        text=text,
    )


def fool(predictor: Predictor, image: np.ndarray) -> View:
    """Gives you a brush to paint on a photo with, and shows how the mask follows.

    Drag to paint. By keys: the arrows move the brush, space puts it down and lifts it.

    Args:
        predictor: a trained model.
        image: uint8 (H, W, 3) RGB.
    """
    small = resize_image(as_photo(image), predictor.size)
    before = predictor(small)
    ways = brushes(small, before >= predictor.threshold)
    kinds, width = choice("brush", list(ways)), slider("width, px", 14, 2, 60)
    pad = Pad(
        picture=data_uri(small),
        label="the photo: drag to paint; or move the brush by the arrow keys, space puts it down and lifts it",
        brush={},
    )

    def take(change=None) -> None:
        pad.brush = ways[kinds.value] | {"width": width.value / predictor.size}

    def draw(strokes) -> Drawing:
        painted = paint(small, strokes)
        after = predictor(painted) if strokes else before
        return draw_fooled(painted, before, after, predictor.threshold).without_first()

    take()
    for control in (kinds, width):
        control.observe(take, "value")
    view = View(draw, {"strokes": pad}, [kinds, width])
    example = paint(small, example_strokes(ways))
    view.still = draw_fooled(example, before, predictor(example), predictor.threshold)
    return view


def example_strokes(ways: dict[str, dict]) -> list[dict]:
    """Some skin on the wall, and a shadow across the hand: for pages on which nobody can paint."""
    wave = [(x, 0.12 + 0.05 * np.sin(20 * x)) for x in np.linspace(0.08, 0.7, 30)]
    return [
        ways["the skin's colour"] | {"width": 0.09, "points": wave},
        ways["a shadow"] | {"width": 0.12, "points": [(0.2, 0.75), (0.9, 0.45)]},
    ]
