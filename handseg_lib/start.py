"""The start: Keras is imported quietly, and set as this course's networks need it, whatever this machine has set."""

import json
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

# Keras takes these from a file of the whole machine, and from there they go into networks without a word.
OURS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
DEFAULTS = OURS | {"backend": "tensorflow", "nnx_enabled": False}


def import_keras() -> None:
    """Imports Keras, and sets it to ``OURS`` for this process.

    Raises:
        ImportError: the machine's settings do not let Keras start; one sentence names them. (SystemExit with that
            sentence where ``python -m`` is looking for its module: there a traceback would help nobody.)
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # or the first process on a GPU takes all of its memory, and a second notebook or fold finds none
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    try:
        with _quiet():
            import keras
    except KeyboardInterrupt:
        if sys.argv[:1] != ["-m"]:
            raise
        print("handseg_lib: interrupted.", file=sys.stderr)
        raise SystemExit(130) from None
    except Exception as error:
        variables = sorted(name for name in os.environ if name.startswith("KERAS_") and name != "KERAS_HOME")
        settings = odd_settings() + [f"{name}={os.environ[name]}" for name in variables]
        if not settings:  # then it is no setting that keeps Keras from starting
            raise
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        sentence = f"{keras_json()}: Keras cannot start ({reason}). It is told {', '.join(settings)}: change that."
        if sys.argv[:1] == ["-m"]:
            print(f"handseg_lib: {sentence}", file=sys.stderr)
            raise SystemExit(2) from None
        raise ImportError(sentence) from None
    before = keras.config.floatx()
    keras.config.set_floatx(OURS["floatx"])
    keras.config.set_epsilon(OURS["epsilon"])
    keras.config.set_image_data_format(OURS["image_data_format"])
    if keras.config.dtype_policy().name == before:  # it follows floatx until the first layer is made, and then no more
        keras.config.set_dtype_policy(OURS["floatx"])


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


@contextmanager
def _quiet():
    """Keeps file descriptor 2 still, where TensorFlow writes at its import whatever its log level: a notebook keeps it.

    What it wrote is shown if the import fails. After a fatal signal nobody is left to show it, and a process beside
    this one, only to wait for that, would be too much: docs/troubleshooting.md says how to see the message.
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
            print(written.read().decode(errors="replace"), end="", file=sys.stderr)
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
