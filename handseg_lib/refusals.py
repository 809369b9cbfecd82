"""What ``fit`` refuses before it begins: slips that would end in an error from within Keras, or in no error at all."""

import sys
from collections.abc import Callable, Sequence

import keras
from tqdm import tqdm

from .data.batches import Batches
from .data.gate import InputError, number, of_kind, what, whole

MONITORED = ("loss", "iou", "val_loss", "val_iou")
UNET = "Give a U-Net, such as hs.build_unet() makes"


def refuse_slips(model: keras.Model, train: Batches, val: Batches, callbacks: Sequence, numbers: dict) -> None:
    """Raises InputError where ``fit`` could not train with these; ``numbers`` are its arguments that are numbers.

    A person in both train and val is no error, for lesson 08 does it to show what comes of it; a line says so.
    """
    of_kind("model", model, keras.Model, f"{UNET}; of a predictor, predictor.model.")
    if "encoder" not in [layer.name for layer in model.layers]:
        raise InputError(f"{model.name}: a model without an encoder. {UNET}.")
    for name, batches in {"train": train, "val": val}.items():
        of_kind(name, batches, Batches, f"Give batches: hs.Batches(split.{name}, size).")
        if model.input_shape[1] not in (None, batches.size):
            sizes = f"{name} has photos of {batches.size} px, and the model takes {model.input_shape[1]}"
            raise InputError(f"{sizes}. Give hs.build_unet and hs.Batches the same size.")
    if val.augment and not train.augment:
        raise InputError("val is augmented and train is not. Are they swapped? fit(model, train, val).")
    for name, least in {"epochs": 1, "frozen_epochs": 0, "patience": 0}.items():
        whole(name, numbers[name], least, such_as=7)
    number("peak", numbers["peak"], 1e-9, 1, such_as=6e-4)
    _refuse_callbacks(callbacks)
    # of another folder, such as that of drawn hands, a person with this name is another person
    if shared := train.people & val.people:
        which = f"person {', '.join(sorted({person for _, person in shared}))}: in train and in val"
        tqdm.write(f"{which}, so the validation IoU does not tell how it is with people never seen.", file=sys.stderr)


def refuse_loss(loss: Callable, train: Batches) -> None:
    """Raises InputError where no number comes of a mask and a prediction: before Keras traces it, which says less."""
    mask = keras.ops.convert_to_tensor(train[0][1][:1], "float32")
    try:
        made = loss(mask, keras.ops.full_like(mask, 0.5))
    except Exception as error:  # it may be the caller's own, and raise anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"loss={what(loss)}: of a mask and a prediction it makes no number ({reason}). Give a function of the "
            "two, as those in hs.losses."
        ) from error
    if not keras.ops.is_tensor(made):  # nor would training know how to make it smaller
        raise InputError(f"loss={what(loss)}: it gives {what(made)}. Write it with keras.ops, and not with NumPy.")


def _refuse_callbacks(callbacks: Sequence[keras.callbacks.Callback]) -> None:
    for callback in of_kind("callbacks", callbacks, Sequence, "Give a list, also of one: callbacks=[callback]."):
        of_kind("one of the callbacks", callback, keras.callbacks.Callback, "Give objects, brackets and all: Name().")
        name = type(callback).__name__
        if isinstance(callback, keras.callbacks.BackupAndRestore):
            raise InputError("BackupAndRestore: fit goes on after a kill by itself. Give it a folder, out, instead.")
        if isinstance(callback, (keras.callbacks.ReduceLROnPlateau, keras.callbacks.LearningRateScheduler)):
            raise InputError(f"{name}: fit's learning rate has a schedule of its own. Change peak, or leave it away.")
        watches = isinstance(callback, (keras.callbacks.EarlyStopping, keras.callbacks.ModelCheckpoint))
        if watches and getattr(callback, "save_best_only", True):
            _refuse_monitor(name, callback.monitor, callback.mode)


def _refuse_monitor(name: str, monitor: str, mode: str) -> None:
    """Keras itself would say so after the first epoch, and of a number that is not there in warnings only."""
    if monitor not in MONITORED:
        raise InputError(f"{name}: monitor={what(monitor)}, and fit has no such number: {', '.join(MONITORED)}.")
    if monitor.endswith("iou") and mode == "auto":
        raise InputError(f"{name}: monitor={monitor!r}: add mode='max', for a higher IoU is the better one.")
