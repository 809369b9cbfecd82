"""A convolution by hand: nine numbers move over a photo, and what they answer becomes a picture."""

import cv2
import ipywidgets as widgets
import keras
import numpy as np
import traitlets

from ..data.augment import resize_image
from ..data.gate import InputError
from ..predictor import Predictor
from .inside import encoder_of, see
from .pad import Pad
from .view import FULL, Drawing, View, choice, data_uri, row, tick

SIDE = 44  # pixels of the photo: few enough that each can be seen
CELL, ZOOM = 80, 10  # pixels on the screen for a number, and for a pixel of the photo
KERNELS = {
    "vertical edges": (-1, 0, 1, -2, 0, 2, -1, 0, 1),
    "horizontal edges": (-1, -2, -1, 0, 0, 0, 1, 2, 1),
    "outline": (-1, -1, -1, -1, 8, -1, -1, -1, -1),
    "blur": (0.11, 0.11, 0.11, 0.11, 0.12, 0.11, 0.11, 0.11, 0.11),
    "sharpen": (0, -1, 0, -1, 5, -1, 0, -1, 0),
    "the photo as it is": (0, 0, 0, 0, 1, 0, 0, 0, 0),
}
BLUE, ORANGE = np.array([0, 114, 178]), np.array([230, 159, 0])


def answers(grey: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Lays a kernel on every place of a grey photo where it fits, multiplies and adds up.

    As in every network, the kernel is not turned round first, as mathematicians would do.

    Args:
        grey: (H, W), 0-255.
        kernel: (3, 3).

    Returns:
        float32 (H - 2, W - 2): one answer for each place.
    """
    return cv2.filter2D(grey.astype(np.float32), -1, kernel.astype(np.float32))[1:-1, 1:-1]


def batch_norm(values: np.ndarray) -> np.ndarray:
    """Brings a map to mean 0 and standard deviation 1, as batch norm does before it learns a scale of its own."""
    return (values - values.mean()) / (values.std() + 1e-3)


def signed(values: np.ndarray) -> np.ndarray:
    """Paints numbers: white 0, the deeper orange the further above, the deeper blue the further below; uint8 RGB."""
    share = (values / max(np.abs(values).max(), 1e-6))[..., None]
    return (255 - np.where(share > 0, share * (255 - ORANGE), -share * (255 - BLUE))).astype(np.uint8)


def written(values: np.ndarray, shades: np.ndarray) -> np.ndarray:
    """A picture of numbers (h, w) in cells of the colours (h, w, 3)."""
    picture = np.repeat(np.repeat(shades, CELL, axis=0), CELL, axis=1)
    for (line, column), value in np.ndenumerate(values):
        text = f"{value:.4g}" if abs(value) >= 1 or not value else f"{value:.2f}"
        (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.62, 2)
        corner = column * CELL + (CELL - width) // 2, line * CELL + (CELL + height) // 2
        dark = picture[line * CELL, column * CELL].mean() < 120
        cv2.putText(
            picture, text, corner, cv2.FONT_HERSHEY_SIMPLEX, 0.62, (255,) * 3 if dark else (0,) * 3, 2, cv2.LINE_AA
        )
    picture[CELL::CELL] = picture[:, CELL::CELL] = 128
    return picture


def draw_convolution(
    grey: np.ndarray, kernel: np.ndarray, line: int, column: int, norm: bool = False, relu: bool = False
) -> Drawing:
    """Draws what ``convolve`` shows: nine pixels, the kernel, their products, and the answers of all places.

    Args:
        grey: uint8 (H, W).
        kernel: (3, 3).
        line, column: the place of the kernel's middle, from 1 to H - 2 and W - 2.
        norm, relu: whether batch norm and ReLU follow.

    Raises:
        InputError: the kernel does not fit there.
    """
    if not (1 <= line <= grey.shape[0] - 2 and 1 <= column <= grey.shape[1] - 2):
        raise InputError(f"line {line}, column {column}: there the kernel lies partly outside the photo.")
    pixels = grey[line - 1 : line + 2, column - 1 : column + 2]
    products = pixels * kernel
    found = answers(grey, kernel)
    steps = [f"{products.sum():.4g}"]
    for wanted, name, act in ((norm, "batch norm", batch_norm), (relu, "ReLU", lambda values: np.maximum(values, 0))):
        if wanted:
            found = act(found)
            steps.append(f"after {name} {found[line - 1, column - 1]:.3g}")
    photo = enlarged(np.repeat(grey[..., None], 3, axis=2), line - 1, column - 1, 3)
    text = f"line {line}, column {column}: the nine products add up to {', '.join(steps)}"
    return Drawing(
        [
            photo,
            written(pixels, np.repeat(pixels[..., None], 3, axis=2)),
            written(kernel, signed(kernel)),
            written(products, signed(products)),
            enlarged(signed(found), line - 1, column - 1, 1),
        ],
        ["photo", "nine pixels", "kernel", "pixel x kernel", "all answers"],
        alt="A grey photo of few pixels; nine of them enlarged, with their numbers; the kernel's numbers; the products "
        "of both; and the answers of all places as a picture, orange where they are above 0 and blue where they are "
        f"below. {text}.",
        text=text,
        columns=5,
    )


def enlarged(picture: np.ndarray, top: int, left: int, side: int) -> np.ndarray:
    """Each pixel as a square, and a frame round some of them."""
    large = np.repeat(np.repeat(picture, ZOOM, axis=0), ZOOM, axis=1)
    first, last = (left * ZOOM - 1, top * ZOOM - 1), ((left + side) * ZOOM, (top + side) * ZOOM)
    for colour, thickness in (((255, 255, 255), 5), ((213, 94, 0), 3)):
        cv2.rectangle(large, first, last, colour, thickness)
    return large


class Kernel(widgets.GridBox):
    """Nine fields for numbers, in three rows.

    Attributes:
        value: the nine, row by row.
    """

    value = traitlets.Tuple()

    def __init__(self, value: tuple[float, ...]):
        layout = widgets.Layout(width="74px")
        self.fields = [
            widgets.BoundedFloatText(min=-99, max=99, step=1, description=arrow, style=FULL, layout=layout)
            for arrow in "↖↑↗←•→↙↓↘"
        ]
        super().__init__(self.fields, layout=widgets.Layout(grid_template_columns="repeat(3, 78px)"))
        for field in self.fields:
            field.observe(self._typed, "value")
        self.put(value)

    def put(self, value: tuple[float, ...]) -> None:
        """Fills in all nine at once."""
        self.filling = True
        for field, number in zip(self.fields, value, strict=True):
            field.value = number
        self.filling = False
        self._typed()

    def _typed(self, change=None) -> None:
        if not self.filling:
            self.value = tuple(field.value for field in self.fields)


def convolve(image: np.ndarray) -> View:
    """Moves a kernel of 3 x 3 numbers over a photo, and shows what it answers.

    Drag the square, or move it by the arrow keys; choose a kernel, or write its numbers yourself.

    Args:
        image: uint8 (H, W, 3) RGB.
    """
    grey = cv2.cvtColor(resize_image(image, SIDE), cv2.COLOR_RGB2GRAY)
    kernel, kinds = Kernel(KERNELS["vertical edges"]), choice("kernel", list(KERNELS))
    found = answers(grey, np.reshape(kernel.value, (3, 3)))
    line, column = (int(at) + 1 for at in np.unravel_index(found.argmax(), found.shape))  # an edge, to begin with
    large = np.repeat(np.repeat(grey, ZOOM, axis=0), ZOOM, axis=1)
    pad = Pad(
        picture=data_uri(large / 255),
        label="the photo: drag the square, or move it by the arrow keys",
        window=3 / SIDE,
        step=1 / SIDE,
        value=[(column + 0.5) / SIDE, (line + 0.5) / SIDE],
    )

    def draw(place, numbers, norm, relu) -> Drawing:
        column, line = (int(np.clip(int(share * SIDE), 1, SIDE - 2)) for share in place)
        drawing = draw_convolution(grey, np.reshape(numbers, (3, 3)), line, column, norm, relu)
        return drawing.without_first()

    kinds.observe(lambda change: kernel.put(KERNELS[change.new]), "value")
    ticks = {"norm": tick("then batch norm"), "relu": tick("then ReLU")}
    view = View(draw, {"place": pad, "numbers": kernel} | ticks)
    view.children[0].children = [row([kinds, *ticks.values()]), kernel]
    view.still = draw_convolution(grey, np.reshape(kernel.value, (3, 3)), line, column)
    return view


# The first layer's kernels


def draw_filters(model: Predictor | keras.Model, image: np.ndarray) -> Drawing:
    """Draws the 64 kernels of the encoder's first layer, as colours, and what each answers to a photo.

    Args:
        model: a predictor, a U-Net or an encoder.
        image: uint8 (H, W, 3) RGB.
    """
    kernels = keras.ops.convert_to_numpy(encoder_of(model).get_layer("conv1_conv").kernel).astype(np.float32)
    kernels = kernels[:, :, ::-1]  # in the manner of Caffe its channels are blue, green, red
    peaks = np.abs(kernels).max(axis=(0, 1, 2))
    colours = (127.5 + 127.5 * kernels / peaks).astype(np.uint8)  # grey is 0
    maps = see(model, image)["conv1_relu"]
    maps = maps / np.maximum(maps.max(axis=(0, 1)), 1e-6)
    return Drawing(
        [tiled(colours.transpose(3, 0, 1, 2), 8), tiled((255 * maps).astype(np.uint8).transpose(2, 0, 1), 1)],
        ["conv1's 64 kernels of 7 x 7", "what each answers, after ReLU"],
        alt="The 64 kernels of the first layer, 7 x 7 each: stripes and edges in many directions, and spots of colour. "
        "Beside them what each answers to a photo of a hand: edges in its direction, areas of its colour.",
        columns=2,
    )


def tiled(pictures: np.ndarray, zoom: int) -> np.ndarray:
    """Lays 64 pictures (64, h, w) or (64, h, w, 3) in eight rows of eight, with white between."""
    rgb = np.repeat(pictures[..., None], 3, axis=-1) if pictures.ndim == 3 else pictures
    large = np.repeat(np.repeat(rgb, zoom, axis=1), zoom, axis=2)
    gap = max(2, large.shape[1] // 14)
    framed = np.pad(large, ((0, 0), (0, gap), (0, gap), (0, 0)), constant_values=255)
    return framed.reshape(8, 8, *framed.shape[1:]).transpose(0, 2, 1, 3, 4).reshape(8 * framed.shape[1], -1, 3)
