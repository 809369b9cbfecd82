"""Training: first the decoder alone, then the encoder's later stages with it.

The recipe, and why:

- frozen first: a new decoder's wild gradients would spoil the pretrained encoder;
- then fine-tuned from a named block: early stages see edges and colours, which hands have too;
- AdamW, its rate warmed up and then lowered along a cosine: https://arxiv.org/abs/1711.05101;
- clipnorm: one odd batch cannot throw the weights far;
- the best epoch by IoU of the *validation* persons is kept; training ends early when none gets better.
"""

import functools
import json
import os
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from .batches import Batches
from .data import InputError
from .encoder import freeze
from .losses import dice_bce_loss
from .metrics import mean_iou
from .resume import insist_on, write_whole


@dataclass
class History:
    """What happened, one row an epoch: epoch, stage, seconds, loss, iou, val_loss, val_iou."""

    rows: list[dict] = field(default_factory=list)

    @property
    def best(self) -> dict:
        """The row with the highest validation IoU."""
        return max(self.rows, key=lambda row: row["val_iou"])

    @property
    def seconds(self) -> float:
        """Seconds of training, validation not counted."""
        return sum(row["seconds"] for row in self.rows)


def fit(
    model: keras.Model,
    train: Batches,
    val: Batches,
    epochs: int = 20,
    frozen_epochs: int = 1,
    train_from: str = "conv3_block1",
    patience: int = 7,
    out: str | Path | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    loss: Callable = dice_bce_loss,
    peak: float = 6e-4,
) -> History:
    """Trains a U-Net by the course's recipe and leaves its best weights in it.

    Args:
        model: from ``build_unet``.
        train: augmented batches of the training persons.
        val: plain batches of the validation persons.
        epochs: of both stages together.
        frozen_epochs: of the first stage, in which the encoder does not move.
        train_from: the encoder's first block to fine-tune afterwards.
        patience: epochs without a better validation IoU after which fine-tuning ends.
        out: folder for what a later run needs to go on after a kill; call again with the same
            arguments. None: a temporary one, so that nothing is kept.
        callbacks: further Keras callbacks, such as ``explore.watch_training``. An epoch's validation comes after its
            ``on_epoch_end``, between ``on_test_begin`` and ``on_test_end``. Each epoch is a ``fit`` of its own to
            Keras: callbacks that count epochs or watch ``val_...``, such as EarlyStopping, do nothing here.
        loss: what to make small; of mask and prediction, as in ``losses``. ``out`` knows it by its name.
        peak: the highest learning rate of fine-tuning. The frozen stage has 1e-3.

    Returns:
        The history, with the epochs of an earlier, interrupted run.

    Raises:
        InputError: ``out`` holds a run with other arguments, or the encoder has no block ``train_from``.
    """
    if out is None:
        with tempfile.TemporaryDirectory() as folder:
            return fit(model, train, val, epochs, frozen_epochs, train_from, patience, folder, callbacks, loss, peak)
    freeze(model.get_layer("encoder"), train_from)  # refuses an unknown block now, not after the first stage
    # int and float: a number of NumPy's cannot be written to a file of JSON
    recipe = {"epochs": int(epochs), "frozen_epochs": int(frozen_epochs), "train_from": train_from}
    recipe |= {"seed": int(train.seed), "photos": len(train.samples), "size": int(train.size)}
    recipe |= {"batch_size": int(train.batch_size), "loss": name_of(loss)}
    recipe |= {"peak": float(peak), "augment": repr(train.augment)}
    recipe["data"] = checksum(train.images, train.masks, val.images, val.masks)  # as many photos may be others
    if train.rooms is not None:
        recipe["rooms"] = checksum(train.rooms)
    state = State(Path(out), recipe)
    history = History(state.rows)
    if history.rows:
        state.load(model)
    stage = None
    for epoch in range(len(history.rows), epochs):
        if epoch > frozen_epochs and epoch - history.best["epoch"] > patience:
            break
        if stage is None or epoch == frozen_epochs:  # a stage begins, or goes on after a kill
            stage, first, last = (
                ("frozen", 0, frozen_epochs) if epoch < frozen_epochs else ("tuned", frozen_epochs, epochs)
            )
            freeze(model.get_layer("encoder"), train_from if stage == "tuned" else None)
            compile_stage(model, (last - first) * len(train), 1e-3 if stage == "frozen" else peak, loss)
            if epoch > first:
                state.load_optimizer(model)
        history.rows.append({"epoch": epoch, "stage": stage} | run_epoch(model, train, val, epoch, epochs, callbacks))
        state.save(model, best=history.best["epoch"])
    if history.rows:
        state.load(model, history.best["epoch"])
    return history


def name_of(loss: Callable) -> str:
    """What tells a loss from others, in this process and in the next."""
    if isinstance(loss, functools.partial):
        return f"{name_of(loss.func)}{(loss.args, loss.keywords)}"
    return getattr(loss, "__name__", None) or getattr(loss, "name", None) or type(loss).__name__


def checksum(*arrays: np.ndarray) -> str:
    """What tells arrays from others of the same shape."""
    return f"{functools.reduce(lambda found, array: zlib.crc32(array, found), arrays, 0):08x}"


def compile_stage(model: keras.Model, steps: int, peak: float, loss: Callable = dice_bce_loss) -> None:
    """Compiles for one stage: the loss, and AdamW with a short warm-up to ``peak``, then a cosine."""
    warmup = max(1, steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        peak / 100, decay_steps=max(1, steps - warmup), alpha=0.02, warmup_target=peak, warmup_steps=warmup
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-4, clipnorm=1.0)
    model.compile(optimizer, loss=loss, metrics=[mean_iou()])
    model.optimizer.build(model.trainable_variables)  # or TensorFlow would trace the first step twice, and keep both


def run_epoch(model, train, val, epoch: int, epochs: int, callbacks) -> dict:
    """One epoch of training and one look at the validation persons, behind a progress bar."""
    with tqdm(total=len(train), desc=f"epoch {epoch + 1}/{epochs}", unit="batch") as bar:
        tick = keras.callbacks.LambdaCallback(
            # here and not before: to begin with, Keras tells the batches that an epoch has ended
            on_epoch_begin=lambda epoch, logs: train.start_epoch(epoch),
            on_train_batch_end=lambda batch, logs: bar.update(),
        )
        start = time.perf_counter()
        # not shuffle=True, Keras's default: the batches shuffle themselves, the same way every time
        row = model.fit(
            train, shuffle=False, verbose=0, callbacks=[tick, *callbacks], initial_epoch=epoch, epochs=epoch + 1
        ).history
        seconds = round(time.perf_counter() - start, 2)
        row = {name: float(values[-1]) for name, values in row.items()}
        scores = model.evaluate(val, verbose=0, return_dict=True, callbacks=[*callbacks])
        row |= {f"val_{name}": float(value) for name, value in scores.items()}
        bar.set_postfix_str(f"IoU {row['iou']:.3f}, validation {row['val_iou']:.3f}")
    return {"seconds": seconds} | row


class State:
    """What outlives a kill, in one folder: the rows so far, and the weights of the last and the best epoch.

    Each file is written whole or not at all, ``history.json`` after the weights it speaks of: a kill at any moment
    leaves the epoch before.
    """

    def __init__(self, folder: Path, recipe: dict):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.history, self.recipe, self.rows = folder, folder / "history.json", recipe, []
        if self.history.exists():
            kept = json.loads(self.history.read_text())
            insist_on(recipe, kept["recipe"], folder)
            self.rows = kept["rows"]

    def file(self, epoch: int) -> Path:
        """Where the weights of an epoch are."""
        return self.folder / f"epoch-{epoch:03d}.npz"

    def save(self, model: keras.Model, best: int) -> None:
        """Writes the last row's epoch, and drops the epochs that are neither last nor best."""
        last = self.rows[-1]["epoch"]
        part = self.file(last).with_suffix(".part")
        with open(part, "wb") as stream:
            arrays = {f"weight{i}": w for i, w in enumerate(model.get_weights())}
            optimizer = [keras.ops.convert_to_numpy(v) for v in model.optimizer.variables]
            np.savez(stream, **arrays, **{f"optimizer{i}": v for i, v in enumerate(optimizer)})
        os.replace(part, self.file(last))
        write_whole(self.history, json.dumps({"recipe": self.recipe, "rows": self.rows}, indent=1))
        for path in self.folder.glob("epoch-*.npz"):
            if path not in (self.file(last), self.file(best)):
                path.unlink()

    def load(self, model: keras.Model, epoch: int | None = None) -> None:
        """Puts the weights of an epoch, the last if None, into the model."""
        weights = self._arrays("weight", self.rows[-1]["epoch"] if epoch is None else epoch)
        if [w.shape for w in weights] != [w.shape for w in model.get_weights()]:
            raise InputError(f"{self.folder}: the run in there is of another model. Give out another folder.")
        model.set_weights(weights)

    def load_optimizer(self, model: keras.Model) -> None:
        """Puts the last epoch's optimizer state, its step count included, into the compiled model."""
        for variable, value in zip(model.optimizer.variables, self._arrays("optimizer", self.rows[-1]["epoch"])):
            variable.assign(value)

    def _arrays(self, kind: str, epoch: int) -> list[np.ndarray]:
        with np.load(self.file(epoch)) as arrays:
            return [arrays[name] for name in arrays.files if name.startswith(kind)]
