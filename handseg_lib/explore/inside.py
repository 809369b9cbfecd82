"""What the encoder's layers see: their strongest feature maps, and how much of the photo one value depends on."""

from typing import NamedTuple

import cv2
import ipywidgets as widgets
import keras
import numpy as np

from ..data.augment import resize_image
from ..data.gate import InputError, as_photo, of_kind
from ..predictor import Predictor
from .view import FULL, Drawing, View, choice, slider

SIDE = 224  # pixels, for a model of no fixed size
STRONGEST = 7  # maps that are shown


class Field(NamedTuple):
    """The receptive field of a layer, in pixels of the network's input.

    Attributes:
        size: side of the square that one value depends on.
        jump: from one value's square to the next one's.
        start: the middle of the first value's square; pixel 0 has its middle at 0.
    """

    size: int
    jump: int
    start: float

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """The square of one value: left, top, right, bottom, the last two exclusive. It may reach past the photo."""
        left, top = (round(self.start + at * self.jump - (self.size - 1) / 2) for at in (column, row))
        return left, top, left + self.size, top + self.size


def receptive_fields(encoder: keras.Model) -> dict[str, Field]:
    """Works out each layer's receptive field from kernels, strides and paddings.

    A kernel of k values that lie j pixels apart sees (k - 1) j more pixels than one value does; a stride of s
    makes j s times as large. Where paths join, the largest field counts.

    Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks",
    https://distill.pub/2019/computing-receptive-fields/

    Args:
        encoder: from ``build_encoder``.

    Returns:
        A field for each layer name.
    """
    of_tensor, fields = {}, {}
    for layer in encoder.layers:  # from input to output
        if isinstance(layer, keras.layers.InputLayer):
            field = Field(1, 1, 0.0)
        else:
            inputs = layer.input if isinstance(layer.input, list) else [layer.input]
            field = _through(layer, max(of_tensor[id(tensor)] for tensor in inputs))
        of_tensor[id(layer.output)] = fields[layer.name] = field
    return fields


def _through(layer: keras.layers.Layer, field: Field) -> Field:
    """The field after a layer, given the one before it."""
    size, jump, start = field
    if isinstance(layer, keras.layers.ZeroPadding2D):
        return Field(size, jump, start - layer.padding[0][0] * jump)
    kernel = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if kernel is None:
        return field  # works value by value
    kernel, stride = kernel[0], layer.strides[0]
    before = max(kernel - stride, 0) // 2 if layer.padding == "same" else 0
    return Field(size + (kernel - 1) * jump, jump * stride, start + ((kernel - 1) / 2 - before) * jump)


def encoder_of(model: Predictor | keras.Model) -> keras.Model:
    """The encoder of a predictor or a U-Net, or the encoder itself.

    Raises:
        InputError: there is none.
    """
    way_out = "Give a predictor, or a network of build_unet or build_encoder."
    model = of_kind("model", getattr(model, "model", model), keras.Model, way_out)
    if model.name == "encoder":
        return model
    if "encoder" not in [layer.name for layer in model.layers]:
        raise InputError(f"{model.name}: a model without an encoder. Give one that build_unet or build_encoder made.")
    return model.get_layer("encoder")


def see(model: Predictor | keras.Model, image: np.ndarray) -> dict[str, np.ndarray]:
    """Runs a photo through the encoder once.

    Args:
        model: a predictor, a U-Net or an encoder.
        image: uint8 (H, W, 3) RGB.

    Returns:
        The features (h, w, channels) after the first convolution, the pooling and each block, by layer name.
    """
    encoder, image = encoder_of(model), as_photo(image)
    names = [layer.name for layer in encoder.layers if layer.name.endswith(("_out", "conv1_relu", "pool1_pool"))]
    if not names:
        raise InputError(f"{encoder.name}: it has none of a ResNet50's layers. Give one that build_encoder made.")
    stages = keras.Model(encoder.input, [encoder.get_layer(name).output for name in names])
    small = resize_image(image, encoder.input_shape[1] or SIDE)
    features = stages(small[None].astype(np.float32), training=False)
    # in float32: OpenCV knows no bfloat16
    return {name: keras.ops.convert_to_numpy(values)[0].astype(np.float32) for name, values in zip(names, features)}


def strongest(features: np.ndarray) -> np.ndarray:
    """Numbers of the maps of features (h, w, channels) that have the highest peaks, highest first."""
    return np.argsort(-features.max(axis=(0, 1)), kind="stable")[:STRONGEST]


def draw_layer(
    image: np.ndarray, layer: str, features: np.ndarray, field: Field, which: int = 1, maps: np.ndarray | None = None
) -> Drawing:
    """Draws what ``look_inside`` shows: strong feature maps, and on the photo the receptive field of one's peak.

    Args:
        image: uint8 (S, S, 3) RGB, as the network sees it.
        layer: its name.
        features: what it makes of the photo, (h, w, channels).
        field: its receptive field.
        which: of the maps that are shown, the one whose peak the field is drawn for, from 1.
        maps: the numbers of the maps to show; None: the strongest.
    """
    maps = strongest(features) if maps is None else maps
    height, width, channels = features.shape
    chosen = features[..., maps[which - 1]]
    left, top, right, bottom = field.box(*np.unravel_index(chosen.argmax(), chosen.shape))
    dimmed = image // 3  # dark where the value does not look
    inside = np.s_[max(top, 0) : bottom, max(left, 0) : right]
    dimmed[inside] = image[inside]
    cv2.rectangle(dimmed, (left, top), (right - 1, bottom - 1), (230, 159, 0), 2)
    sharp = [
        cv2.resize(
            features[..., k] / max(features[..., k].max(), 1e-6), image.shape[1::-1], interpolation=cv2.INTER_NEAREST
        )
        for k in maps
    ]
    text = (
        f"{layer}: {channels} maps of {width} x {height} values. One value sees {field.size} x {field.size} pixels "
        f"of the {image.shape[1]} x {image.shape[0]}; its neighbour looks {field.jump} pixels further."
    )
    return Drawing(
        [dimmed, *sharp],
        [f"what map {maps[which - 1]} sees at its peak", *(f"map {k}" for k in maps)],
        alt=f"A photo, dark except for the square that the strongest value of map {maps[which - 1]} depends on, and "
        f"{len(maps)} feature maps. {text}",
        text=text,
        columns=4,
    )


def look_inside(
    model: Predictor | keras.Model, image: np.ndarray, tuned: Predictor | keras.Model | None = None
) -> View:
    """Walks through the encoder under a slider: the strongest maps of each layer, and what a value sees of the photo.

    Args:
        model: a predictor, a U-Net or an encoder.
        image: uint8 (H, W, 3) RGB.
        tuned: the same after fine-tuning, to switch to: it shows the same maps, those that are strongest in ``model``.

    Raises:
        InputError: a model has no encoder, or the two have different layers.
    """
    models = {"before": model} | ({} if tuned is None else {"fine-tuned": tuned})
    features = {name: see(each, image) for name, each in models.items()}
    before, fields = features["before"], receptive_fields(encoder_of(model))
    for after in features.values():
        if [values.shape for values in after.values()] != [values.shape for values in before.values()]:
            raise InputError("the two models differ in their encoder's layers or size: give the same one, fine-tuned.")
    small = resize_image(image, encoder_of(model).input_shape[1] or SIDE)

    def draw(layer: str, which: int, encoder: str = "before") -> Drawing:
        return draw_layer(small, layer, features[encoder][layer], fields[layer], which, strongest(before[layer]))

    controls = {
        "layer": widgets.SelectionSlider(options=list(before), description="layer", style=FULL),
        "which": slider("peak of map", 1, 1, STRONGEST),
    }
    if tuned is not None:
        controls["encoder"] = choice("encoder", list(models))
    return View(draw, controls)
