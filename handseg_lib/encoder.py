"""The encoder: a ResNet50 trained on ImageNet, trimmed after its fourth stage.

He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", https://arxiv.org/abs/1512.03385.
What it passes on, for photos of side S::

    photo      (S,    S,    3)   RGB, 0-255
    conv1      (S/2,  S/2,  64)
    conv2      (S/4,  S/4,  256)
    conv3      (S/8,  S/8,  512)
    conv4      (S/16, S/16, 1024)
"""

import hashlib
from pathlib import Path

import keras
import numpy as np

from .data.gate import InputError, of_kind, whole

# Where the decoder taps the encoder, finest first; the last one is the bottleneck. "default" taps
# after batch norm and ReLU, where the features are the ones that the next stage reads. "published" is
# the article's choice: raw convolutions, before both.
TAPS = {
    "default": ("conv1_relu", "conv2_block3_out", "conv3_block4_out", "conv4_block6_out"),
    "published": ("conv1_conv", "conv2_block3_3_conv", "conv3_block3_2_conv", "conv4_block6_3_conv"),
}
TRIM_AT = "conv4_block6_out"
STRIDE = 16  # of the bottleneck; the photo's size must divide by it
MAX_SIZE = 2048  # in pixels; a larger network would be more than ``model_file`` loads

WEIGHTS = Path(__file__).parent / "assets" / "encoder.npz"  # made by scripts/make_encoder.py
WEIGHTS_SHA256 = "4e8420599dd28aeb14e612431c7fd975f19732cde5c9e94987cf64506c559732"


@keras.saving.register_keras_serializable("handseg")
class CaffePreprocess(keras.layers.Layer):
    """RGB 0-255 to what these weights were trained on: BGR, minus ImageNet's mean colour."""

    def call(self, x):
        mean = keras.ops.convert_to_tensor([123.68, 116.779, 103.939], x.dtype)
        return keras.ops.take(x - mean, [2, 1, 0], axis=-1)  # in exports many times as fast as a flip


@keras.saving.register_keras_serializable("handseg")
class StillModel(keras.Model):
    """A functional model that always runs as in inference: its batch norm keeps mean and variance.

    ``encoder(photo, training=False)`` says the same and is not enough: Keras 3 hands the ``training=True`` of
    ``fit`` down into a model within the model (https://github.com/keras-team/keras/issues/20285).
    """

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False, mask=mask)


def build_encoder(
    size: int | None = 224, taps: str | tuple[str, ...] = "default", weights: str | Path | None = "imagenet"
) -> keras.Model:
    """Builds the trimmed ResNet50 as a model from a photo to its feature maps.

    Args:
        size: side of the square photo in pixels, a multiple of 16 from 32 on; None for any.
        taps: a key of ``TAPS`` or four layer names, finest first.
        weights: "imagenet" for the embedded ones, a path to keras.applications' own ``.h5`` without
            top, or None for random ones.

    Returns:
        A model named "encoder": (N, size, size, 3) RGB 0-255 to a list of four tensors.

    Raises:
        InputError: the size, the taps or the weights cannot be used; the message says what can.
    """
    check_size(size)
    if keras.config.image_data_format() != "channels_last":
        raise InputError(
            "Keras has been set to channels_first, and these weights are for channels last: "
            'keras.config.set_image_data_format("channels_last")'
        )
    photo = keras.Input((size, size, 3), name="photo")
    # float32 whatever the policy: 0-255 minus a mean needs more than bfloat16's 8 bits
    resnet = keras.applications.ResNet50(
        include_top=False, weights=None, input_tensor=CaffePreprocess(name="preprocess", dtype="float32")(photo)
    )
    names = tap_names(taps)
    if unknown := set(names) - {layer.name for layer in resnet.layers}:
        raise InputError(f"taps={taps!r}: ResNet50 has no layer {unknown.pop()}. Its summary() lists those it has.")
    if [name.partition("_")[0] for name in names] != ["conv1", "conv2", "conv3", "conv4"]:
        raise InputError(f"taps={taps!r}: take one layer of each of conv1, conv2, conv3 and conv4, in this order.")
    encoder = StillModel(photo, [resnet.get_layer(name).output for name in names], name="encoder")
    if weights == "imagenet":
        load_imagenet(encoder)
    elif weights is not None:
        of_kind("weights", weights, (str, Path), 'Use "imagenet", None, or a path.')
        if not Path(weights).is_file():
            raise InputError(f'weights={weights}: no such file. Use "imagenet", None, or a path that exists.')
        try:
            resnet.load_weights(weights)
        except Exception as error:  # of a file that is something else, Keras lets out almost anything
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise InputError(
                f"weights={weights}: not the weights of a ResNet50 without top ({reason}). Use keras.applications' own "
                '.h5, or "imagenet".'
            ) from None
    let_go_of_the_rest(encoder)
    return encoder


def let_go_of_the_rest(encoder: keras.Model) -> None:
    """Lets go of the layers behind the encoder's last ones, which know those and would live as long: 60 MB."""
    for layer in encoder.layers:
        layer._outbound_nodes = [node for node in layer._outbound_nodes if node.operation in encoder.layers]


def check_size(size: int | None) -> None:
    """Raises InputError, naming a size that would do, unless the encoder can halve this one four times."""
    if size is None:
        return
    if not (isinstance(size, int) and size < 0):  # of a whole number, even below 0, a size is named that would do
        whole("size", size, such_as=224)
    if not 2 * STRIDE <= size <= MAX_SIZE or size % STRIDE:
        near = min(max(2 * STRIDE, round(size / STRIDE) * STRIDE), MAX_SIZE)
        reason = f"the encoder halves a photo four times, so use a multiple of {STRIDE} from 32 to {MAX_SIZE}"
        raise InputError(f"size={size}: {reason}, say {near}.")


def tap_names(taps: str | tuple[str, ...]) -> tuple[str, ...]:
    """The four layer names behind ``taps``."""
    names = TAPS.get(taps, ()) if isinstance(taps, str) else tuple(taps) if isinstance(taps, (tuple, list)) else ()
    if len(names) != 4 or not all(isinstance(name, str) for name in names):
        raise InputError(f"taps={taps!r}: use one of {', '.join(map(repr, TAPS))}, or four layer names, finest first.")
    return names


def load_imagenet(encoder: keras.Model) -> None:
    """Puts the embedded ImageNet weights into the encoder, after checking their hash.

    Raises:
        InputError: the embedded file is damaged.
    """
    if hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise InputError(f"{WEIGHTS}: not the file that was shipped (its SHA-256 differs). Install the package again.")
    with np.load(WEIGHTS) as arrays:
        for layer in encoder.layers:
            if layer.weights:
                layer.set_weights([arrays[f"{layer.name}/{w.name}"].astype("float32") for w in layer.weights])


def freeze(encoder: keras.Model, train_from: str | None = None) -> None:
    """Freezes the encoder, or all of it before a named block. Compile the model afterwards.

    Batch-norm layers keep ImageNet's mean and variance either way (see ``StillModel``): of them, only
    scale and shift learn.

    Args:
        encoder: the model that ``build_encoder`` returned.
        train_from: the first block to train, such as ``"conv4_block1"``; None freezes everything.

    Raises:
        InputError: the encoder has no such block.
    """
    encoder.trainable = True
    train = False
    for layer in encoder.layers:
        train = train or (train_from is not None and layer.name.startswith(f"{train_from}_"))
        layer.trainable = train
    if train_from is not None and not train:
        blocks = sorted({"_".join(layer.name.split("_")[:2]) for layer in encoder.layers if "_block" in layer.name})
        raise InputError(f"train_from={train_from!r}: the encoder has no such block, but {', '.join(blocks)}.")
