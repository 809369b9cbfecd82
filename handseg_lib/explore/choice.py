"""A drawing of which a part is chosen, by a click or by a key."""

from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets


class Choice(anywidget.AnyWidget):
    """A drawing whose parts are chosen by a click, or by Tab and the arrow keys. What is in it is in choice.js.

    Attributes:
        drawing: SVG or HTML; what can be chosen has a ``data-name``. Where the parts stand in a table, each has its
            place there, ``data-at``, counted through the rows.
        columns: of that table; 0: there is none.
        value: the name of the part that is chosen.
        all: whether the second pictures of all parts are shown, and not only of the one that is pointed at.
    """

    _esm = Path(__file__).with_name("choice.js")
    drawing = traitlets.Unicode().tag(sync=True)
    columns = traitlets.Int(0).tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    all = traitlets.Bool(False).tag(sync=True)

    def __init__(self, **traits):
        super().__init__(layout=widgets.Layout(width="100%"), **traits)
