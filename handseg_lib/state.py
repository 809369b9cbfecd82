"""The state of a training in a folder, from which the same training, and no other, goes on after a kill."""

import functools
import hashlib
import inspect
import types
import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np

from .data.gate import InputError
from .devices import is_first, wait
from .resume import damaged, insist_on, made_beside, read_kept, write_kept

LATER = {"patience", "loss_in_full", "network", "val_augment"}  # what older versions did not tell of a run


class State:
    """What outlives a kill, in one folder: the rows so far, and the weights of the last and the best epoch.

    Each file is written whole or not at all, ``history.json`` after the weights it speaks of: a kill at any moment
    leaves the epoch before. The files ``epoch-000.npz`` and so on are the run's from the moment ``history.json`` is
    there; no others are touched. Of the processes of a training on several machines the first alone writes, and the
    others read what it has written.

    Attributes:
        rows: of the history.
        ended: why the training ended before its time; "" if it did not.

    Raises:
        InputError: what is in the folder is damaged, or of a run with other arguments.
    """

    def __init__(self, folder: Path, recipe: dict):
        self.folder, self.history, self.recipe = folder, folder / "history.json", recipe
        self.rows, self.ended, self.sums, self.claimed = [], "", {}, 0
        if self.history.exists():
            self._read()

    def _read(self) -> None:
        record = read_kept(self.history)
        try:
            recipe, rows, self.claimed = record["recipe"], record["rows"], record["recipe"]["epochs"]
            whole = all(row["epoch"] == k and row["val_iou"] >= 0 for k, row in enumerate(rows))  # nan is not
        except (KeyError, TypeError):
            whole = False
        if not whole:
            raise damaged(self.history, "it is not of a training")
        if not rows:  # killed in its first epoch: nothing is lost if another begins
            return
        settings = {name: value for name, value in self.recipe.items() if name in recipe or name not in LATER}
        if settings.pop("network", 0) != recipe.get("network", 0):
            raise self._other_model()
        insist_on(settings, recipe, self.folder)
        self.rows, self.ended, self.sums = rows, record.get("ended", ""), record.get("sums", {})
        for epoch in {rows[-1]["epoch"], self.best}:
            self._check(epoch)

    @property
    def best(self) -> int:
        """The epoch with the highest validation IoU, the first of them."""
        return max(self.rows, key=lambda row: row["val_iou"])["epoch"]

    def file(self, epoch: int) -> Path:
        """Where the weights of an epoch are."""
        return self.folder / f"epoch-{epoch:03d}.npz"

    def begin(self) -> None:
        """Says in the folder that a training is under way. Refuses where a file of somebody else's is in its way."""
        epochs = self.recipe["epochs"]
        if others := [file for file in map(self.file, range(self.claimed, epochs)) if file.exists()]:
            raise InputError(f"{others[0]}: not of this training, which would overwrite it. Give another folder.")
        self.claimed = max(self.claimed, epochs)
        self.end("")

    def save(self, model: keras.Model, row: dict, ended: str = "") -> None:
        """Adds an epoch's row, keeps its weights, and drops the epochs that are neither last nor best."""
        if is_first():
            self._write(model, row, ended)
        wait(f"epoch {row['epoch']} is written")
        if not is_first():
            self._read()

    def _write(self, model: keras.Model, row: dict, ended: str) -> None:
        last = row["epoch"]
        arrays = {f"weight{i}": w for i, w in enumerate(model.get_weights())}
        optimizer = [keras.ops.convert_to_numpy(v) for v in model.optimizer.variables]
        with made_beside(self.file(last)) as part:
            np.savez(part, **arrays, **{f"optimizer{i}": v for i, v in enumerate(optimizer)})
        self.rows.append(row)
        files = {self.file(epoch) for epoch in (last, self.best)}
        self.sums = {file.name: self.sums.get(file.name) or _sha256(file) for file in sorted(files)}
        self.end(ended)
        for file in set(map(self.file, range(last))) - files:
            file.unlink(missing_ok=True)

    def end(self, why: str) -> None:
        """Writes the rows, and why there will be no more; "" if there may be."""
        self.ended = why
        if is_first():
            write_kept(self.history, {"recipe": self.recipe, "rows": self.rows, "ended": why, "sums": self.sums})

    def load(self, model: keras.Model, epoch: int | None = None) -> None:
        """Puts the weights of an epoch, the last if None, into the model."""
        weights = self._arrays("weight", self.rows[-1]["epoch"] if epoch is None else epoch)
        if [w.shape for w in weights] != [w.shape for w in model.get_weights()]:
            raise self._other_model()
        model.set_weights(weights)

    def load_optimizer(self, model: keras.Model) -> None:
        """Puts the last epoch's optimizer state, its step count included, into the compiled model."""
        epoch, variables = self.rows[-1]["epoch"], model.optimizer.variables
        values = self._arrays("optimizer", epoch)
        if [value.shape for value in values] != [tuple(variable.shape) for variable in variables]:
            raise damaged(self.file(epoch), "it has no state of this optimiser")
        for variable, value in zip(variables, values):
            variable.assign(value)

    def _other_model(self) -> InputError:
        return InputError(f"{self.folder}: the run in there is of another model. Give out another folder.")

    def _check(self, epoch: int) -> None:
        """Raises InputError unless an epoch's file is as it was written, as far as older versions kept a checksum."""
        file = self.file(epoch)
        if not file.is_file():  # it may be a folder
            raise damaged(file, "it is missing")
        if self.sums and self.sums.get(file.name) != _sha256(file):
            raise damaged(file, "it is not as it was written")

    def _arrays(self, kind: str, epoch: int) -> list[np.ndarray]:
        self._check(epoch)
        try:
            with np.load(self.file(epoch)) as file:
                arrays = [file[name] for name in file.files if name.startswith(kind)]
        except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, AttributeError):  # of what is not or half a zip
            raise damaged(self.file(epoch), "it is no file of weights") from None
        if not all(np.isfinite(array).all() for array in arrays):
            raise damaged(self.file(epoch), "it holds nan")
        return arrays


def _sha256(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# What a training is told by


def checksum(*arrays: np.ndarray) -> str:
    """What tells arrays from others of the same shape."""
    return f"{functools.reduce(lambda crc, array: zlib.crc32(array, crc), arrays, 0):08x}"


def structure(model: keras.Model) -> str:
    """What tells a network from others: a checksum of its layers' kinds and settings, not of their names."""

    def outline(value):
        if isinstance(value, keras.Model):
            return type(value).__name__, [outline(layer) for layer in value.layers]
        if isinstance(value, keras.Layer):
            try:
                settings = value.get_config()
            except NotImplementedError:  # a layer of one's own, which cannot be saved either
                settings = {}
            return type(value).__name__, value.compute_dtype, outline(settings)
        if isinstance(value, dict):
            return {key: outline(v) for key, v in value.items() if key not in ("name", "trainable", "seed")}
        return [outline(v) for v in value] if isinstance(value, (list, tuple)) else value

    return f"{zlib.crc32(repr(outline(model)).encode()):08x}"


def identity(value, within: tuple = ()) -> str:
    """What tells a loss from others, in this process and the next: its name, its parameters and its code.

    Args:
        value: a function, a ``functools.partial``, an object such as one of ``keras.losses``, or one of their
            parameters: numbers, text, arrays, and lists and dicts of them.
        within: what this is a parameter of, so that a function that names itself comes to an end.
    """
    if any(value is other for other in within):
        return "itself"
    within = (*within, value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {identity(v, within)}" for key, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(identity(v, within) for v in value) + "]"
    if isinstance(value, (np.ndarray, np.generic)) or keras.ops.is_tensor(value):
        array = keras.ops.convert_to_numpy(value)
        return str(array.tolist()) if array.size < 10 else f"array {array.shape} {checksum(array)}"
    if isinstance(value, functools.partial):
        return f"{identity(value.func, within)}{identity([value.args, value.keywords], within)}"
    if isinstance(value, types.MethodType):
        return f"{identity(value.__self__, within)}.{identity(value.__func__, within)}"
    if isinstance(value, types.FunctionType):
        return value.__name__ if _of_keras(value) else _function(value, within)
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    if isinstance(value, type | types.ModuleType | keras.Layer) or not hasattr(value, "__dict__"):
        return getattr(value, "__name__", type(value).__name__)
    # not the name: Keras counts those of the same class, and so the same loss has another when it is made again
    settings = {name: v for name, v in vars(value).items() if name != "name" and not name.startswith("_dtype")}
    own = [v for cls in type(value).__mro__ if not _of_keras(cls) for v in vars(cls).values()]
    code = [_code(v.__code__) for v in own if isinstance(v, types.FunctionType)]
    return " ".join([type(value).__name__, identity(settings, within), *code])


def _of_keras(value: types.FunctionType | type) -> bool:
    return value.__module__.partition(".")[0] == "keras"


def _function(function: types.FunctionType, within: tuple) -> str:
    """A function by its name, its code with that of its module's functions it calls, and what it takes from around."""
    try:
        around = inspect.getclosurevars(function)
        nonlocals, names = around.nonlocals, around.globals
    except ValueError:  # a variable around it that has no value yet
        nonlocals, names = {}, {}
    classes = {name: v for name, v in names.items() if isinstance(v, type) and v.__module__ == function.__module__}
    of_classes = {f"{name}.{key}": v for name, cls in classes.items() for key, v in vars(cls).items() if _is_plain(v)}
    settings = dict(nonlocals) | {name: v for name, v in names.items() if _is_plain(v)} | of_classes
    defaults = [v for v in (function.__defaults__, function.__kwdefaults__) if v]
    calls = [v for v in names.values() if isinstance(v, types.FunctionType) and v.__module__ == function.__module__]
    code = f"{zlib.crc32(repr([_code(function.__code__), identity(calls, within)]).encode()):08x}"
    return " ".join([function.__name__, code, *(identity(v, within) for v in (settings, *defaults) if v)])


def _is_plain(value) -> bool:
    """True for what a parameter may be, wherever it stands: a number, text, an array, or a collection of such."""
    return isinstance(value, (int, float, str, list, tuple, dict, np.ndarray, np.generic))


def _code(code: types.CodeType) -> str:
    """A checksum of what a function does, whatever file and line it is in."""
    parts = [_code(part) if isinstance(part, types.CodeType) else repr(part) for part in code.co_consts]
    return f"{zlib.crc32(repr((code.co_code, code.co_names, parts)).encode()):08x}"
