"""Leaves drawn by code: a small data set of another kind, for the capstone.

A plant is to its leaves what a person is to their hands: it has a shape, a colour and a ground of its own, so a split
goes by plants.
"""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from platformdirs import user_cache_path

from .archives import MAKE_ROOM, made_whole
from .samples import Sample, pair

VERSION = 1  # part of the cache's name: raise it whenever a picture would come out different


def load(plants: int = 8, takes: int = 6, seed: int = 0, size: int = 160, cache: str | Path | None = None):
    """Lists drawn leaves as samples, with the plant in the place of the person; draws them first if need be.

    Args:
        plants: how many plants, each with a shape, a colour and a ground of its own.
        takes: photos of each.
        seed: other numbers give other plants.
        size: side of the photos in pixels.
        cache: folder to keep them in. None: ``handseg/leaves`` in the user's cache.

    Returns:
        ``plants * takes`` samples, sorted by file name.

    Raises:
        InputError: the cache cannot be written.
    """
    home = Path(cache) if cache else user_cache_path("handseg") / "leaves"
    folder = home / f"v{VERSION}-plants{plants}-takes{takes}-seed{seed}-size{size}"
    if not folder.is_dir():
        with made_whole(folder, MAKE_ROOM) as part:
            for plant in range(1, plants + 1):
                for take in range(1, takes + 1):
                    _save(part, f"plant{plant:02d}_{take}", *draw(plant, take, seed, size))
    return list_of(folder)


def list_of(folder: Path) -> list[Sample]:
    """The samples of a folder with the two folders ``photos`` and ``masks``, as `load` writes them."""
    return pair(folder / "photos", folder / "masks", person=r"plant(\d+)", gesture=lambda stem: "leaf", skin="white")


def _save(folder: Path, name: str, image: np.ndarray, mask: np.ndarray) -> None:
    for kind, picture in (("photos", image), ("masks", 255 * mask)):
        (folder / kind).mkdir(exist_ok=True)
        Image.fromarray(picture).save(folder / kind / f"{name}.png")


def draw(plant: int, take: int, seed: int = 0, size: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """Draws one photo of a leaf: uint8 (size, size, 3) RGB, and its mask, uint8 (size, size) of {0, 1}."""
    kind, rng = np.random.default_rng([seed, plant]), np.random.default_rng([seed, plant, take])
    outline, veins = _shape(kind)
    hue, ground = kind.uniform(12, 75), kind.uniform(0, 179)  # OpenCV's hues go from 0 to 179

    angle, length = rng.uniform(0, 2 * np.pi), size * rng.uniform(0.5, 0.85)
    turn = length * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = size * rng.uniform(0.42, 0.58, 2)

    def placed(points: np.ndarray) -> np.ndarray:
        return np.rint(points @ turn.T + middle).astype(np.int32)

    mask = cv2.fillPoly(np.zeros((size, size), np.uint8), [placed(outline)], 1)
    blades = np.zeros_like(mask)  # of grass, in the leaf's own colour: colour alone does not find the leaf
    for ends in rng.uniform(0, size, (5, 2, 2)).astype(int):
        cv2.line(blades, ends[0].tolist(), ends[1].tolist(), 1, int(rng.integers(2, 5)))
    leaf = _colour(rng, size, hue, 150, rng.uniform(110, 190))
    image = np.where(blades[..., None] == 1, leaf, _colour(rng, size, ground, 70, rng.uniform(90, 180)))
    shadow = cv2.GaussianBlur(np.roll(mask, (3, 3), (0, 1)).astype(np.float32), (0, 0), 2)
    image = np.where(mask[..., None] == 1, leaf, image * (1 - 0.4 * shadow[..., None])).astype(np.uint8)
    for vein in veins:
        cv2.polylines(image, [placed(vein)], False, (leaf[size // 2, size // 2] * 0.8).tolist(), 1, cv2.LINE_AA)
    return image, mask


def _shape(kind: np.random.Generator) -> tuple[np.ndarray, list[np.ndarray]]:
    """Outline and veins of a plant's leaves, of length 1, about the middle."""
    width, tip = kind.uniform(0.3, 0.6), kind.uniform(0.7, 1.5)
    teeth, depth = int(kind.integers(0, 12)), kind.uniform(0, 0.2)
    along = np.linspace(0, 1, 150)

    def half(t):
        return width / 2 * np.sin(np.pi * t**tip) * (1 - depth * (teeth * t % 1))

    upper = np.column_stack([along - 0.5, half(along)])
    roots = np.linspace(0.15, 0.75, 6)
    veins = [np.array([[-0.5, 0], [0.5, 0]])]
    veins += [np.array([[t - 0.5, 0], [t - 0.4, side * 0.7 * half(t + 0.1)]]) for t in roots for side in (1, -1)]
    return np.concatenate([upper, (upper * [1, -1])[::-1]]), veins


def _colour(rng: np.random.Generator, size: int, hue: float, saturation: float, value: float) -> np.ndarray:
    """A surface of one colour with spots of several sizes, uint8 (size, size, 3) RGB."""

    def spots(cells: int) -> np.ndarray:
        return cv2.resize(rng.standard_normal((cells, cells)), (size, size), interpolation=cv2.INTER_LINEAR)

    bright = value + 18 * spots(5) + 8 * spots(40)
    hsv = np.dstack([np.full_like(bright, hue) + 3 * spots(6), saturation + 15 * spots(8), bright])
    hsv = np.clip(hsv, 0, (179, 255, 255)).astype(np.uint8)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
