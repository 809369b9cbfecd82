"""What all the sliders are made of: a drawing, and a view that draws it again when a control moves.

The picture is one HTML widget, so that a move costs one message and nothing stacks up, in Lab, Notebook 7,
Colab and Voilà alike. Only what ipywidgets 7.7 and 8 share is used.
"""

import base64
import copy
import functools
import io
from collections.abc import Callable, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import cv2
import ipywidgets as widgets
import numpy as np
from IPython import get_ipython
from IPython.display import display

from .. import plots
from ..data.gate import InputError
from ..data.samples import Sample
from .pad import Pad

SIDE = 256  # pixels on the screen of a picture's longer side
FRAME = "max-width:100%;box-sizing:border-box;border:1px solid #999"  # a mask may be white to its edge
WRAP = "display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start"

# What ipywidgets leaves out, for those who use no mouse or cannot see. A slider's handle and its number have no name:
# they get the label's. In Lab and Notebook 7 a key pressed on a control goes to the notebook, an arrow to the next
# cell, 0 0 to the kernel, which restarts: it stays with the control. A style's onload is a script that runs everywhere.
# Where the page is narrow, as it is at a zoom of 400 %, a slider's track may go below its label.
AID = """<style onload="
  const view = this.closest('.handseg-view');
  const mend = () => {
    for (const slider of view.querySelectorAll('.widget-slider'))
      for (const part of slider.querySelectorAll('[tabindex], [contenteditable]'))
        part.setAttribute('aria-label', slider.querySelector('.widget-label').textContent);
    for (const control of view.querySelectorAll('a, button, input, select, [tabindex], [contenteditable]'))
      control.dataset.lmSuppressShortcuts = '';
  };
  mend();
  new MutationObserver(mend).observe(view, {childList: true, subtree: true});
">
  .handseg-view .widget-hslider { flex-wrap: wrap; height: auto; }
  .handseg-view .widget-hslider .slider-container { flex-basis: 100px; }
  .handseg-view .widget-checkbox { height: auto; }
  .handseg-view .widget-label-basic { white-space: normal; }
</style>"""


@dataclass(frozen=True)
class Drawing:
    """Pictures side by side, each below its title, and a line of text. A notebook shows one picture with alt text.

    Attributes:
        pictures: uint8 (H, W, 3) RGB, or (H, W) in 0-1: a mask or a probability.
        titles: one for each.
        alt: what a reader who cannot see the pictures should know, in a sentence.
        text: the numbers of the moment, for the lines below a widget's pictures.
        columns: at most so many pictures side by side.
    """

    pictures: Sequence[np.ndarray]
    titles: Sequence[str]
    alt: str
    text: str = ""
    columns: int = 5

    def html(self) -> str:
        """The same for a widget: quick to make, and the pictures wrap where the page is narrow."""
        figures = [
            f'<figure style="margin:0;max-width:100%"><figcaption>{escape(title)}</figcaption>'
            f'<img alt="{escape(title)}" src="{data_uri(picture)}" style="{FRAME};{_sides(picture)}"></figure>'
            for picture, title in zip(self.pictures, self.titles)
        ]
        return (
            f'<div role="group" aria-label="{escape(self.alt)}">'
            f'<div style="{WRAP};max-width:{self.columns * (SIDE + 16)}px">{"".join(figures)}</div>'
            f'<div style="white-space:pre-line">{escape(self.text)}</div></div>'
        )

    def without_first(self) -> "Drawing":
        """The same without its first picture, for a widget in which that one is there already, to point at."""
        return replace(self, pictures=self.pictures[1:], titles=self.titles[1:])

    def _repr_mimebundle_(self, include=None, exclude=None):
        if not self.pictures:
            return {"text/plain": self.alt, "text/html": escape(self.text)}, {}
        return plots.images(self.pictures, self.titles, self.alt, columns=self.columns)._repr_mimebundle_()


def _sides(picture: np.ndarray) -> str:
    height, width = picture.shape[:2]
    return f"width:{max(1, round(width * SIDE / max(height, width)))}px;height:auto"


def data_uri(picture: np.ndarray) -> str:
    """A picture as the address of an image, no larger than the screen needs: for the pictures see ``Drawing``."""
    if picture.dtype != np.uint8 or picture.ndim == 2:
        picture = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    picture = shrink(picture)
    if picture.ndim == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    # a JPEG is a tenth of a PNG, over a slow line too; without subsampling, thin coloured lines keep their colour
    full_colour = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90, *full_colour])
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def shrink(picture: np.ndarray) -> np.ndarray:
    """A picture with no more pixels than a screen needs, or itself."""
    scale = 2 * SIDE / max(picture.shape)  # two pixels of the file for one of the page, which dense screens have
    if scale >= 1:
        return picture
    size = [max(1, round(side * scale)) for side in picture.shape[1::-1]]  # a strip keeps one pixel of its width
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


class View(widgets.VBox):
    """Controls above what they draw.

    Args:
        draw: called with each control's value, by name, at first and whenever one changes. Returns a ``Drawing``, or
            a figure of ``plots``.
        controls: widgets that have a value, by name.
        buttons: further widgets, shown behind the controls.

    Attributes:
        controls: as given.
        picture: the HTML widget that shows the drawing.
        message: the HTML widget that says what went wrong, in one sentence; empty where all is well.
        still: what a page shows that runs no widgets; None: what is drawn.
    """

    def __init__(self, draw: Callable, controls: dict[str, widgets.Widget], buttons: Sequence[widgets.Widget] = ()):
        self.draw, self.controls, self.drawn = draw, controls, Drawing([], [], "")
        self.picture, self.message = widgets.HTML(), widgets.HTML()
        self.still: Any = None
        for control in controls.values():
            control.observe(self.redraw, "value")
        self.redraw()
        aid = widgets.HTML(AID, layout=widgets.Layout(display="none"))
        pads = [control for control in controls.values() if isinstance(control, Pad)]  # stand beside what they change
        others = [control for control in controls.values() if control not in pads]
        shown = row([*pads, self.picture], "flex-start") if pads else self.picture
        super().__init__([row([*others, *buttons]), self.message, shown, aid])
        self.add_class("handseg-view")

    def redraw(self, change=None) -> None:
        """Draws again. Whatever goes wrong becomes a sentence, and the next move has its chance."""
        try:
            self.drawn = self.draw(**{name: control.value for name, control in self.controls.items()})
            self.picture.value = self.drawn.html()
            self.message.value = ""
        except Exception as error:
            self.message.value = sentence(error)

    def _repr_mimebundle_(self, **kwargs):
        """With the widget goes a picture of it, which a page shows that cannot run widgets, such as GitHub's."""
        picture, metadata = (self.still or self.drawn)._repr_mimebundle_()
        return super()._repr_mimebundle_(**kwargs) | picture, metadata


def keep(sample: Sample) -> Sample:
    """The same sample, which reads its files at the first call and remembers them for every move of a slider.

    A phone's photo takes longer to decode than to draw. What is remembered goes with what is returned.
    """
    remembered = copy.copy(sample)
    vars(remembered)["read"] = functools.cache(sample.read)  # an error is not remembered: the next move has its chance
    return remembered


@contextmanager
def passing():
    """Shows the progress bars that are written to stderr inside it, and leaves nothing of them in the notebook."""
    if get_ipython() is None:  # a script, whose stderr is the place for them
        yield
        return
    shown = []

    class Bar(io.StringIO):
        def write(self, text: str) -> int:
            line = {"text/plain": text.strip("\r\n")}
            if not shown:
                shown.append(display(line, raw=True, display_id=True))
            elif line["text/plain"]:
                shown[0].update(line, raw=True)
            return len(text)

    with redirect_stderr(Bar()):
        yield
    if shown:
        shown[0].update({"text/html": ""}, raw=True)


def sentence(error: Exception) -> str:
    """What went wrong, as HTML to show in a widget."""
    reason = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
    return f'<div role="alert"><b>This did not work.</b> {escape(reason)}</div>'


# The controls: each with a label that is shown in full


def row(children: Sequence[widgets.Widget], align: str = "center") -> widgets.Box:
    """Widgets beside each other, on as many lines as they need."""
    return widgets.Box(list(children), layout=widgets.Layout(display="flex", flex_flow="row wrap", align_items=align))


def slider(label: str, value: float, low: float, high: float, step: float = 1) -> widgets.Widget:
    """A slider of integers, or of decimals where the step is one. The picture follows while it is dragged.

    The front end holds moves back while the kernel draws, and sends the last of them: none wait in a queue.
    """
    kind = widgets.IntSlider if isinstance(step, int) else widgets.FloatSlider
    return kind(value=value, min=low, max=high, step=step, description=label, style=FULL, layout=_wide("340px"))


def choice(label: str, options: Sequence, value=None) -> widgets.Dropdown:
    """A list to choose one from: of strings, or of pairs (string, value)."""
    chosen = {} if value is None else {"value": value}
    return widgets.Dropdown(options=options, description=label, style=FULL, layout=_wide("auto"), **chosen)


def tick(label: str, value: bool = False) -> widgets.Checkbox:
    """A box to tick."""
    return widgets.Checkbox(value=value, description=label, indent=False, layout=_wide("auto"))


def button(label: str, act: Callable[[], None]) -> widgets.Button:
    """A button that calls ``act``."""
    made = widgets.Button(description=label, layout=_wide("auto"))
    made.on_click(lambda _: act())
    return made


def pages(number: widgets.IntSlider) -> list[widgets.Button]:
    """Two buttons that step a slider back and forth, and stay at its ends."""

    def step(by: int) -> None:
        number.value = min(max(number.value + by, number.min), number.max)

    return [button("previous", lambda: step(-1)), button("next", lambda: step(1))]


FULL = {"description_width": "initial"}


def _wide(width: str) -> widgets.Layout:
    return widgets.Layout(width=width, max_width="100%")
