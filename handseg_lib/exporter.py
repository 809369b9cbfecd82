"""The exporter: a trained network leaves Keras for another runtime, in 32 bits or in eight.

With eight bits a weight is one of 256 steps, and so is what a layer hands on. How wide these steps must be is measured
on photos: that is called calibration. The weights of each channel have steps of their own.
"""

import io
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path

import keras
import numpy as np

from .data import drawn_rooms
from .data.augment import resize_image
from .data.gate import InputError, as_photo
from .data.samples import Sample
from .export_file import FORMS, Exported, Form, card_of, insist_on, load, write_card
from .machine import versions
from .metrics import iou
from .predictor import Predictor
from .start import quiet

TOLERANCE = 1e-3  # by which a float export may differ from Keras, at most


def export(
    model: keras.Model | Predictor,
    path: str | Path,
    calibrate: Sequence[Sample | np.ndarray] | None = None,
) -> Path:
    """Exports a network to a file that needs neither Keras nor TensorFlow; ``load_predictor(path)`` runs it.

    A card is written beside the file, with the network's size, threshold, preprocessing and provenance. Before either
    is in its place, the export has been run and its answers held against Keras's.

    Args:
        model: a U-Net, or a predictor, whose threshold and card go along.
        path: where to write. Its ending says in which form: ``.onnx`` for servers and browsers, ``.xml`` (OpenVINO)
            for CPUs, ``.tflite`` (LiteRT) for phones.
        calibrate: training photos, each a ``Sample`` or uint8 (H, W, 3) RGB, a hundred or so: makes a network of
            eight-bit numbers, which is four times as small and faster; not for ``.tflite``, whose converter spoils the
            masks. None: float32, as in Keras.

    Returns:
        The path.

    Raises:
        InputError: the ending is none of these, a package is missing, the form cannot hold one of the layers, or the
            file cannot be written; the message says what to do.
    """
    path, predictor = Path(path), model if isinstance(model, Predictor) else Predictor(model)
    if path.suffix not in FORMS:
        raise InputError(f"{path}: its ending says in which form to export. Use one of {', '.join(FORMS)}.")
    form, photos = FORMS[path.suffix], _photos(calibrate, predictor.size)
    if photos is not None and form.name == "litert":
        raise InputError(
            f"{path}: in eight bits LiteRT spoils the masks. Take .onnx or .xml, or leave the photos away."
        )
    _insist_on_exportable(predictor, path)
    for package in (*form.makers, form.package, *(form.int8_makers if photos is not None else ())):
        insist_on(package, path)
    side = predictor.size
    predictor.model(np.zeros((1, side, side, 3), np.float32))  # type: ignore[operator]  # Keras exports what was called
    with _made_whole(path, form) as part:
        try:
            with _silence():
                MAKERS[form.name](predictor.model, part, photos)
        except Exception as error:  # converters raise almost anything
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise InputError(_cannot_hold(form, predictor.model, path, reason)) from None
        card = _card(predictor, form, photos)
        write_card(part, card)  # without agreement, so that it can be run
        card["agreement"] = _agreement(predictor, part, path, form, photos)
        write_card(part, card)
    return path


def _photos(calibrate: Sequence[Sample | np.ndarray] | None, size: int) -> np.ndarray | None:
    """The photos as the network sees them, float32 (N, S, S, 3)."""
    if calibrate is None:
        return None
    images = [item.read()[0] if isinstance(item, Sample) else as_photo(item) for item in calibrate]
    if not images:
        raise InputError("calibrate: no photos. Give a hundred or so that the network was trained on, or None.")
    return np.stack([resize_image(image, size) for image in images]).astype(np.float32)


def _insist_on_exportable(predictor: Predictor, path: Path) -> None:
    if not isinstance(predictor.model, keras.Model):
        raise InputError(f"{path}: what you give is an export already. Give the Keras model that it was made from.")
    if predictor.mirror:
        raise InputError(f"{path}: a file cannot look at the mirror image too. Export Predictor(model, threshold).")
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            f"{path}: Keras exports these forms with TensorFlow. Start Python with KERAS_BACKEND=tensorflow."
        )
    odd = [layer.name for layer in predictor.model.layers if layer.compute_dtype not in ("float32", "uint8")]
    if odd:
        raise InputError(
            f"{path}: {odd[0]} computes in {predictor.model.get_layer(odd[0]).compute_dtype}. Build the network anew "
            'under keras.config.set_dtype_policy("float32"), and give it these weights by set_weights.'
        )


def _cannot_hold(form: Form, model: keras.Model, path: Path, reason: str) -> str:
    """The sentence for a model that a form cannot hold; names the layers that somebody has made himself."""
    kinds = {type(layer) for layer in model._flatten_layers(include_self=False)}
    own = sorted(kind.__name__ for kind in kinds if kind.__module__.partition(".")[0] not in ("keras", "handseg_lib"))
    layers = f" It has layers that are not Keras's: {', '.join(own)}." if own else ""
    return f"{path}: {form.runtime} cannot run this network ({reason}).{layers} Nothing was written. Try another form."


# The files


@contextmanager
def _made_whole(path: Path, form: Form) -> Iterator[Path]:
    """Gives a path of the same name in a folder beside; moves the files there into place, the card last.

    After a kill, what is in place is whole; if it is new and its card old, it is refused until it is exported again.
    """
    folder = path.with_name(f"part-{path.name}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
        folder.mkdir()
        part = folder / path.name
        yield part
        for ending in form.files:
            part.with_suffix(ending).replace(path.with_suffix(ending))
        card_of(part).replace(card_of(path))
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}). Make room, or give another folder."
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_onnx(model: keras.Model, path: Path, photos: np.ndarray | None) -> None:
    model.export(str(path), format="onnx", verbose=False)
    if photos is None:
        return
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    name = onnx.load(str(path)).graph.input[0].name

    class Photos(CalibrationDataReader):
        rest = ({name: photo[None]} for photo in photos)

        def get_next(self) -> dict | None:
            return next(self.rest, None)

    plain = path.with_name("plain.onnx")
    quant_pre_process(str(path), str(plain), skip_symbolic_shape=True)  # batch norm goes into the convolutions
    quantize_static(
        str(plain), str(path), Photos(), per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8
    )


def _make_openvino(model: keras.Model, path: Path, photos: np.ndarray | None) -> None:
    """By way of TensorFlow's format, which takes least memory; in eight bits by way of ONNX.

    What Keras writes for OpenVINO itself gives other masks, since the encoder swaps colours by take. And in eight bits
    ONNX's are here as fast as those of OpenVINO's own NNCF, and closer to the masks of 32.
    """
    import openvino

    if photos is None:
        steps = path.with_suffix(".saved")
        model.export(str(steps), format="tf_saved_model", verbose=False)
    else:
        steps = path.with_suffix(".onnx")
        _make_onnx(model, steps, photos)
    openvino.save_model(openvino.Core().read_model(str(steps)), str(path), compress_to_fp16=False)


def _make_litert(model: keras.Model, path: Path, photos: None) -> None:
    import tensorflow as tf

    builtins = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}  # a phone has no others
    model.export(str(path), format="litert", verbose=False, target_spec=builtins)


MAKERS: dict[str, Callable] = {"onnx": _make_onnx, "openvino": _make_openvino, "litert": _make_litert}


@contextmanager
def _silence() -> Iterator[None]:
    """Converters write pages on every channel that there is."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with quiet(tell=False), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)


# What is known of them


def _card(predictor: Predictor, form: Form, photos: np.ndarray | None) -> dict:
    side, network = predictor.size, predictor.card or {}
    return {
        "form": form.name,
        "precision": "float32" if photos is None else "int8",
        "size": side,
        "threshold": predictor.threshold,
        "classes": network.get("classes", ["hand"]),
        "input": f"float32 (1, {side}, {side}, 3): a photo in RGB, 0-255, squashed to this size; nothing more",
        "output": f"float32 (1, {side}, {side}, 1): the probability of hand; hand from the threshold on",
        "calibration_photos": 0 if photos is None else len(photos),
        "network": network,  # the card that it came with: data, split, training, scores in Keras
        "exported": {"date": date.today().isoformat(), "versions": versions()},
    }


def _agreement(predictor: Predictor, part: Path, path: Path, form: Form, photos: np.ndarray | None) -> dict:
    """Runs the export, and compares what it says with what Keras says of the same few photos.

    Raises:
        InputError: it does not run, or in float32 it says something else.
    """
    seen = drawn_rooms.rooms(4, predictor.size).astype(np.float32) if photos is None else photos[:16]
    try:
        exported: Exported = load(part)[0]
    except InputError as error:
        reason = str(error).partition("(")[2].rpartition(")")[0] or str(error)
        raise InputError(_cannot_hold(form, predictor.model, path, reason)) from None
    # one by one: all at once would take more memory than the rest of the export
    ours, theirs = (
        np.concatenate([network.predict_on_batch(photo[None]) for photo in seen])
        for network in (predictor.model, exported)
    )
    differ = np.abs(ours - theirs)
    if photos is None and not differ.max() <= TOLERANCE:  # nan, too
        reason = f"its answers differ from Keras's by up to {differ.max():.2g}"
        raise InputError(_cannot_hold(form, predictor.model, path, reason))
    masks = [[(hands >= predictor.threshold).astype(np.uint8)[..., 0] for hands in both] for both in zip(ours, theirs)]
    return {
        "photos": len(seen),
        "largest_difference": float(differ.max()),
        "mean_difference": float(differ.mean()),
        "mask_iou": float(np.mean([iou(*both) for both in masks])),
    }
