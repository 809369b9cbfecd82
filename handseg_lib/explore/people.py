"""A wall of people: a row for each person, a column for each gesture, and the masks on top."""

import base64
import functools
from collections import Counter
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np

from .. import plots
from ..data.samples import Sample, as_samples
from .choice import Choice
from .photos import draw_sample
from .view import View, keep, tick

MOST = 8  # gestures: more would be too small to see
SIDE = 88  # pixels of a photo on the wall


def arrange(samples: Sequence[Sample]) -> tuple[list[str], list[str], dict[tuple[str, str], Sample]]:
    """The persons, the gestures that most of them show, and one sample for each person and gesture that there is."""
    common = Counter(gesture for _, gesture in {(sample.person, sample.gesture) for sample in samples})
    gestures = sorted(gesture for gesture, _ in sorted(common.items(), key=lambda item: (-item[1], item[0]))[:MOST])
    cells = {}
    for sample in samples:
        if sample.gesture in gestures:
            cells.setdefault((sample.person, sample.gesture), sample)
    return sorted({person for person, _ in cells}), gestures, cells


def small(picture: np.ndarray) -> np.ndarray:
    """A picture cut to a square round its middle, SIDE pixels wide."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return cv2.resize(picture[top : top + side, left : left + side], (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def pair(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """A small photo, and the same with its mask."""
    image, mask = sample.read()
    return small(image), small(plots.overlay(image, mask, strength=0.3))


def draw_wall(samples: Sequence[Sample], masks: bool = False) -> plots.AltFigure:
    """Draws what ``wall`` shows: one photo for each person and gesture.

    Args:
        samples: at most eight gestures are shown, those that most persons have.
        masks: whether the masks are drawn in.

    Raises:
        InputError: there are no samples.
    """
    samples = as_samples(samples, "show on a wall")
    people, gestures, cells = arrange(samples)
    picture = np.full((len(people) * SIDE, len(gestures) * SIDE, 3), 255, np.uint8)
    for (person, gesture), sample in cells.items():
        top, left = people.index(person) * SIDE, gestures.index(gesture) * SIDE
        picture[top : top + SIDE, left : left + SIDE] = pair(sample)[masks]
    figure, ax = plots.figure(
        f"A wall of photos: {len(people)} people, one in each row, and {len(gestures)} gestures, one in each column"
        f"{', each with its mask outlined' * masks}.",
        width=0.6 + 0.62 * len(gestures),
        height=0.5 + 0.62 * len(people),
    )
    ax.imshow(picture)
    middle = SIDE / 2 + SIDE * np.arange(max(len(people), len(gestures)))
    ax.set_xticks(middle[: len(gestures)], gestures)
    ax.set_yticks(middle[: len(people)], people)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.set(xlabel="gesture", ylabel="person")
    ax.xaxis.set_label_position("top")
    ax.spines[:].set_visible(False)
    return figure


def wall(samples: Sequence[Sample]) -> View:
    """Shows people by gestures. Point at a photo and its mask appears; choose it and it is shown large.

    By keys: Tab leads to the photo that is chosen, the arrows from there to the next. A tick shows all masks.

    Args:
        samples: at most eight gestures are shown, those that most persons have.

    Raises:
        InputError: there are no samples, or one cannot be read.
    """
    still = draw_wall(samples)
    people, gestures, cells = arrange(samples)
    named = {f"person {person}, gesture {gesture}": sample for (person, gesture), sample in cells.items()}
    chosen = Choice(drawing=table(people, gestures, cells), columns=len(gestures), value=next(iter(named)))
    shown = functools.lru_cache(1)(keep)
    masks = tick("all masks")
    masks.observe(lambda change: chosen.set_trait("all", change.new), "value")
    view = View(lambda photo: draw_sample(shown(named[photo])), {"photo": chosen}, [masks])
    view.still = still
    return view


def table(people: Sequence[str], gestures: Sequence[str], cells: dict[tuple[str, str], Sample]) -> str:
    """The wall as HTML; each photo has the same with its mask above it, which the page shows when one points there."""
    names = "".join(f"<div>{escape(gesture)}</div>" for gesture in gestures)
    parts = [f"<div></div>{names}"]
    for row, person in enumerate(people):
        parts.append(f"<div>{escape(person)}</div>")
        for column, gesture in enumerate(gestures):
            parts.append(_cell(cells.get((person, gesture)), person, gesture, row * len(gestures) + column))
    columns = f"2em repeat({len(gestures)}, minmax(24px, {SIDE}px))"
    style = f"display:grid;grid-template-columns:{columns};gap:2px;align-items:center;text-align:center"
    return f'<div role="radiogroup" aria-label="people by gestures" style="{style}">{"".join(parts)}</div>'


def _address(picture: np.ndarray) -> str:
    """A small picture as the address of a WebP: a wall has two hundred of them."""
    _, code = cv2.imencode(".webp", picture[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 75])
    return f"data:image/webp;base64,{base64.b64encode(code).decode()}"


def _cell(sample: Sample | None, person: str, gesture: str, at: int) -> str:
    if sample is None:
        return "<div></div>"
    name = escape(f"person {person}, gesture {gesture}")
    pictures = "".join(f'<img alt="" src="{_address(picture)}">' for picture in pair(sample))
    return f'<div data-name="{name}" data-at="{at}" role="radio" aria-label="{name}">{pictures}</div>'
