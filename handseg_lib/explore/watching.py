"""Training, watched: the curves so far and one photo's mask, drawn anew after every epoch."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from IPython import get_ipython
from IPython.display import display

from .. import metrics, plots
from ..data.gate import InputError, as_masks, as_path, as_photo, of_kind
from ..data.samples import Sample
from ..predictor import Predictor
from ..resume import damaged, read_kept
from ..training import History
from .view import Drawing, View, slider


def watch_training(sample: Sample, out: str | Path | None = None, film: bool = False) -> keras.callbacks.Callback:
    """Makes a callback that draws while a network learns: ``hs.fit(..., callbacks=[watch_training(val.samples[0])])``.

    It draws after each epoch's validation, into one picture, which stays in the notebook. Where no notebook runs, such
    as in a script, it does nothing.

    Args:
        sample: whose mask to draw; of a validation person.
        out: folder of the run, as given to ``fit``: the epochs of an earlier, interrupted run are drawn too.
        film: draw no curves, but the mask before the training and after each epoch, side by side.

    Raises:
        InputError: the sample cannot be read, or the earlier run.
    """
    if not hasattr(sample, "read"):
        of_kind("sample", sample, Sample, "Give one of a list of samples: val.samples[0].")
    history = as_path("out", out) / "history.json" if out is not None else None
    watch = _Film if film else _Watch
    if history is None or not history.exists():
        return watch(sample, [])
    rows = read_kept(history).get("rows")
    if not isinstance(rows, list):
        raise damaged(history, "it is not of a training")
    return watch(sample, rows)


def draw_training(history: History, image: np.ndarray, true: np.ndarray, pred: np.ndarray) -> plots.AltFigure:
    """Draws what ``watch_training`` shows: curves of loss and IoU, and a photo with its mask after the last epoch.

    Args:
        history: so far, one epoch at least.
        image: uint8 (H, W, 3) RGB.
        true, pred: masks (H, W) of {0, 1}.
    """
    true, pred = as_masks(as_photo(image), true=true, pred=pred)
    if not getattr(history, "rows", None):
        raise InputError("no curves to draw: the history has no epochs. Give what hs.fit returned.")
    epochs, iou = history.rows[-1]["epoch"] + 1, metrics.iou(true, pred)
    figure, axes = plots.figure(
        f"Curves of loss and IoU up to epoch {epochs}, where the validation IoU is {history.rows[-1]['val_iou']:.2f}, "
        f"and a photo on which the mask after that epoch has IoU {iou:.2f}.",
        columns=3,
        width=10,
    )
    plots.draw_curves(axes, history)
    axes[2].imshow(plots.overlay(image, pred))
    if 0 < true.mean() < 1 and min(true.shape) > 1:  # else there is no outline
        for colour, line in (("black", "solid"), ("white", "dashed")):  # which stands out from any photo
            axes[2].contour(true, levels=[0.5], colors=colour, linestyles=line)
    axes[2].set(
        title=f"this photo, epoch {epochs}: IoU {iou:.2f}",
        xlabel="mask blue, true outline dashed",
        xticks=[],
        yticks=[],
    )
    return figure


def draw_film(image: np.ndarray, true: np.ndarray, preds: Sequence[np.ndarray]) -> plots.AltFigure:
    """Draws what ``watch_training(..., film=True)`` shows: one photo, and how its mask grew.

    Args:
        image: uint8 (H, W, 3) RGB.
        true: its mask (H, W) of {0, 1}.
        preds: the masks (H, W) that the network gave, before its training and after each epoch.
    """
    scores = [metrics.iou(true, pred) for pred in preds]
    names = ["before", *(f"epoch {epoch}" for epoch in range(1, len(preds)))]
    return plots.images(
        [plots.overlay(image, pred) for pred in preds],
        [f"{name}: IoU {score:.2f}" for name, score in zip(names, scores)],
        f"A film of a training: the same photo with the mask that the network gives, before the training and after "
        f"each of {len(preds) - 1} epochs. The IoU goes from {scores[0]:.2f} to {scores[-1]:.2f}.",
    )


class _Watch(keras.callbacks.Callback):
    """Gathers the rows of a history from what Keras tells it."""

    def __init__(self, sample: Sample, rows: list[dict]):
        super().__init__()
        self.image, self.true = sample.read()
        self.rows, self.picture, self.preds = rows, None, []

    def on_epoch_end(self, epoch, logs=None):
        encoder = next((layer for layer in self.model.layers if layer.name == "encoder"), None)
        stage = "tuned" if encoder and encoder.trainable_weights else "frozen"  # the article's encoder never moves
        row = {"epoch": epoch, "stage": stage} | (logs or {})
        self.rows = [earlier for earlier in self.rows if earlier["epoch"] < epoch] + [row]
        self.draw()

    def draw(self) -> None:
        if get_ipython() is not None:
            self.preds.append(Predictor(self.model).mask(self.image))
            self.show(self.figure())

    def figure(self) -> plots.AltFigure:
        return draw_training(History(self.rows), self.image, self.true, self.preds[-1])

    def show(self, figure: plots.AltFigure) -> None:
        if self.picture is None:
            self.picture = display(figure, display_id=True)
        else:
            self.picture.update(figure)


class _Film(_Watch):
    """Draws the masks of all epochs, from before the first one on."""

    def on_train_begin(self, logs=None):
        if not self.preds:  # the recipe calls Keras once an epoch
            self.draw()

    def figure(self) -> plots.AltFigure:
        return draw_film(self.image, self.true, self.preds)


# Afterwards


def draw_epoch(image: np.ndarray, true: np.ndarray, pred: np.ndarray, row: dict | None = None) -> Drawing:
    """Draws what ``replay_training`` shows: a photo with the mask that the network gave after an epoch, and its errors.

    Args:
        image: uint8 (H, W, 3) RGB.
        true, pred: masks (H, W) of {0, 1}.
        row: the epoch's numbers, from a history; None: before the training.
    """
    text = "before the training"
    if row is not None:
        who = {"training": "", "validation": "val_"}
        scores = [f"{name} persons: loss {row[p + 'loss']:.3f}, IoU {row[p + 'iou']:.3f}" for name, p in who.items()]
        text = " | ".join([f"epoch {row['epoch'] + 1}, encoder {row['stage']}", *scores])
    text += f" | this photo: IoU {metrics.iou(true, pred):.3f}"
    return Drawing(
        [plots.overlay(image, pred), plots.errors(image, true, pred)],
        ["mask", plots.ERRORS],
        alt=f"A photo with the mask of one epoch, and its errors: missed hand blue, false hand orange. {text}.",
        text=text,
    )


def replay_training(watch: keras.callbacks.Callback) -> View:
    """Goes through a training's epochs under a slider, once it is over.

    Args:
        watch: the callback from ``watch_training`` that watched it.

    Raises:
        InputError: it has seen no epoch, or is another callback.
    """
    if not isinstance(watch, _Watch):
        raise InputError(f"{type(watch).__name__}: give the callback that watch_training made.")
    if not watch.preds or not watch.rows:
        raise InputError("there is no epoch to show: give the callback to hs.fit(..., callbacks=[watch]) first.")
    frames = len(watch.preds)
    rows = ([None] * frames + watch.rows)[-frames:]  # a film begins before the training
    first = 0 if rows[0] is None else rows[0]["epoch"] + 1

    def draw(epoch: int) -> Drawing:
        at = epoch - first
        return draw_epoch(watch.image, watch.true, watch.preds[at], rows[at])

    return View(draw, {"epoch": slider("epoch", first + frames - 1, first, first + frames - 1)})
