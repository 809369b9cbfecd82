"""A saved model, looked at before Keras builds it: a file from others may hold a program, or ask for all memory.

Keras's own ``safe_mode`` has let such files through more than once, so here nothing is built but what is known.
"""

import importlib
import json
import math
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import keras
import numpy as np

MAX_WEIGHTS = 100_000_000  # the course's network has 10 million
MAX_VALUES = 2**27  # that one layer hands on of one photo: the course's network may see some 2000 x 2000 pixels
# What is in a .keras file, and how large each may be, in bytes. A U-Net's config has 160 thousand.
MEMBERS = {"metadata.json": 10_000, "config.json": 2_000_000, "model.weights.h5": 2_000_000_000}
LAYERS = set(
    """Activation Add Average AveragePooling2D BatchNormalization Concatenate Conv2D Conv2DTranspose Cropping2D Dense
    DepthwiseConv2D Dropout ELU GroupNormalization GlobalAveragePooling2D GlobalMaxPooling2D InputLayer
    LayerNormalization LeakyReLU Maximum MaxPooling2D Minimum Multiply Normalization Permute PReLU ReLU Rescaling
    Reshape Resizing SeparableConv2D Softmax SpatialDropout2D Subtract UpSampling2D ZeroPadding2D
    Functional Model Sequential DTypePolicy __keras_tensor__""".split()
)
HELPERS = (keras.initializers, keras.regularizers, keras.constraints)  # of layers, and harmless


def load(path: Path) -> keras.Model:
    """Loads a ``.keras`` file that is made of known layers, within bounds, with a probability at its end.

    Raises:
        ValueError: it is not; the message is the reason. Of a damaged file, almost any exception is raised.
    """
    if path.suffix != ".keras":
        raise ValueError("it is no .keras file, and other kinds may run a program that is in them")
    importlib.import_module("handseg_lib.course.as_published")  # its network has a layer of its own
    _look_at_config(_look_at_archive(path))
    model = keras.models.load_model(path, compile=False)
    for weight in model.weights:
        if not np.isfinite(keras.ops.convert_to_numpy(weight)).all():
            raise ValueError(f"its weight {weight.path} is not a number everywhere")
    if isinstance(shape := getattr(model, "input_shape", None), tuple):
        model(np.zeros([side or 32 for side in (1, *shape[1:])], np.float32))  # some settings are heeded only now
    return model


def ends_in_sigmoid(model: keras.Model) -> bool:
    """True if the model's output is a probability by the way it is made."""
    last = model.layers[-1]
    if hasattr(last, "layers"):
        return ends_in_sigmoid(last)
    return getattr(last, "activation", None) is keras.activations.sigmoid


def _look_at_archive(path: Path) -> dict:
    """Returns the config, once no part of the file is larger than it may be, nor would be when unpacked."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.file_size > min(MEMBERS.get(member.filename, 0), path.stat().st_size):
                raise ValueError(f"{member.filename} in it is too large, or has no place in a model")
        if len(set(archive.namelist())) < len(archive.namelist()):
            raise ValueError("two files in it have one name, and only one of them would be looked at")
        claimed = 0

        def claim(_, item):
            nonlocal claimed
            claimed += item.nbytes if isinstance(item, h5py.Dataset) else 0

        with archive.open("model.weights.h5") as stream, h5py.File(stream) as weights:
            weights.visititems(claim)
        if claimed > path.stat().st_size:  # compressed, say; Keras compresses nothing
            raise ValueError("its weights would be larger than the file is")
        return json.loads(archive.read("config.json"))


def _look_at_config(config: dict) -> None:
    """Raises ValueError if something unknown would be made, or something too large."""
    config.pop("compile_config", None)  # loss and metrics are not made
    for made in _objects(config):
        if not _is_known(made):
            raise ValueError(f"{made['class_name']} in it is none of the layers that are known here")
    model = _outline(config)
    count = sum(math.prod(weight.shape) for weight in model.weights)
    if count > MAX_WEIGHTS:
        raise ValueError(f"it has {count} weights, and at most {MAX_WEIGHTS} are built")
    for tensor in _tensors(model):
        if math.prod(side or 1 for side in tensor.shape[1:]) > MAX_VALUES:
            raise ValueError(f"a layer in it gives {tensor.shape[1:]}, and at most {MAX_VALUES} values are computed")


def _is_known(made: dict) -> bool:
    name, module = str(made["class_name"]), str(made.get("module") or "keras")
    key = made.get("config") if name == "function" else made.get("registered_name")
    if isinstance(key, str) and keras.saving.get_registered_object(key):  # ours, or the caller's own
        return True
    known = name in LAYERS or any(isinstance(getattr(helper, name, None), type) for helper in HELPERS)
    return known and module.partition(".")[0] == "keras"


def _objects(config) -> Iterator[dict]:
    """Whatever the config would have made."""
    if isinstance(config, dict) and "class_name" in config:
        yield config
    if isinstance(config, (dict, list)):
        for value in config.values() if isinstance(config, dict) else config:
            yield from _objects(value)


def _outline(config: dict) -> keras.Model:
    """Builds the model in shapes alone: its weights have no values yet, and take no memory."""

    def build():
        with keras.StatelessScope(initialize_variables=False):
            return keras.saving.deserialize_keras_object(config)

    # Keras lists such weights for its thread, to make them later on; with a thread that ends, the list is gone
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(build).result()


def _tensors(model: keras.Model) -> Iterator:
    """All that the layers hand on, also of models within the model, and of layers that are used twice."""
    for layer in model.layers:
        for node in layer._inbound_nodes:
            yield from node.output_tensors
        if hasattr(layer, "layers"):
            yield from _tensors(layer)
