"""Figures: every one with labels, with colours that colour-blind readers can tell apart, and with alt text.

A function here draws and returns a figure; the notebook shows it, and the picture carries its alt
text along, as IPython's ``Image(alt=...)`` does. No global pyplot state is touched.
"""

import io
from collections.abc import Sequence

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .data import Sample
from .metrics import iou

# Okabe and Ito's colours, which stay apart in all common forms of colour blindness
BLUE, ORANGE, GREEN, VERMILION, SKY, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#999999"
ERRORS = "missed blue, false orange"  # the legend of ``errors``, as a title


class AltFigure(Figure):
    """A figure that shows itself in a notebook together with its alt text."""

    alt = ""

    def _repr_mimebundle_(self, include=None, exclude=None):
        stream = io.BytesIO()
        self.savefig(stream, format="png", dpi=self.dpi, bbox_inches="tight")
        return {"image/png": stream.getvalue(), "text/plain": self.alt}, {"image/png": {"alt": self.alt}}


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
    fig = AltFigure(figsize=(width, height), dpi=80, layout="constrained")
    fig.alt = alt
    FigureCanvasAgg(fig)
    return fig, fig.subplots(rows, columns, **subplots)


def overlay(image: np.ndarray, mask: np.ndarray, colour: str = SKY, strength: float = 0.35) -> np.ndarray:
    """Paints a mask onto a photo, filled lightly and outlined strongly.

    Args:
        image: uint8 (H, W, 3) RGB.
        mask: (H, W) of {0, 1}.
        colour: of the fill and the outline.
        strength: of the fill, 0-1.

    Returns:
        uint8 (H, W, 3) RGB, a copy.
    """
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    painted = np.where(mask[..., None] > 0, (1 - strength) * image + strength * rgb, image).astype(np.uint8)
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    thickness = max(1, round(max(mask.shape) / 200))
    return cv2.drawContours(painted, outlines, -1, rgb.tolist(), thickness)


def images(pictures: Sequence[np.ndarray], titles: Sequence[str], alt: str, columns: int = 4) -> AltFigure:
    """Shows pictures side by side, in rows of ``columns``.

    Args:
        pictures: uint8 (H, W, 3) RGB, or (H, W) in 0-1: a mask or a probability.
        titles: one for each.
        alt: alt text.
    """
    rows = -(-len(pictures) // columns)
    columns = min(columns, len(pictures))
    fig, axes = figure(alt, rows, columns, width=2.1 * columns, height=2.3 * rows, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, picture, title in zip(axes.flat, pictures, titles):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=1 if picture.ndim == 2 else None)
        ax.set_title(title, fontsize=9)
    return fig


def samples(chosen: Sequence[Sample], columns: int = 4) -> AltFigure:
    """Shows photos with their masks drawn in."""
    people = len({sample.person for sample in chosen})
    return images(
        [overlay(*sample.read()) for sample in chosen],
        [f"person {sample.person}, gesture {sample.gesture}" for sample in chosen],
        alt=f"{len(chosen)} photos of hands of {people} people, each with its mask filled and outlined in blue.",
        columns=columns,
    )


def errors(image: np.ndarray, true: np.ndarray, pred: np.ndarray) -> np.ndarray:
    """Paints what a prediction gets wrong: missed hand blue, false hand orange, right hand untouched.

    Args:
        image: uint8 (H, W, 3) RGB.
        true, pred: masks (H, W) of {0, 1}.

    Returns:
        uint8 (H, W, 3) RGB; what is neither is greyed.
    """
    painted = np.where((true | pred)[..., None] > 0, image, image // 2 + 96).astype(np.uint8)
    painted[(true == 1) & (pred == 0)] = (0, 114, 178)
    painted[(true == 0) & (pred == 1)] = (230, 159, 0)
    return painted


def predictions(predictor, chosen: Sequence[Sample]) -> AltFigure:
    """Shows, a row a sample: the photo, the probability of hand, the predicted mask, the errors."""
    pictures, titles = [], []
    for sample in chosen:
        image, true = sample.read()
        hand = predictor(image)
        pred = (hand >= predictor.threshold).astype(np.uint8)
        pictures += [image, hand, overlay(image, pred), errors(image, true, pred)]
        titles += [f"person {sample.person}", "probability", f"mask, IoU {iou(true, pred):.2f}", ERRORS]
    return images(
        pictures,
        titles,
        alt=f"{len(chosen)} rows of four pictures: a photo of a hand, the network's probability, the mask it gives, "
        "and the pixels that are wrong: missed hand in blue, false hand in orange.",
    )


def curves(history) -> AltFigure:
    """Shows loss and IoU of each epoch, training solid, validation dashed, fine-tuning shaded."""
    rows = history.rows
    fig, axes = figure(
        f"Curves of loss and IoU over {len(rows)} epochs of training; the validation IoU is best, "
        f"{history.best['val_iou']:.2f}, after epoch {history.best['epoch'] + 1}.",
        columns=2,
    )
    epochs = [row["epoch"] + 1 for row in rows]
    tuned = [row["epoch"] + 1 for row in rows if row["stage"] == "tuned"]
    for ax, name, label in zip(axes, ("loss", "iou"), ("loss", "IoU")):
        ax.plot(epochs, [row[name] for row in rows], color=BLUE, marker="o", label="training persons")
        ax.plot(
            epochs, [row[f"val_{name}"] for row in rows], "--", color=VERMILION, marker="s", label="validation persons"
        )
        if tuned:
            ax.axvspan(tuned[0] - 0.5, tuned[-1] + 0.5, color=GREY, alpha=0.15, label="encoder fine-tuned")
        ax.set_xlabel("epoch")
        ax.set_ylabel(label)
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[1].legend(fontsize=8)
    return fig
