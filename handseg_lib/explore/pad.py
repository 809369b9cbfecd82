"""A picture to point at or to paint on, by mouse, finger or keys."""

from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets


class Pad(anywidget.AnyWidget):
    """A picture that takes a point, or strokes of a brush. What is in it is in pad.js.

    While Python draws, the front end holds further moves back, and sends the last of them.

    Attributes:
        picture: its address.
        label: what it is, and what to do with it.
        window: side of the square around the point, as a share of the picture's width; 0: a ring.
        step: how far an arrow key moves the point, as a share of the picture's width.
        brush: None where it takes a point. Else what paints: ``colour`` ("#rrggbb"), ``strength`` (0-1) and ``width``
            (a share of the picture's width).
        value: the point [x, y], each 0-1; with a brush a list of strokes, each the brush and its ``points``.
    """

    _esm = Path(__file__).with_name("pad.js")
    picture = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    window = traitlets.Float(0.0).tag(sync=True)
    step = traitlets.Float(0.02).tag(sync=True)
    brush = traitlets.Dict(None, allow_none=True).tag(sync=True)
    value = traitlets.List().tag(sync=True)

    def __init__(self, **traits):
        super().__init__(layout=widgets.Layout(width="330px", max_width="100%"), **traits)
