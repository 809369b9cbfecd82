"""Augmentation under sliders: photo and mask move together, and a mask stays a mask."""

import functools

import cv2
import numpy as np

from .. import plots
from ..data.augment import Augmentation, augment, draw_affine, resize
from ..data.gate import of_kind, whole
from ..data.samples import Sample
from .view import Drawing, View, button, slider, tick

SIZE = 224  # pixels at which the photo is shown, as the network sees it
ZOOM = 40  # pixels of the fingertip's enlargement

# Each transform's slider: where it starts, which is the course's recipe; its ends; its step. scale is the largest zoom.
COURSE = Augmentation()
SLIDERS = {
    "rotate": (COURSE.rotate, 0.0, 180.0, 5.0),
    "scale": (COURSE.scale[1], 1.0, 2.0, 0.05),
    "shift": (COURSE.shift, 0.0, 0.5, 0.05),
    "shear": (COURSE.shear, 0.0, 0.5, 0.05),
    "flip": (COURSE.flip, 0.0, 1.0, 0.1),
    "light": (COURSE.light, 0.0, 0.5, 0.05),
    "contrast": (COURSE.contrast, 0.0, 1.0, 0.05),
    "gamma": (COURSE.gamma, 0.0, 0.9, 0.05),
    "tint": (COURSE.tint, 0.0, 1.0, 0.05),
    "disguise": (COURSE.disguise, 0.0, 1.0, 0.1),
}


def bilinear_mask(mask: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Moves a mask as if it were a photo, which one should not: (H, W) float32, between 0 and 1 at its edge."""
    size = mask.shape[1], mask.shape[0]
    return cv2.warpAffine(
        mask.astype(np.float32), affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )


def draw_augmentation(
    image: np.ndarray,
    mask: np.ndarray,
    augmentation: Augmentation = Augmentation(),
    seed: int = 0,
    bilinear: bool = False,
) -> Drawing:
    """Draws what ``play_augmentation`` shows: a photo and one variation of it, masks outlined.

    Args:
        image: uint8 (H, W, 3) RGB.
        mask: uint8 (H, W) of {0, 1}.
        augmentation: how far each transform may go.
        seed: of the variation; with the same seed a wider one goes further the same way.
        bilinear: whether to add, enlarged, the mask's edge as nearest neighbour and as bilinear interpolation move it.
    """
    whole("seed", seed)
    new_image, new_mask = augment(image, mask, np.random.default_rng(seed), augmentation)
    pictures = [plots.overlay(image, mask), plots.overlay(new_image, new_mask)]
    titles = ["as it was", f"variation {seed}"]
    alt = f"A photo of a hand and its variation {seed}, each with its mask outlined."
    if bilinear:
        soft = bilinear_mask(mask, draw_affine(mask.shape, np.random.default_rng(seed), augmentation))
        between = (soft > 0) & (soft < 1)
        marked = np.repeat((255 * soft).astype(np.uint8)[..., None], 3, axis=2)
        marked[between] = np.array([230, 159, 0]) * (0.4 + 0.6 * soft[between, None])
        pictures += [enlarge(new_mask, new_mask), enlarge(marked, new_mask)]
        titles += ["nearest: 0 and 1 only", f"bilinear: {between.sum()} in between"]
        alt += (
            f" The mask's edge, enlarged: nearest neighbour keeps it at 0 and 1, "
            f"bilinear interpolation makes {between.sum()} pixels something in between, marked orange."
        )
    return Drawing(pictures, titles, alt)


def enlarge(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Cuts out the surroundings of the mask's topmost pixel, each pixel six times as wide and high."""
    tip = np.argwhere(mask)[0] if mask.any() else np.array(mask.shape) // 2
    top, left = np.clip(tip - ZOOM // 2, 0, np.maximum(0, np.array(mask.shape) - ZOOM))
    part = picture[top : top + ZOOM, left : left + ZOOM]
    return cv2.resize(part, None, fx=6, fy=6, interpolation=cv2.INTER_NEAREST)


def play_augmentation(sample: Sample) -> View:
    """Shows a photo and a variation of it, under a slider for each transform.

    "draw again" takes the next seed. While the seed stays, a slider moves its transform further and leaves the
    others alone.

    Args:
        sample: a photo and its mask.
    """
    of_kind("sample", sample, Sample, "Give one of a list of samples: samples[0].")
    small = functools.cache(lambda: resize(*sample.read(), SIZE))  # read by the view, which says what goes wrong
    seed = slider("variation", 0, 0, 99)

    def draw(scale: float, variation: int, bilinear: bool, **amounts: float) -> Drawing:
        augmentation = Augmentation(scale=(1 / scale, scale), **amounts)
        return draw_augmentation(*small(), augmentation, variation, bilinear)

    controls = {name: slider(name, *sizes) for name, sizes in SLIDERS.items()}
    controls |= {"variation": seed, "bilinear": tick("what bilinear does to a mask")}
    return View(draw, controls, [button("draw again", lambda: setattr(seed, "value", (seed.value + 1) % 100))])
