"""Training: first the decoder alone, then the encoder's later stages with it.

The recipe, and why:

- frozen first: a new decoder's wild gradients would spoil the pretrained encoder;
- then fine-tuned from a named block: early stages see edges and colours, which hands have too;
- AdamW, its rate warmed up and then lowered along a cosine: https://arxiv.org/abs/1711.05101;
- clipnorm: one odd batch cannot throw the weights far;
- the best epoch by IoU of the *validation* persons is kept; training ends early when none gets better.
"""

import functools
import math
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
from tqdm import tqdm

from .data.augment import Augmentation
from .data.batches import Batches
from .data.gate import InputError, as_path, what
from .devices import first_alone_in
from .encoder import freeze
from .losses import dice_bce_loss
from .metrics import mean_iou
from .refusals import refuse_loss, refuse_slips
from .state import State, checksum, identity, structure

NAN = "Look for nan in the photos and in the loss, or give a lower peak."


@dataclass
class History:
    """What happened, one row an epoch: epoch, stage, seconds, loss, iou, val_loss, val_iou.

    ``ended`` says why a training ended before its time, at a nan or by a callback; it is "" if it did not.
    """

    rows: list[dict] = field(default_factory=list)
    ended: str = ""

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
        callbacks: further Keras callbacks, such as ``explore.watch_training``. To them all epochs are one training with
            validation, as in Keras's own ``fit``; what stops it, such as EarlyStopping, ends it for good. The learning
            rate has its schedule, which none can change. ``out`` does not know them.
        loss: what to make small; of mask and prediction, as in ``losses``, or the name of one of Keras's.
        peak: the highest learning rate of fine-tuning. The frozen stage has 1e-3.

    Returns:
        The history, with the epochs of an earlier, interrupted run. A loss that becomes nan ends the training with a
        line that says so; its epoch is not kept.

    Raises:
        InputError: an argument cannot be used, ``out`` holds a run with other arguments or is damaged, another process
            trains there, it cannot be written, the encoder has no block ``train_from``, or the loss is nan from the
            first epoch on.
    """
    if out is None:
        with tempfile.TemporaryDirectory() as folder:
            return fit(model, train, val, epochs, frozen_epochs, train_from, patience, folder, callbacks, loss, peak)
    numbers = {"epochs": epochs, "frozen_epochs": frozen_epochs, "patience": patience, "peak": peak}
    refuse_slips(model, train, val, callbacks, numbers)
    freeze(model.get_layer("encoder"), train_from)  # refuses an unknown block now, not after the first stage
    loss, out = loss_of(loss), as_path("out", out, "Give the path of a folder, or None.")
    refuse_loss(loss, train)
    # int and float: a number of NumPy's cannot be written to a file of JSON
    recipe = {"epochs": int(epochs), "frozen_epochs": int(frozen_epochs), "train_from": train_from}
    recipe |= {"seed": int(train.seed), "photos": train.photos, "size": int(train.size)}
    recipe |= {"batch_size": int(train.batch_size), "loss": name_of(loss)}
    recipe |= {"peak": float(peak), "augment": _told(train.augment)}
    recipe["data"] = checksum(*train.content, *val.content)  # as many photos may be others
    recipe |= {"patience": int(patience), "loss_in_full": identity(loss)}
    recipe |= {"network": structure(model), "val_augment": _told(val.augment)}
    with first_alone_in(out):
        state = State(out, recipe)
        if state.rows:
            state.load(model)
        listeners = None
        for epoch in range(len(state.rows), epochs):
            if state.ended or (epoch > frozen_epochs and epoch - state.best > patience):
                break
            if listeners is None or epoch == frozen_epochs:  # a stage begins, or goes on after a kill
                stage, first, last = (
                    ("frozen", 0, frozen_epochs) if epoch < frozen_epochs else ("tuned", frozen_epochs, epochs)
                )
                freeze(model.get_layer("encoder"), train_from if stage == "tuned" else None)
                compile_stage(model, (last - first) * len(train), 1e-3 if stage == "frozen" else peak, loss)
                if epoch > first:
                    state.load_optimizer(model)
            if listeners is None:
                state.begin()
                listeners = OneTraining(model, train, epochs, callbacks)
            row = {"epoch": epoch, "stage": stage} | run_epoch(model, train, val, epoch, epochs, listeners)
            if math.isfinite(row["loss"] + row["val_loss"]):
                state.save(model, row, f"a callback stopped it in epoch {epoch + 1}" if model.stop_training else "")
            elif state.rows:
                state.end(f"in epoch {epoch + 1} the loss became nan, and the best epoch before is kept. {NAN}")
            else:
                raise InputError(f"In its first epoch the loss became nan. {NAN}")
        if listeners is not None:
            listeners.close()
        if state.rows:
            state.load(model, state.best)
    if state.ended:
        tqdm.write(f"The training has ended: {state.ended}", file=sys.stderr)
    return History(state.rows, state.ended)


def loss_of(loss: str | Callable) -> Callable:
    """The loss behind a name, if it is one of Keras's."""
    try:
        made = keras.losses.get(loss)
    except (ValueError, TypeError):
        made = None
    if callable(made):
        return made
    raise InputError(f"loss={what(loss)}: Keras has none of this name. Give a function, or a name as in its docs.")


def name_of(loss: Callable) -> str:
    """A short name of a loss, for people."""
    if isinstance(loss, functools.partial):
        return f"{name_of(loss.func)}{(loss.args, loss.keywords)}"
    return getattr(loss, "__name__", None) or type(loss).__name__


def compile_stage(model: keras.Model, steps: int, peak: float, loss: Callable = dice_bce_loss) -> None:
    """Compiles for one stage: the loss, and AdamW with a short warm-up to ``peak``, then a cosine."""
    warmup = max(1, steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        peak / 100, decay_steps=max(1, steps - warmup), alpha=0.02, warmup_target=peak, warmup_steps=warmup
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-4, clipnorm=1.0)
    model.compile(optimizer, loss=loss, metrics=[mean_iou()])
    model.optimizer.build(model.trainable_variables)  # or TensorFlow would trace the first step twice, and keep both


class Tick(keras.callbacks.Callback):
    """Moves the progress bar, takes the time when an epoch's training is over, and ends a training at a nan."""

    def __init__(self, train: Batches):
        super().__init__()
        self.train = train

    def on_epoch_begin(self, epoch, logs=None):
        self.train.start_epoch(epoch)  # not before: to begin with, Keras tells the batches that an epoch has ended

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update()
        if not math.isfinite(logs["loss"]):
            self.model.stop_training = True

    def on_test_begin(self, logs=None):
        self.trained = time.perf_counter()


def _told(augment: bool | Callable) -> str:
    """How to augment, so that another process can tell whether it is the same."""
    return repr(augment) if isinstance(augment, bool | Augmentation) else identity(augment)


class OneTraining(keras.callbacks.CallbackList):
    """The callbacks of a training, to which the ``fit`` of each epoch is part of one: it begins and ends once."""

    def __init__(self, model: keras.Model, train: Batches, epochs: int, callbacks: Sequence):
        self.tick, self.begun = Tick(train), False
        super().__init__(
            [self.tick, *callbacks], add_history=True, model=model, epochs=epochs, steps=len(train), verbose=0
        )

    def on_train_begin(self, logs=None):
        if not self.begun:
            super().on_train_begin(logs)
        self.begun = True

    def on_train_end(self, logs=None):
        self.logs = logs  # of the last epoch so far

    def close(self) -> None:
        """Tells the callbacks that the training has ended."""
        super().on_train_end(self.logs)


def run_epoch(model, train, val, epoch: int, epochs: int, listeners: OneTraining) -> dict:
    """One epoch of training and one look at the validation persons, behind a progress bar."""
    with tqdm(total=len(train), desc=f"epoch {epoch + 1}/{epochs}", unit="batch") as listeners.tick.bar:
        start = time.perf_counter()
        # not shuffle=True, Keras's default: the batches shuffle themselves, the same way every time
        logs = model.fit(
            train,
            validation_data=val,
            shuffle=False,
            verbose=0,
            callbacks=listeners,
            initial_epoch=epoch,
            epochs=epoch + 1,
        ).history
        row = {name: float(values[-1]) for name, values in logs.items()}
        listeners.tick.bar.set_postfix_str(f"IoU {row['iou']:.3f}, validation {row['val_iou']:.3f}")
    return {"seconds": round(listeners.tick.trained - start, 2)} | row
