"""Augmentation: the same hand, seen a little differently. Photo and mask always move together.

One affine does all that moves, so a photo is interpolated once, and one table of 256 values a channel
does all that colours it. Masks move with nearest neighbour: a pixel is hand or it is not. And sometimes the
background takes the colour of the skin, for somebody will wear a salmon T-shirt.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .gate import InputError, as_masks, as_photo, number, of_kind

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

    def __post_init__(self):
        ends = {"rotate": 360, "shear": 10} | dict.fromkeys(("shift", "flip", "light", "contrast"), 1)
        for name, most in (ends | dict.fromkeys(("gamma", "tint", "disguise"), 1)).items():
            number(name, getattr(self, name), 0, most, such_as=getattr(Augmentation, name))
        zooms = of_kind("scale", self.scale, (tuple, list), "Give the smallest and the largest zoom: (0.8, 1.25).")
        if len(zooms) != 2 or not 0 < number("scale", zooms[0], 0, 100, 0.8) <= number("scale", zooms[1], 0, 100, 1.25):
            raise InputError(f"scale={zooms}: give the smallest and the largest zoom, such as (0.8, 1.25).")

    def __call__(self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draws one variation of a photo and its mask, as ``augment`` does."""
        return augment(image, mask, rng, self)


def augment(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator, augmentation: Augmentation = Augmentation()):
    """Draws one variation of a photo and its mask.

    Args:
        image: uint8 (H, W, 3) RGB.
        mask: uint8 (H, W) of {0, 1}.
        rng: where all chance comes from; the same generator state gives the same variation.
        augmentation: how far to go.

    Returns:
        The new image and mask; shapes, dtypes and ranges as before.

    Raises:
        InputError: the photo or the mask is none, or they differ in size.
    """
    image = as_photo(image)
    (mask,) = as_masks(image, mask=mask)
    of_kind("rng", rng, np.random.Generator, "Give np.random.default_rng(seed).")
    of_kind("augmentation", augmentation, Augmentation, "Give hs.augment.Augmentation(...).")
    image, mask = warp(image, mask, draw_affine(mask.shape, rng, augmentation))
    image = recolour(image, **draw_colours(rng, augmentation))
    return (disguise(image, mask, rng) if rng.random() < augmentation.disguise else image), mask


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
