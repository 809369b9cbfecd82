"""The start: Keras is imported when it is needed, quietly, and set as this course's networks need it."""

import functools
import importlib.util
import json
import logging
import os
import sys
import tempfile
import types
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

# Keras takes these from a file of the whole machine, and from there they go into networks without a word.
OURS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
LAYERS = ("encoder", "losses", "metrics")  # the modules that tell Keras what is in the course's saved models
DEFAULTS = OURS | {"backend": "tensorflow", "nnx_enabled": False}


class CannotStart(ImportError):
    """The machine's settings do not let Keras start; the message says in one sentence which."""


def await_keras() -> None:
    """From now on the first ``import keras``, in whatever file, is quiet, and sets Keras to ``OURS``.

    So the library need not import Keras before it is used: with TensorFlow that takes seconds.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # or the first process on a GPU takes all of its memory, and a second notebook or fold finds none
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    # TensorFlow warns of retracing when a few models are used in turn, as lessons do; no fault of the reader's. A level
    # alone does not keep it still: in a notebook, TensorFlow sets its own when it first has something to say.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("tensorflow").addFilter(_not_of_retracing)
    if "keras" in sys.modules:
        _set_keras()
    elif _KerasFinder not in sys.meta_path:
        sys.meta_path.insert(0, _KerasFinder)


def _not_of_retracing(record: logging.LogRecord) -> bool:
    return "retracing" not in str(record.msg)


class _KerasFinder:
    """Python asks the finders in ``sys.meta_path``, in this order, where a module is that somebody imports."""

    @classmethod
    def find_spec(cls, name: str, path=None, target=None):
        """Says where Keras is, as the next finder does, and has it imported by ``_import``."""
        if name != "keras":
            return None
        sys.meta_path.remove(cls)  # or it would be asked again in the next line
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(0, cls)
        if spec and spec.loader:
            spec.loader.exec_module = functools.partial(_import, spec.loader.exec_module)  # type: ignore[method-assign]
        return spec


def _import(run: Callable, module: types.ModuleType) -> None:
    """Imports Keras by ``run``, quietly, and sets it."""
    try:
        with quiet():
            run(module)
    except Exception as error:
        variables = sorted(name for name in os.environ if name.startswith("KERAS_") and name != "KERAS_HOME")
        settings = odd_settings() + [f"{name}={os.environ[name]}" for name in variables]
        if not settings:  # then it is no setting that keeps Keras from starting
            raise
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        raise CannotStart(
            f"{keras_json()}: Keras cannot start ({reason}). It is told {', '.join(settings)}: change that."
        ) from None
    sys.meta_path.remove(_KerasFinder)
    _set_keras()


def _set_keras() -> None:
    """Sets Keras to ``OURS`` for this process, and tells it of the course's own layers, losses and metrics."""
    import keras

    before = keras.config.floatx()
    keras.config.set_floatx(OURS["floatx"])
    keras.config.set_epsilon(OURS["epsilon"])
    keras.config.set_image_data_format(OURS["image_data_format"])
    if keras.config.dtype_policy().name == before:  # it follows floatx until the first layer is made, and then no more
        keras.config.set_dtype_policy(OURS["floatx"])
    for module in LAYERS:
        importlib.import_module(f".{module}", __package__)
    if keras.backend.backend() == "tensorflow":
        _let_trainings_go()


def _let_trainings_go() -> None:
    """Leaves nothing of a training in memory when it is over: its graphs, and Adam's two numbers for each weight.

    Keras's optimisers sum the gradients of all devices, even of a single one, in a function with a gradient of its own.
    TensorFlow puts such functions on a list, from which it never takes one, and with each of them stays all that it has
    seen (https://github.com/tensorflow/tensorflow/issues/97697). Without a sum of one there is no such function.
    """
    try:
        from keras.src.backend.tensorflow.optimizer import TFOptimizer

        of_all = TFOptimizer._all_reduce_sum_gradients
    except (ImportError, AttributeError):  # Keras's own affair, which may look otherwise one day: then memory is kept
        return
    if hasattr(of_all, "__wrapped__"):  # it is ours already
        return

    @functools.wraps(of_all)
    def summed(self, grads_and_vars):
        return grads_and_vars if self._distribution_strategy.num_replicas_in_sync == 1 else of_all(self, grads_and_vars)

    TFOptimizer._all_reduce_sum_gradients = summed


def keras_json() -> Path:
    """Where Keras has its settings for the whole machine."""
    home = Path.home() if os.access(Path.home(), os.W_OK) else Path("/tmp")
    return Path(os.environ.get("KERAS_HOME", home / ".keras")).expanduser() / "keras.json"


def odd_settings() -> list[str]:
    """What keras.json sets otherwise than Keras by itself, such as ``floatx=float16``."""
    try:
        settings = json.loads(keras_json().read_text("utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:  # of what is no JSON, Keras takes nothing
        return [f"what cannot be read ({type(error).__name__})"]
    if not isinstance(settings, dict):
        return ["what is no JSON object"]
    return [f"{name}={settings[name]}" for name in DEFAULTS if settings.get(name, DEFAULTS[name]) != DEFAULTS[name]]


# The command line


@contextmanager
def ending_at_ctrl_c():
    """Ends the process with a line, and no traceback, when somebody presses Ctrl-C inside it."""
    try:
        yield
    except KeyboardInterrupt:
        print("handseg_lib: interrupted.", file=sys.stderr)
        raise SystemExit(130) from None


def open_closed_streams() -> None:
    """Leads the streams that the shell has closed (``2>&-``) nowhere, so that whoever writes to them can go on.

    Else print would put messages among the results, and the next file to be opened would get the stream's number, and
    with it what native code has to say.
    """
    for name in ("stdin", "stdout", "stderr"):  # in the order of their numbers: a file gets the lowest that is free
        if getattr(sys, name) is None:
            stream = open(os.devnull, "r" if name == "stdin" else "w")
            os.set_inheritable(stream.fileno(), True)  # for the processes of a pool
            setattr(sys, name, stream)


@contextmanager
def quiet(tell: bool = True):
    """Keeps file descriptor 2 still, where TensorFlow writes at its import whatever its log level: a notebook keeps it.

    What it wrote is shown after an exception, if ``tell``. After a fatal signal nobody is left to show it, and a
    process beside this one, only to wait for that, would be too much: docs/troubleshooting.md says how to see it.
    """
    try:
        stderr, written = os.dup(2), tempfile.TemporaryFile()
    except OSError:  # a service may have closed it, or has no disk: nothing to quieten
        yield
        return
    with written:
        os.dup2(written.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(stderr, 2)
            written.seek(0)
            if tell:
                print(written.read().decode(errors="replace"), end="", file=sys.stderr)
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
