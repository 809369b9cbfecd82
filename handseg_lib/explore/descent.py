"""A ball on a loss surface: what the learning rate, warm-up and clipping do, in two dimensions."""

import functools

import cv2
import ipywidgets as widgets
import numpy as np

from .. import plots
from .fooling import rgb_of
from .pad import Pad
from .view import FULL, Drawing, View, data_uri, slider, tick

# The surface: a long valley that falls slowly along x, between walls that are steep from |y| = WALL on.
REACH_X, REACH_Y, WALL, ALONG, ACROSS, STEEP = 10.0, 5.0, 2.0, 0.1, 1.0, 20.0
STEPS = 30
RATES = (0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 1.0, 1.5, 1.9, 2.1)
START = (-8.0, 3.0)  # on a wall
WIDTH, HEIGHT = 512, 256  # of the map, in pixels


def loss_at(x, y):
    """The height of the surface, of numbers or arrays."""
    over = np.maximum(np.abs(y) - WALL, 0)
    return (ALONG * np.square(x) + ACROSS * np.square(y) + STEEP * np.square(over)) / 2


def gradient_at(x: float, y: float) -> np.ndarray:
    """Where it goes up, and how steeply: the derivatives of ``loss_at`` by x and y."""
    over = max(abs(y) - WALL, 0.0)
    return np.array([ALONG * x, ACROSS * y + STEEP * over * np.sign(y)])


def roll(start: tuple[float, float], rate: float, warm_up: int = 0, clip: bool = False) -> np.ndarray:
    """Follows gradient descent: each step goes down by the rate times the gradient.

    Args:
        start: x and y.
        rate: the learning rate.
        warm_up: steps over which the rate grows to its full size.
        clip: whether a gradient longer than 1 is shortened to 1.

    Returns:
        The places, float (STEPS + 1, 2); it stops early where the ball has left the map for good.
    """
    places = [np.array(start, float)]
    for step in range(STEPS):
        gradient = gradient_at(*places[-1])
        if clip:
            gradient = gradient / max(1.0, np.linalg.norm(gradient))
        now = rate * min(1.0, (step + 1) / (warm_up + 1))
        places.append(places[-1] - now * gradient)
        if np.abs(places[-1]).max() > 1e4:
            break
    return np.array(places)


def pixel(places: np.ndarray) -> np.ndarray:
    """Places on the surface as places on the map, int32 (..., 2)."""
    share = (np.asarray(places) / (REACH_X, REACH_Y) + 1) / 2
    return np.clip(np.round(share * (WIDTH - 1, HEIGHT - 1)), -30_000, 30_000).astype(np.int32)


@functools.cache
def surface() -> np.ndarray:
    """The map: the lower, the darker, with lines of equal height; uint8 (HEIGHT, WIDTH, 3)."""
    x, y = np.meshgrid(np.linspace(-REACH_X, REACH_X, WIDTH), np.linspace(-REACH_Y, REACH_Y, HEIGHT))
    height = np.log1p(loss_at(x, y))
    shade = height / height.max()
    low, high = np.array([30, 50, 80]), np.array([235, 240, 245])
    picture = (low + shade[..., None] * (high - low)).astype(np.uint8)
    level = np.floor(3 * height)
    line = (level[1:, 1:] != level[:-1, 1:]) | (level[1:, 1:] != level[1:, :-1])
    picture[1:, 1:][line] = picture[1:, 1:][line] // 2 + 60
    return picture


def draw_descent(
    start: tuple[float, float] = START, rate: float = 1.0, warm_up: int = 0, clip: bool = False
) -> Drawing:
    """Draws what ``roll_ball`` shows: the way of a ball down a surface, and the loss after each step.

    Args:
        start, rate, warm_up, clip: as for ``roll``.
    """
    places = roll(start, rate, warm_up, clip)
    picture, way = surface().copy(), pixel(places)
    for colour, thickness in (((0, 0, 0), 4), ((230, 159, 0), 2)):
        cv2.polylines(picture, [way], False, colour, thickness, cv2.LINE_AA)
    for number, place in enumerate(way):
        last = number == len(way) - 1
        for colour, more in (((0, 0, 0), 2), ((213, 94, 0) if last else (255, 255, 255), 0)):
            cv2.circle(picture, place.tolist(), (7 if last else 3) + more, colour, -1, cv2.LINE_AA)
    losses = loss_at(*places.T)
    outside = np.flatnonzero(np.abs(places / (REACH_X, REACH_Y)).max(axis=1) > 1)
    away = f" It leaves the map at step {outside[0]}." if len(outside) else ""
    lost = " It never comes back." if len(places) <= STEPS or (len(outside) and outside[-1] == STEPS) else ""
    text = (
        f"rate {rate:g}: the loss goes from {losses[0]:.2f} to {losses[-1]:.3g} in {len(places) - 1} steps.{away}{lost}"
    )
    return Drawing(
        [picture, curve(losses)],
        ["the way down", "loss after each step, each line ten times the one below"],
        alt=f"A valley between two steep walls, seen from above, and the way of a ball that goes down it step by step; "
        f"beside it the loss after each step. {text}",
        text=text,
    )


def curve(losses: np.ndarray) -> np.ndarray:
    """The losses as a line, on a scale on which each step up is ten times as much; uint8 RGB."""
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    bottom, top = -4, 4
    for power in range(bottom + 1, top):
        y = round((top - power) / (top - bottom) * (HEIGHT - 1))
        picture[y] = 220
        cv2.putText(
            picture, f"{10.0**power:g}", (4, y - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (90, 90, 90), 1, cv2.LINE_AA
        )
    share = np.clip((top - np.log10(np.maximum(losses, 1e-9))) / (top - bottom), 0, 1)
    x = 60 + np.arange(len(losses)) * (WIDTH - 70) / STEPS
    points = np.stack([x, share * (HEIGHT - 1)], axis=1).round().astype(np.int32)
    cv2.polylines(picture, [points], False, rgb_of(plots.BLUE).tolist(), 3, cv2.LINE_AA)
    return picture


def roll_ball() -> View:
    """Lets a ball roll down a loss surface under sliders for the learning rate and warm-up, and a tick for clipping.

    Press on the map, or use the arrow keys, to say where it starts.
    """
    at = [(START[0] / REACH_X + 1) / 2, (START[1] / REACH_Y + 1) / 2]
    pad = Pad(
        picture=data_uri(surface()),
        label="the map: press where the ball is to start, or move it by the arrow keys",
        step=0.02,
        value=at,
    )

    def draw(start, rate, warm_up, clip) -> Drawing:
        x, y = (np.array(start) * 2 - 1) * (REACH_X, REACH_Y)
        return draw_descent((x, y), rate, warm_up, clip)

    rates = widgets.SelectionSlider(
        options=list(RATES),
        value=1.0,
        description="learning rate",
        style=FULL,
        layout=widgets.Layout(width="340px", max_width="100%"),
    )
    controls = {
        "start": pad,
        "rate": rates,
        "warm_up": slider("warm-up, steps", 0, 0, 15),
        "clip": tick("clip the gradient"),
    }
    return View(draw, controls)
