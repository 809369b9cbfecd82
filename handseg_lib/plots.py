"""Figures: every one with labels, with colours that colour-blind readers can tell apart, and with alt text.

A function here draws and returns a figure, and the notebook shows it as an ``<img>`` with its alt text. No global
pyplot state is touched.
"""

import base64
import io
import warnings
from collections.abc import Sequence
from html import escape

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from .data.gate import InputError, as_masks, as_photo, of_kind, what, whole
from .data.samples import Sample, as_samples
from .metrics import iou
from .painting import SKY, overlay

# Okabe and Ito's colours, which stay apart in all common forms of colour blindness
BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#999999"
ERRORS = "missed blue, false orange"  # the legend of ``errors``, as a title


class AltFigure(Figure):
    """A figure that shows itself in a notebook together with its alt text."""

    alt = ""

    def savefig(self, *args, **options):
        """Draws every text as it stands: a person or a file may have any name, dollars and all.

        A box stands for what the font lacks, without the warning for each. Numbers of a log scale, which matplotlib
        writes as mathematics, stay so.
        """
        for ax in self.axes:
            ax.get_xticklabels(), ax.get_yticklabels()  # a bar's name is made only now
        for text in self.findobj(Text):
            written = text.get_text()
            text.set_text(printable(written))
            if "$" in written and r"\mathdefault" not in written:
                text.set_parse_math(False)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            super().savefig(*args, **options)

    def html(self) -> str:
        """The figure as an ``<img>`` with its alt text."""
        stream = io.BytesIO()
        # two pixels for one of the page, which dense screens have; as WebP, a fraction of what a PNG of photos takes
        self.savefig(stream, format="webp", dpi=2 * self.dpi, bbox_inches="tight", pil_kwargs={"quality": 85})
        address = f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"
        size = f'width="{Image.open(stream).width // 2}" style="max-width:100%;height:auto"'
        return f'<img alt="{escape(self.alt)}" src="{address}" {size}>'

    def _repr_mimebundle_(self, include=None, exclude=None):
        """HTML, which every page shows as it is: the alt text of an ``image/png`` is read out by none but GitHub.

        JupyterLab leaves it out, nbconvert writes "No description", Sphinx the name of a file. Both forms beside each
        other would double a notebook's size.
        """
        return {"text/html": self.html(), "text/plain": self.alt}, {}


def figure(alt: str, rows: int = 1, columns: int = 1, width: float = 8.0, height: float = 3.0, **subplots):
    """Makes an empty figure.

    Args:
        alt: what a reader who cannot see it should know, in a sentence.
        rows, columns: of its axes.
        width, height: in inches.
        subplots: further arguments of ``Figure.subplots``.

    Returns:
        The figure, and its axes: one, or an array of them.
    """
    of_kind("alt", alt, str, "Say in a sentence what a reader who cannot see it should know.")
    fig = AltFigure(figsize=(width, height), dpi=100, layout="constrained")
    fig.alt = " ".join(printable(alt).split())
    FigureCanvasAgg(fig)
    return fig, fig.subplots(rows, columns, **subplots)


def printable(text: str) -> str:
    """A text without what nobody can draw: bytes of a name that were no text, and tabs and their like."""
    text = text.encode(errors="replace").decode()
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)


def images(pictures: Sequence[np.ndarray], titles: Sequence[str], alt: str, columns: int = 4) -> AltFigure:
    """Shows pictures side by side, in rows of ``columns``; where they are few, they are larger.

    Args:
        pictures: uint8 (H, W, 3) RGB, or (H, W) in 0-1: a mask or a probability.
        titles: one for each.
        alt: alt text.

    Raises:
        InputError: there are no pictures, one has no pixels, or there is not a title for each.
    """
    pictures = _arrays("pictures", pictures)
    if not len(pictures):
        raise InputError("no pictures to show: the list is empty. Does your choice match any photo?")
    _insist_on_titles(titles, len(pictures), "pictures")
    for picture, title in zip(pictures, titles):
        channels = picture.shape[2:] in ((), (1,), (3,), (4,))
        if picture.ndim < 2 or not channels or not picture.size or picture.dtype.kind not in "buif":
            raise InputError(f"{title}: no picture, its shape is {picture.shape}. Give (H, W, 3) or (H, W).")
    columns = min(whole("columns", columns, 1, such_as=4), len(pictures))
    in_rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    # as high as the row's highest picture needs, in inches, so that wide ones leave no gap
    side = 2.0 if columns > 3 else 2.7
    heights = [0.3 + side * min(1.0, max(p.shape[0] / p.shape[1] for p in row)) for row in in_rows]
    size = {"width": (side + 0.1) * columns, "height": sum(heights), "height_ratios": heights}
    fig, axes = figure(alt, len(in_rows), columns, squeeze=False, **size)
    for ax in axes.flat[len(pictures) :]:
        ax.axis("off")
    for ax, picture, title in zip(axes.flat, pictures, titles):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=1 if picture.ndim == 2 else None)
        ax.set_title(title, fontsize=9.5)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_color(GREY)  # a frame: a mask may be white to its edge
    return fig


def _arrays(name: str, values: Sequence) -> list[np.ndarray]:
    """Whatever a list holds as arrays: of arrays already, of Pillow's pictures, of lists of numbers."""
    one = isinstance(values, np.ndarray) and (values.ndim < 3 or values.ndim == values.shape[-1] == 3)
    if one or not isinstance(values, (Sequence, np.ndarray)):
        raise InputError(f"{name}: {what(values)}, and a list of them is wanted. Put one in brackets: [picture].")
    return [np.asarray(value) for value in values]


def _insist_on_titles(titles: Sequence[str], count: int, name: str) -> None:
    """Raises InputError unless there is a title for each of so many pictures or arrays."""
    titles = titles.tolist() if isinstance(titles, np.ndarray) else titles
    if len(of_kind("titles", titles, Sequence, "Give a list of texts.")) != count:
        raise InputError(f"{count} {name} and {len(titles)} titles: give one title for each.")


def samples(chosen: Sequence[Sample], columns: int = 4, noun: str = "hand", whose: str = "person") -> AltFigure:
    """Shows photos with their masks drawn in.

    Args:
        chosen: samples.
        columns: pictures in a row.
        noun, whose: what the masks mark, and what the samples' ``person`` is, for titles and alt text: "leaf", "plant".
            Only hands have a gesture in their titles.
    """
    chosen = as_samples(chosen, "show")
    groups = len({sample.person for sample in chosen})
    return images(
        [overlay(*sample.read()) for sample in chosen],
        [f"{whose} {sample.person}" + f", gesture {sample.gesture}" * (noun == "hand") for sample in chosen],
        alt=f"{len(chosen)} photos of {groups} {whose}s, each with its {noun} filled and outlined in blue.",
        columns=columns,
    )


def errors(image: np.ndarray, true: np.ndarray, pred: np.ndarray) -> np.ndarray:
    """Paints what a prediction gets wrong: missed hand blue, false hand orange, right hand untouched.

    Args:
        image: uint8 (H, W, 3) RGB.
        true, pred: masks (H, W) of {0, 1}.

    Returns:
        uint8 (H, W, 3) RGB; what is neither is greyed.

    Raises:
        InputError: the photo or a mask is none, or they differ in size.
    """
    image = as_photo(image)
    true, pred = as_masks(image, true=true, pred=pred)
    painted = np.where((true | pred)[..., None] > 0, image, image // 2 + 96).astype(np.uint8)
    painted[(true == 1) & (pred == 0)] = (0, 114, 178)
    painted[(true == 0) & (pred == 1)] = (230, 159, 0)
    return painted


def predictions(predictor, chosen: Sequence[Sample], noun: str = "hand", whose: str = "person") -> AltFigure:
    """Shows, a row a sample: the photo, the probability of hand, the predicted mask, the errors.

    Args:
        predictor: or a baseline.
        chosen: samples.
        noun, whose: as in `samples`.
    """
    pictures, titles, chosen = [], [], as_samples(chosen, "show")
    if not callable(predictor) or not hasattr(predictor, "threshold"):
        raise InputError(f"{what(predictor)} is no predictor. Give hs.load_predictor() or hs.Predictor(model).")
    for sample in chosen:
        image, true = sample.read()
        hand = predictor(image)
        pred = (hand >= predictor.threshold).astype(np.uint8)
        pictures += [image, hand, overlay(image, pred), errors(image, true, pred)]
        titles += [f"{whose} {sample.person}", "probability", f"mask, IoU {iou(true, pred):.2f}", ERRORS]
    return images(
        pictures,
        titles,
        alt=f"{len(chosen)} rows of four pictures: a photo of a {noun}, the network's probability, the mask it gives, "
        f"and the pixels that are wrong: missed {noun} in blue, false {noun} in orange.",
    )


def curves(history, whose: str = "person") -> AltFigure:
    """Shows loss and IoU of each epoch, training solid, validation dashed, fine-tuning shaded.

    Args:
        history: what ``hs.fit`` returned.
        whose: as in `samples`, for the legend.

    Raises:
        InputError: the history has no epochs.
    """
    if not isinstance(rows := getattr(history, "rows", None), list):
        raise InputError(f"history is {what(history)}. Give what hs.fit returned.")
    if not rows:
        raise InputError("no curves to show: the history has no epochs. Train for one at least.")
    fig, axes = figure(
        f"Curves of loss and IoU over {len(rows)} epochs of training; the validation IoU is best, "
        f"{history.best['val_iou']:.2f}, after epoch {history.best['epoch'] + 1}.",
        columns=2,
    )
    draw_curves(axes, history, whose)
    return fig


def draw_curves(axes, history, whose: str = "person") -> None:
    """Draws a history's loss into the first of two axes, and its IoU into the second."""
    rows = history.rows
    epochs = [row["epoch"] + 1 for row in rows]
    tuned = [row["epoch"] + 1 for row in rows if row["stage"] == "tuned"]
    for ax, name, label in zip(axes, ("loss", "iou"), ("loss", "IoU")):
        val = [row[f"val_{name}"] for row in rows]
        ax.plot(epochs, [row[name] for row in rows], color=BLUE, marker="o", label=f"training {whose}s")
        ax.plot(epochs, val, "--", color=VERMILION, marker="s", label=f"validation {whose}s")
        if tuned:
            ax.axvspan(tuned[0] - 0.5, tuned[-1] + 0.5, color=GREY, alpha=0.15, label="encoder fine-tuned")
        ax.set_xlabel("epoch")
        ax.set_ylabel(label)
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[1].legend(fontsize=8)


def lines(ax, x, curves: dict[str, Sequence[float]], xlabel: str, ylabel: str) -> None:
    """Draws curves over the same x into axes, each with a colour and a dash of its own, and a legend."""
    looks = zip((BLUE, VERMILION, GREEN, ORANGE, SKY), ("-", "--", "-.", ":", (0, (5, 1))))
    for (name, y), (colour, dash) in zip(curves.items(), looks):
        ax.plot(x, y, linestyle=dash, color=colour, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(fontsize=8)


def numbers(arrays: Sequence[np.ndarray], titles: Sequence[str], alt: str, shades=None) -> AltFigure:
    """Shows small arrays (H, W) side by side with their numbers written in.

    Args:
        arrays, titles: one title for each array.
        alt: alt text.
        shades: how dark each cell is, arrays of the same shapes; None: the larger its number, the darker.

    Raises:
        InputError: there are no arrays.
    """
    arrays = _arrays("arrays", arrays)
    if not len(arrays):
        raise InputError("no arrays to show: the list is empty. Give one at least.")
    _insist_on_titles(titles, len(arrays), "arrays")
    for array, title in zip(arrays, titles):
        if array.ndim != 2 or not array.size or array.dtype.kind not in "buif":
            raise InputError(f"{title}: {what(array)} is no table of numbers. Give arrays (H, W).")
    fig, axes = figure(alt, 1, len(arrays), width=2.1 * len(arrays), height=2.4, squeeze=False)
    shades = arrays if shades is None else shades
    top = max(np.max(shade) for shade in shades) or 1
    for ax, array, shade, title in zip(axes.flat, arrays, shades, titles):
        ax.imshow(np.asarray(shade) / top, cmap="Blues", vmin=0, vmax=1.6)
        ax.set_title(title, fontsize=9)
        ax.set(xticks=np.arange(1, array.shape[1]) - 0.5, yticks=np.arange(1, array.shape[0]) - 0.5)
        ax.grid(color="black", linewidth=0.5)
        ax.tick_params(length=0, labelbottom=False, labelleft=False)
        for (row, column), value in np.ndenumerate(array):
            ax.text(column, row, f"{float(value):g}", ha="center", va="center")
    return fig
