"""The whole network on one page: the U, and in each of its blocks what the network makes of the photo on its way."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import NamedTuple
from urllib.parse import quote

import cv2
import keras
import numpy as np

from .. import plots
from ..data import drawn, my_hand
from ..data.augment import resize_image
from ..data.gate import InputError
from ..predictor import Predictor, load_predictor
from .choice import Choice
from .inside import Field, draw_layer, encoder_of, receptive_fields
from .skips import joins_and_ups
from .view import Drawing, View

PARTS = ("photo", "encoder", "skips", "decoder", "hand")
COLOURS = {"photo": "#444444", "encoder": plots.BLUE, "decoder": "#B06F00", "hand": plots.GREEN, "skips": "#C04A00"}
# The drawing's units. Photo and hand are pictures, and larger than the scale of the blocks would have them.
WIDE, HIGH, ENDS = 1000, 506, 100
UNIT = 38  # the side of a map that is as large as the photo
TOPS = (26, 152, 258, 364, 438)  # of each level
LEFT, RIGHT = (16, 16, 46, 76, 350), (554, 620, 590, 560)  # of each level's blocks in the two arms
HEADS = "".join(
    f'<marker id="head{colour[1:]}" viewBox="0 0 10 10" refX="7" refY="5" markerWidth="5" markerHeight="5" '
    f'orient="auto"><path d="M0 0L10 5L0 10z" fill="{colour}"/></marker>'
    for colour in COLOURS.values()
)


class Block(NamedTuple):
    """One block of the network, with what it makes of a photo.

    Attributes:
        name: photo, conv1 to conv4, up1 to up4, hand.
        part: of the network, one of ``PARTS``.
        values: float32 (h, w, channels); of the photo uint8 (S, S, 3).
        parameters: how many it learns.
        field: its receptive field.
    """

    name: str
    part: str
    values: np.ndarray
    parameters: int
    field: Field

    @property
    def title(self) -> str:
        """Its name and its shape, in words."""
        height, width, channels = self.values.shape
        if self.part in ("photo", "hand"):
            return f"{self.name}: {width} × {height}"
        return f"{self.name}: {channels} maps of {width} × {height}"


def travel(model: Predictor | keras.Model, image: np.ndarray) -> list[Block]:
    """Sends a photo through a U-Net once, and keeps what each block makes of it.

    Args:
        model: a predictor, or a model from ``build_unet``.
        image: uint8 (H, W, 3) RGB.

    Returns:
        The blocks, from the photo to the hand.

    Raises:
        InputError: the model is no U-Net with skips.
    """
    unet, encoder = getattr(model, "model", model), encoder_of(model)
    joins, ups = joins_and_ups(unet)
    taps = [*(join.input[1] for join in reversed(joins)), ups[0].input]
    steps = [*(up.input for up in ups[1:]), unet.layers[-1].input]
    small = resize_image(image, unet.input_shape[1] or 224)
    outputs = keras.Model(unet.input, [*taps, *steps, unet.output])(small[None].astype(np.float32), training=False)
    values = [keras.ops.convert_to_numpy(output)[0].astype(np.float32) for output in outputs]

    fields = receptive_fields(encoder)
    blocks = [Block("photo", "photo", small, 0, Field(1, 1, 0.0))]
    for number, output in enumerate(encoder.outputs, 1):
        own = sum(layer.count_params() for layer in encoder.layers if layer.name.startswith(f"conv{number}_"))
        field = fields[output._keras_history.operation.name]
        blocks.append(Block(f"conv{number}", "encoder", values[number - 1], own, field))
    starts = [unet.layers.index(up) for up in ups] + [len(unet.layers) - 1]
    for number, (first, last) in enumerate(zip(starts, starts[1:]), 1):
        own = sum(layer.count_params() for layer in unet.layers[first:last])
        field = _up(blocks[-1].field)
        blocks.append(Block(f"up{number}", "decoder", values[len(taps) + number - 1], own, field))
    return [*blocks, Block("hand", "hand", values[-1], unet.layers[-1].count_params(), blocks[-1].field)]


def _up(field: Field) -> Field:
    """The field after a step up: an up-convolution, whose values lie half as far apart, and a 3 x 3 convolution."""
    jump = field.jump // 2
    return Field(field.size + 2 * jump, jump, field.start - jump / 2)


# The drawing


UNCHANGED = " /:;,=+()!*-._~"  # what may stand in an address within quotes


class Scene(NamedTuple):
    """A drawing as SVG. A notebook shows it as an image with alt text, crisp at every size."""

    svg: str
    alt: str

    def html(self) -> str:
        source = f"data:image/svg+xml,{quote(self.svg, safe=UNCHANGED)}"  # base64 would make the pictures in it larger
        return f'<img alt="{escape(self.alt)}" src="{source}" style="width:100%;max-width:{WIDE}px;height:auto">'

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html(), "text/plain": self.alt}, {}


def draw_network(
    lit: str | Sequence[str] = PARTS, model: Predictor | keras.Model | None = None, image: np.ndarray | None = None
) -> Scene:
    """Draws the whole network: in each block all of its feature maps, the strongest first.

    A block's area is in proportion to how many values it holds: at the same scale, each value is a dot.

    Args:
        lit: the parts to light, of ``PARTS``; the others are pale.
        model: a predictor or a U-Net; None: the course's.
        image: uint8 (H, W, 3) RGB; None: your own photo where it is kept (``hs.my_hand``), else a drawn hand.

    Raises:
        InputError: there is no such part, or the model is no U-Net.
    """
    lit = _parts(lit)
    return _scene(travel(*_defaults(model, image)), lit)


def _parts(lit: str | Sequence[str]) -> tuple[str, ...]:
    lit = (lit,) if isinstance(lit, str) else tuple(lit)
    if unknown := [part for part in lit if part not in PARTS]:
        raise InputError(f"lit={unknown[0]!r}: the network has no such part, but {', '.join(PARTS)}.")
    return lit


def _defaults(model, image) -> tuple[Predictor | keras.Model, np.ndarray]:
    if image is None:
        image = my_hand.load()
    if image is None:
        image = drawn.render(4, "5", 0, size=256)[0]
    return load_predictor() if model is None else model, image


class Place(NamedTuple):
    """Where a block stands in the drawing, in its units, and in how many rows and columns its maps lie there."""

    left: float
    top: float
    width: float
    height: float
    rows: int = 1
    columns: int = 1


def _places(blocks: list[Block]) -> dict[str, Place]:
    """Down the left arm, up the right one, each step of the decoder level with its skip. All values at one scale."""
    size, depth = blocks[0].values.shape[0], sum(block.part == "encoder" for block in blocks)
    places = {"photo": Place(16, TOPS[0], ENDS, ENDS), "hand": Place(WIDE - 16 - ENDS, TOPS[0], ENDS, ENDS)}
    for number, block in enumerate(blocks[1:-1], 1):
        side, _, channels = block.values.shape
        unit = UNIT * side / size  # the side of one map
        rows = min(channels, round((2 if 4 * side >= size else 1) * UNIT / unit))
        columns = -(-channels // rows)
        level = number if block.part == "encoder" else 2 * depth - number
        left = LEFT[level] if block.part == "encoder" else RIGHT[level]
        places[block.name] = Place(left, TOPS[level], columns * unit, rows * unit, rows, columns)
    return places


def mosaic(values: np.ndarray, rows: int, columns: int, colour: str) -> np.ndarray:
    """Lays the maps of features (h, w, channels) beside each other, the strongest first: uint8 (rows h, columns w, 3).

    Each is as bright as its own peak allows: black where it is silent, then the colour, white at its peak.
    """
    height, width, channels = values.shape
    order = np.argsort(-values.max(axis=(0, 1)), kind="stable")
    maps = values[..., order] / np.maximum(values[..., order].max(axis=(0, 1)), 1e-6)
    laid = np.zeros((rows * columns, height, width), np.float32)
    laid[:channels] = np.clip(maps, 0, 1).transpose(2, 0, 1)
    laid = laid.reshape(rows, columns, height, width).transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    steps = np.linspace(0, 1, 256)[:, None] ** 0.7
    table = np.where(steps < 0.5, 2 * steps * rgb, rgb + (2 * steps - 1) * (255 - rgb)).astype(np.uint8)
    return table[(255 * laid).astype(np.uint8)]


def _address(block: Block, place: Place) -> str:
    """What is inside a block, as the address of a WebP with two pixels a unit: half as large as a JPEG."""
    if block.part == "photo":
        picture = block.values
    elif block.part == "hand":
        picture = np.repeat((255 * block.values).astype(np.uint8), 3, axis=2)
    else:
        tint = plots.SKY if block.part == "encoder" else plots.ORANGE
        picture = mosaic(block.values, place.rows, place.columns, tint)
    small = cv2.resize(picture, (round(2 * place.width), round(2 * place.height)), interpolation=cv2.INTER_AREA)
    _, code = cv2.imencode(".webp", small[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 60])
    return f"data:image/webp;base64,{base64.b64encode(code).decode()}"


def _scene(blocks: list[Block], lit: tuple[str, ...]) -> Scene:
    """The drawing of blocks that a photo has travelled through."""
    places, some = _places(blocks), set(lit) != set(PARTS)  # where all are lit, there is nothing to point at
    down, up = ([block for block in blocks if block.part == part] for part in ("encoder", "decoder"))
    here = f"You are here: {listed([f'the {part}' for part in lit])}." if some else ""
    alt = (
        f"{here} The whole network as a U, with a photo on its way through. Down the left arm goes the encoder: "
        f"{', '.join(block.title for block in down)}. Up the right arm goes the decoder: "
        f"{', '.join(block.title for block in up)}. Out comes the hand. {len(down) - 1} skips run across. In each "
        "block are all its feature maps of this photo."
    ).strip()
    drawn = [
        _arrow(_way(places[a.name], places[b.name], b.part), COLOURS[b.part], b.part in lit)
        for a, b in zip(blocks, blocks[1:])
    ]
    for skip, step in zip(down[:-1], reversed(up[:-1])):
        start, end = places[skip.name], places[step.name]
        y = start.top + start.height / 2
        way = f"M{start.left + start.width + 4:.0f} {y:.0f}H{end.left - 6:.0f}"
        drawn.append(_arrow(way, COLOURS["skips"], "skips" in lit, 'stroke-dasharray="7 5"'))
        middle = (start.left + start.width + end.left) / 2
        drawn.append(_text("skip", middle, y - 6, COLOURS["skips"], "skips" in lit, "middle"))
    drawn += [_block(block, places[block.name], block.part in lit, some) for block in blocks]
    drawn += [
        _text("Every dot is one value that the network", 344, 52, "#444444", anchor="middle"),
        _text("has computed from this photo.", 344, 72, "#444444", anchor="middle"),
        f'<text x="344" y="106" text-anchor="middle" fill="#B03A00" style="font:bold 17px sans-serif">{here}</text>',
    ]
    return Scene(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" role="radiogroup" '
        f'aria-label="{escape(alt)}"><defs>{HEADS}</defs><rect width="{WIDE}" height="{HIGH}" rx="10" fill="white"/>'
        f"{''.join(drawn)}</svg>",
        alt,
    )


def _way(a: Place, b: Place, part: str) -> str:
    """The path of an arrow from one block to the next."""
    if part == "hand":
        return f"M{a.left + a.width + 2:.0f} {a.top + a.height / 2:.0f}H{b.left - 6:.0f}"
    x = max(a.left, b.left) + 12
    if part == "encoder":
        return f"M{x:.0f} {a.top + a.height:.0f}V{b.top - 6:.0f}"
    if b.left > a.left + a.width:  # from the bottleneck to the other arm
        return f"M{a.left + a.width + 2:.0f} {a.top + a.height / 2:.0f}H{x:.0f}V{b.top + b.height + 6:.0f}"
    return f"M{x:.0f} {a.top:.0f}V{b.top + b.height + 6:.0f}"


def _arrow(way: str, colour: str, lit: bool, look: str = "") -> str:
    head = f"url(#head{colour[1:]})"
    return f'<path d="{way}" fill="none" stroke="{colour}" stroke-width="2.5" marker-end="{head}" {look} {_pale(lit)}/>'


def _text(text: str, x: float, y: float, colour: str, lit: bool = True, anchor: str = "start") -> str:
    place = f'x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}" style="font:15px sans-serif" {_pale(lit)}>{text}</text>'


def _block(block: Block, place: Place, lit: bool, some: bool) -> str:
    left, top, width, height, *_ = place
    colour, box = COLOURS[block.part], f'x="{left}" y="{top}" width="{width:.1f}" height="{height:.1f}"'
    if block.part == "decoder" and width < 6 * UNIT:
        title = _text(block.title, left + width + 8, top + height / 2 + 5, colour)
    elif top == TOPS[-1]:  # above is the arrow to the other arm
        title = _text(block.title, left, top + height + 18, colour)
    elif block.part == "hand":
        title = _text(block.title, left + width, top - 7, colour, anchor="end")
    else:
        title = _text(block.title, left + (0 if block.part == "photo" else 24), top - 7, colour)
    return (
        f'<g data-name="{block.name}" role="radio" aria-label="{block.title}" {_pale(lit)}>{title}'
        f'<image {box} preserveAspectRatio="none" href="{_address(block, place)}"/>'
        f'<rect {box} fill="transparent" stroke="{colour}" stroke-width="{5 if lit and some else 2}"/></g>'
    )


def _pale(lit: bool) -> str:
    return "" if lit else 'opacity="0.3"'


def listed(words: Sequence[str]) -> str:
    """Words as one says them: a, b and c."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


# The widget


def draw_block(photo: np.ndarray, block: Block) -> Drawing:
    """Draws what ``open_network`` shows below the U: one block's strongest maps, and what one value sees of the photo.

    Args:
        photo: uint8 (S, S, 3) RGB, as the network sees it.
        block: of ``travel``.
    """
    if block.part == "photo":
        text = f"{photo.shape[1]} x {photo.shape[0]} pixels, red, green and blue: {photo.size:,} values from 0 to 255."
        return Drawing([photo, *np.moveaxis(photo / 255, 2, 0)], ["photo", "red", "green", "blue"], text, text)
    if block.part == "hand":
        hand = block.values[..., 0]
        text = (
            f"From {block.parameters} parameters: for each pixel the probability that it is hand, {hand.size:,} values."
        )
        mask = (hand >= 0.5).astype(np.uint8)
        return Drawing([hand, plots.overlay(photo, mask)], ["probability of hand", "mask at 0.5"], text, text)
    drawing = draw_layer(photo, block.name, block.values, block.field)
    sizes = f"{block.values.size:,} values in all; {block.parameters:,} parameters make them from the block before."
    return replace(drawing, alt=f"{drawing.alt} {sizes}", text=f"{drawing.text}\n{sizes}")


def open_network(
    lit: str | Sequence[str] = PARTS, model: Predictor | keras.Model | None = None, image: np.ndarray | None = None
) -> View:
    """Shows the whole network, and opens the block that you click, or reach by Tab and the arrow keys.

    On a page that runs no widgets stands what ``draw_network`` draws. The arguments are its own.
    """
    lit = _parts(lit)
    blocks = travel(*_defaults(model, image))
    scene, named = _scene(blocks, lit), {block.name: block for block in blocks}
    first = next((block.name for block in blocks if block.part in lit), "photo")
    choice = Choice(drawing=scene.svg, value=first)
    view = View(lambda block: draw_block(blocks[0].values, named[block]), {"block": choice})
    view.still = scene
    return view
