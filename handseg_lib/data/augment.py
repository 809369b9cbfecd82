"""Augmentation: the same hand, seen a little differently. Photo and mask always move together.

One affine does all that moves, so a photo is interpolated once, and one table of 256 values a channel
does all that colours it. Masks move with nearest neighbour: a pixel is hand or it is not. And sometimes the
background takes the colour of the skin, for somebody will wear a salmon T-shirt.

All this stays in the laboratory in which the photos were taken. To leave it, the hand is cut out and put into
another room, in a light that falls unevenly, in front of a lens that is not sharp, at times without any colour.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from .gate import as_masks, as_photo

cv2.setNumThreads(0)  # the batches have workers of their own; OpenCV's threads would fight with them


@dataclass(frozen=True)
class Augmentation:
    """How far each transform may go; every amount is drawn evenly within its bounds.

    Attributes:
        rotate: degrees to either side.
        scale: smallest and largest zoom.
        shift: share of the side, in each direction.
        shear: horizontal shear, as a share of the height.
        flip: chance of a mirror image: a left hand becomes a right one.
        light: change of brightness, as a share of full white.
        contrast: change of contrast around mid-grey, as a share.
        gamma: change of gamma, as a share.
        tint: change of each colour channel's gain, as a share.
        disguise: chance that patches of the background take the colour of the skin.
        grey: chance that the colours go.
        room: chance that the hand is put into another room, where there are rooms to choose from.
        small: in a room, the smallest zoom: what stands in a room is further off.
        empty: chance that such a room stays without a hand.
        decoy: chance that things of skin stand in such a room that are no hand.
        shade: spread of the light's unevenness there, in powers of e; a shadow's edge may be soft or hard.
        blur: chance that such a photo is not sharp, or grainy.
    """

    rotate: float = 30.0
    scale: tuple[float, float] = (0.8, 1.25)
    shift: float = 0.1
    shear: float = 0.1
    flip: float = 0.5
    light: float = 0.05
    contrast: float = 0.12
    gamma: float = 0.12
    tint: float = 0.06
    disguise: float = 0.4
    grey: float = 0.0
    room: float = 0.6
    small: float = 0.45
    empty: float = 0.12
    decoy: float = 0.3
    shade: float = 0.5
    blur: float = 0.3


def augment(
    image: np.ndarray,
    mask: np.ndarray,
    rng: np.random.Generator,
    augmentation: Augmentation = Augmentation(),
    rooms: np.ndarray | None = None,
):
    """Draws one variation of a photo and its mask.

    Args:
        image: uint8 (H, W, 3) RGB.
        mask: uint8 (H, W) of {0, 1}.
        rng: where all chance comes from; the same generator state gives the same variation.
        augmentation: how far to go.
        rooms: uint8 (N, H, W, 3), photos without a hand for ``move_out``. None: the hand stays where it is.

    Returns:
        The new image and mask; shapes, dtypes and ranges as before.

    Raises:
        InputError: the photo or the mask is none, or they differ in size.
    """
    image = as_photo(image)
    (mask,) = as_masks(image, mask=mask)
    if rooms is not None and rng.random() < augmentation.room:
        image, mask = move_out(image, mask, rooms, rng, augmentation)
    else:
        image, mask = warp(image, mask, draw_affine(mask.shape, rng, augmentation))
    image = recolour(image, **draw_colours(rng, augmentation))
    if rng.random() < augmentation.disguise:
        image = disguise(image, mask, rng)
    return (grey(image) if rng.random() < augmentation.grey else image), mask


def draw_affine(
    shape: tuple[int, int], rng: np.random.Generator, augmentation: Augmentation = Augmentation()
) -> np.ndarray:
    """Draws a rotation, zoom, shear, shift and mirror about the middle, as one 2x3 matrix."""
    height, width = shape
    angle = np.deg2rad(rng.uniform(-augmentation.rotate, augmentation.rotate))
    scale, shear = rng.uniform(*augmentation.scale), rng.uniform(-augmentation.shear, augmentation.shear)
    shift = rng.uniform(-augmentation.shift, augmentation.shift, 2) * (width, height)
    mirror = -1.0 if rng.random() < augmentation.flip else 1.0
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = scale * rotation @ np.array([[1, shear], [0, 1]]) @ np.diag([mirror, 1])
    middle = np.array([width - 1, height - 1]) / 2
    return np.column_stack([linear, middle + shift - linear @ middle])


def warp(image: np.ndarray, mask: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Moves photo and mask by a 2x3 matrix (source to target pixels), at their size.

    What was outside the photo is filled by its mirror image in both, so the mask stays true.
    """
    size = mask.shape[1], mask.shape[0]
    image = cv2.warpAffine(image, affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return image, cv2.warpAffine(mask, affine, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)


def draw_colours(rng: np.random.Generator, augmentation: Augmentation = Augmentation()) -> dict:
    """Draws a change of gamma, contrast, brightness and tint, as arguments of ``recolour``."""
    return {
        "gamma": 1 + rng.uniform(-augmentation.gamma, augmentation.gamma),
        "contrast": 1 + rng.uniform(-augmentation.contrast, augmentation.contrast),
        "light": rng.uniform(-augmentation.light, augmentation.light),
        "tint": 1 + rng.uniform(-augmentation.tint, augmentation.tint, 3),
    }


def recolour(image: np.ndarray, gamma: float = 1, contrast: float = 1, light: float = 0, tint=(1, 1, 1)) -> np.ndarray:
    """Changes the colours of a uint8 (H, W, 3) photo, in this order, and cuts at black and white.

    Args:
        image: uint8 (H, W, 3) RGB.
        gamma: power of the levels 0-1; above 1 the shadows get deeper.
        contrast: factor around mid-grey.
        light: added, as a share of full white.
        tint: factor of red, green and blue.
    """
    levels = np.linspace(0, 1, 256)[:, None] ** gamma
    table = ((levels - 0.5) * contrast + 0.5 + light) * tint * 255
    return cv2.LUT(image, np.clip(np.rint(table), 0, 255).astype(np.uint8).reshape(1, 256, 3))


def move_out(
    image: np.ndarray, mask: np.ndarray, rooms: np.ndarray, rng: np.random.Generator, augmentation: Augmentation
):
    """Puts the hand into another room, into other light, and before another camera; or leaves the room empty.

    Args:
        image, mask, rng, augmentation, rooms: as for ``augment``.

    Returns:
        The new image and mask.
    """
    room = rooms[rng.integers(len(rooms))]
    room = warp(room, mask, draw_affine(mask.shape, rng, replace(augmentation, scale=(1.0, 1.6), rotate=10)))[0]
    if rng.random() < augmentation.decoy:
        room = put_decoys(room, image, mask, rng)
    if rng.random() < augmentation.empty:
        image, mask = room, np.zeros_like(mask)
    else:
        other = {name: 3 * getattr(augmentation, name) for name in ("light", "contrast", "gamma", "tint")}
        image = recolour(image, **draw_colours(rng, replace(augmentation, **other)))
        image, mask = cut_and_paste(image, mask, room, sleeve(rooms, rng), rng, augmentation)
    image = shade(image, rng, augmentation.shade)
    return (blur(image, rng) if rng.random() < augmentation.blur else image), mask


def cut_and_paste(image, mask, room, cloth, rng: np.random.Generator, augmentation: Augmentation):
    """Cuts the hand out and pastes it into the room, moved and often smaller.

    An arm that leaves the photo goes on outside it, as wide as at the photo's edge, in a sleeve.
    """
    size = mask.shape[::-1]
    affine = draw_affine(
        mask.shape, rng, replace(augmentation, scale=(augmentation.small, augmentation.scale[1]), shift=0.2)
    )
    image = cv2.warpAffine(image, affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    arm = cv2.warpAffine(mask, affine, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.warpAffine(mask, affine, size, flags=cv2.INTER_NEAREST)
    if (arm != mask).any():
        room = lay_over(room, cloth, arm)
    return lay_over(room, image, mask), mask


def sleeve(rooms: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cloth, as large as a room: a small piece of some room, enlarged, its colours faded at times."""
    height, width = rooms.shape[1:3]
    top, left = rng.integers(0, height - height // 4), rng.integers(0, width - width // 4)
    cloth = rooms[rng.integers(len(rooms)), top : top + height // 4, left : left + width // 4]
    cloth = cv2.resize(cloth, (width, height), interpolation=cv2.INTER_LINEAR)
    return grey(cloth) if rng.random() < 0.3 else cloth


def put_decoys(room: np.ndarray, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Puts faces without features and arms without hands into a room: round and long things of the hand's own skin."""
    bordered = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    _, reach, _, (x, y) = cv2.minMaxLoc(cv2.distanceTransform(bordered, cv2.DIST_L2, 3))
    x, y, reach = x - 1, y - 1, int(0.7 * reach)  # half the square in the largest circle that fits into the hand
    if reach < 3:
        return room
    size = np.array(mask.shape[::-1])
    skin = cv2.resize(image[y - reach : y + reach, x - reach : x + reach], mask.shape[::-1])
    skin = shade(skin, rng, 0.5)
    shapes = np.zeros_like(mask)
    for _ in range(rng.integers(1, 4)):
        long = rng.uniform(0.15, 0.8)
        box = rng.uniform(0, size), size * (long, long * rng.uniform(0.2, 0.8)), rng.uniform(0, 360)
        if rng.random() < 0.6:
            cv2.ellipse(shapes, box, 1, -1)
        else:
            ends = rng.uniform(-0.2, 1.2, (2, 2)) * size
            cv2.line(shapes, *ends.astype(int).tolist(), 1, max(2, int(size[0] * rng.uniform(0.03, 0.2))))
    return lay_over(room, skin, shapes)


def lay_over(room: np.ndarray, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The image where the mask is 1, the room where it is 0; the pixels along the outline are mixed, as in a lens."""
    share = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7)
    return cv2.blendLinear(image, room, share, 1 - share)


def shade(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Light that falls unevenly: hills of light and dark, and at times the edge of a shadow across it all."""
    hills = cv2.resize(
        rng.normal(0, strength, (3, 3)).astype(np.float32), image.shape[1::-1], interpolation=cv2.INTER_CUBIC
    )
    if rng.random() < 0.5:
        x, y = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in image.shape[1::-1]), sparse=True)
        angle, edge = rng.uniform(0, 2 * np.pi), rng.uniform(2, 40)
        across = (np.cos(angle) * x + np.sin(angle) * y - rng.normal(0, 0.4)) * edge
        hills += rng.uniform(0, 2.5) * strength * np.clip(across, -0.5, 0.5).astype(np.float32)
    factor = cv2.merge([cv2.exp(hills)] * 3)
    return cv2.multiply(image, factor, dtype=cv2.CV_8U)


def blur(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A lens that is not sharp, and then a sensor that is grainy."""
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.5))
    grain = rng.integers(-128, 128, image.shape, np.int8)
    return cv2.addWeighted(image, 1, grain, rng.uniform(0, 0.15), 0, dtype=cv2.CV_8U)


def grey(image: np.ndarray) -> np.ndarray:
    """The photo without its colours; still three channels."""
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def disguise(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gives patches of the background the colour of the skin, but not its texture and shape.

    A network that has seen few people takes skin-coloured clothes for hands. Here it learns to look twice.

    Args:
        image: uint8 (H, W, 3) RGB.
        mask: its mask, uint8 (H, W) of {0, 1}.
        rng: decides where the patches are, how light they are, and how close to the skin's colour they come.

    Returns:
        The new image; the hand in it is as before.

    Raises:
        InputError: the mask is none, or not of the photo's size.
    """
    (mask,) = as_masks(image, mask=mask)
    if not 0 < mask.mean() < 1:
        return image
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    # the means become the same, but for a little chance, and for the light: cloth may be darker than skin or not
    change = lab[mask == 1].mean(0) - lab[mask == 0].mean(0) + rng.normal(0, 8, 3)
    change *= (rng.uniform(0, 0.8), 1, 1)
    hills = cv2.resize(rng.normal(size=(4, 4)), mask.shape[::-1], interpolation=cv2.INTER_CUBIC)
    patches = ((hills > rng.uniform(-0.6, 0.4)) & (mask == 0)).astype(np.float32)
    patches = cv2.GaussianBlur(patches, (0, 0), 0.8)[..., None]  # soft edges: a cut with scissors would give it away
    moved = cv2.cvtColor(np.clip(lab + patches * change, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB)
    return np.where((patches > 0) & (mask == 0)[..., None], moved, image)


def resize(image: np.ndarray, mask: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Squashes a photo and its mask to size x size pixels: (size, size, 3) and (size, size)."""
    return resize_image(image, size), cv2.resize(mask, (size, size), interpolation=cv2.INTER_NEAREST_EXACT)


def resize_image(image: np.ndarray, size: int) -> np.ndarray:
    """Squashes a photo to size x size pixels. Averages areas when it shrinks, so that fine texture does not alias."""
    shrinks = min(image.shape[:2]) >= size
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
