"""An exported network: a file that a runtime other than Keras runs, and beside it the card that says how.

    hand.onnx     ONNX Runtime: servers and browsers
    hand.xml      OpenVINO: the fastest on CPUs (its weights are in hand.bin)
    hand.tflite   LiteRT: phones

The card of hand.onnx is hand.onnx.json. It has the network's size and threshold, what a photo must look like, where
the network comes from, and the SHA-256 of each file and of itself. ``exporter`` writes both. Nothing here needs Keras,
and a runtime is imported only for a file of its own.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .data.archives import sha256
from .data.gate import InputError
from .start import quiet

EXPORT_AGAIN = "Export the network again: python -m handseg_lib export"


def load(path: Path, dtype: str = "float32") -> tuple["Exported", dict]:
    """Makes an exported network ready to be called.

    Args:
        path: of the file, whose ending is one of ``FORMS``; its card lies beside it.
        dtype: ``"bfloat16"`` computes float networks in it where OpenVINO and the processor can, which is faster and
            less exact.

    Returns:
        The network, and its card.

    Raises:
        InputError: the file or its card is missing, damaged or another's, or the runtime is not installed.
    """
    form = FORMS[path.suffix]
    card = read_card(path)
    insist_on(form.package, path)
    try:
        with quiet(tell=False):  # LiteRT says on every channel what it runs on
            network = Exported(form.start(path, card, dtype), card["size"])
        answer = network.predict_on_batch(np.zeros((1, *network.input_shape[1:]), np.uint8))
    except Exception as error:  # each runtime has exceptions of its own
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path}: {form.runtime} cannot run this file ({reason}). {EXPORT_AGAIN}") from None
    if answer.shape != (1, *network.output_shape[1:]):
        raise InputError(f"{path}: it answers with {answer.shape}, which is no mask of its card's size. {EXPORT_AGAIN}")
    return network, card


class Exported:
    """A network in its runtime, which ``Predictor`` calls as it calls a Keras model.

    Args:
        run: from float32 (1, S, S, 3) RGB, 0-255, to float32 (1, S, S, 1).
        size: S, in pixels.
    """

    name, layers = "an export", ()  # none that could be looked into

    def __init__(self, run: Callable[[np.ndarray], np.ndarray], size: int):
        self.run, self.input_shape, self.output_shape = run, (None, size, size, 3), (None, size, size, 1)

    def predict_on_batch(self, photos: np.ndarray) -> np.ndarray:
        """The probability of hand: float32 (N, S, S, 1), for photos (N, S, S, 3) RGB, 0-255.

        One after the other: a CPU wins nothing by more at once.
        """
        return np.concatenate([self.run(photo[None].astype(np.float32)) for photo in photos])


# The card


def card_of(path: Path) -> Path:
    """Where an exported file's card is."""
    return path.with_name(f"{path.name}.json")


def read_card(path: Path) -> dict:
    """Reads the card of an exported file, and holds the file against it.

    Raises:
        InputError: one of them is missing or damaged, or they do not belong together.
    """
    place = card_of(path)
    for file in (path, place):
        if not file.is_file():
            raise InputError(
                f"{file}: missing. {path.name} and {place.name} belong together: bring both, or export anew."
            )
    try:
        card = json.loads(place.read_text("utf-8"))
        seal = card.pop("card_sha256")
        sound = seal == _seal(card) and set(card["files"]) == set(FORMS[path.suffix].files)
    except (ValueError, KeyError, TypeError, AttributeError):  # no JSON, or JSON of something else
        sound = False
    if not sound:
        raise InputError(f"{place}: this card is not as it was written, or is no {path.suffix} file's. {EXPORT_AGAIN}")
    for ending, told in card["files"].items():
        file = path.with_suffix(ending)
        if not file.is_file() or sha256(file) != told:
            raise InputError(
                f"{file}: missing, damaged, or not the file that its card was written for (its SHA-256 differs). "
                f"{EXPORT_AGAIN}"
            )
    return card


def write_card(path: Path, card: dict) -> None:
    """Writes the card of an exported file, with the SHA-256 of the files and of itself."""
    card = card | {"files": {ending: sha256(path.with_suffix(ending)) for ending in FORMS[path.suffix].files}}
    card_of(path).write_text(json.dumps(card | {"card_sha256": _seal(card)}, indent=1), "utf-8")


def _seal(card: dict) -> str:
    return hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()


# The runtimes: each makes a file into a function of one photo


def _start_onnxruntime(path: Path, card: dict, dtype: str) -> Callable:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda photo: session.run(None, {name: photo})[0]


def _start_openvino(path: Path, card: dict, dtype: str) -> Callable:
    import openvino

    core = openvino.Core()
    model = core.read_model(str(path))
    model.reshape([1, card["size"], card["size"], 3])  # of a fixed shape it is faster
    hints = {"PERFORMANCE_HINT": "LATENCY"}
    if card["precision"] == "float32":  # by itself it computes in bfloat16 where the processor can
        hints["INFERENCE_PRECISION_HINT"] = {"float32": "f32", "bfloat16": "bf16"}[dtype]
    compiled = core.compile_model(model, "CPU", hints)
    return lambda photo: compiled(photo)[0]


def _start_litert(path: Path, card: dict, dtype: str) -> Callable:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=os.cpu_count())
    interpreter.allocate_tensors()
    (photo_in,), (hand_out,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(photo: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(photo_in["index"], photo)
        interpreter.invoke()
        return interpreter.get_tensor(hand_out["index"])

    return run


@dataclass(frozen=True)
class Form:
    """A form in which a network can leave Keras.

    Attributes:
        name: on the command line, and for Keras's exporter.
        runtime: for messages.
        package: what to import to run it, and what to install.
        files: the endings of its files.
        start: from a file, its card and a dtype to a function of one photo.
        makers: what ``exporter`` imports to make it; and to make it of eight bits.
    """

    name: str
    runtime: str
    package: str
    files: tuple[str, ...]
    start: Callable
    makers: tuple[str, ...] = ()
    int8_makers: tuple[str, ...] = ()


EIGHT_BITS = ("onnx", "tf2onnx", "onnxruntime")
FORMS = {
    ".onnx": Form("onnx", "ONNX Runtime", "onnxruntime", (".onnx",), _start_onnxruntime, ("onnx", "tf2onnx")),
    ".xml": Form("openvino", "OpenVINO", "openvino", (".xml", ".bin"), _start_openvino, (), EIGHT_BITS),
    ".tflite": Form("litert", "LiteRT", "ai_edge_litert", (".tflite",), _start_litert),
}


def insist_on(package: str, path: Path) -> None:
    """Raises InputError, with the way to it, where a package is not installed that a file needs."""
    try:
        __import__(package)
    except ImportError as error:
        reason = "" if getattr(error, "name", None) == package else f" ({error})"  # it is there, and does not start
        name = package.replace("_", "-")
        raise InputError(
            f"{path}: this needs the package {name}, which is not installed here{reason}. Install it: "
            f'pip install {name} (or all that exports need: pip install "handseg[export]")'
        ) from None
