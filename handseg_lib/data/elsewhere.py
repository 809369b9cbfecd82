"""Elsewhere: the hand is cut out and put into another room, so that a network learns to leave the laboratory.

All that ``augment`` changes stays in the room in which the photos were taken. Here the hand comes into another one, in
a light that falls unevenly, before a lens that is not sharp, at times without any colour; and things stand beside it
that have its own skin and are no hand.
"""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from .augment import Augmentation, augment, disguise, draw_affine, draw_colours, recolour, warp
from .drawn_rooms import Scenes


@dataclass(frozen=True)
class Elsewhere:
    """An augmentation for ``Batches``: how often a hand leaves the laboratory, and how far it goes.

    Attributes:
        scenes: rooms and people to put hands before, of the photos' size, from ``drawn_rooms.scenes``.
        near: how far to go within the laboratory.
        room: chance that the hand is put into another room.
        small: in a room, the smallest zoom: what stands in a room is further off.
        empty: chance that such a room stays without a hand.
        person: chance that somebody stands there who has the hand's own skin.
        decoy: chance that things of skin stand in such a room that are no hand.
        shade: spread of the light's unevenness there, in powers of e; a shadow's edge may be soft or hard.
        blur: chance that such a photo is not sharp, or grainy.
        grey: chance that the colours go, in the laboratory as well.
    """

    scenes: Scenes = field(repr=False, compare=False)
    near: Augmentation = Augmentation()
    room: float = 0.5
    small: float = 0.45
    empty: float = 0.1
    person: float = 0.3
    decoy: float = 0.3
    shade: float = 0.5
    blur: float = 0.3
    grey: float = 0.2

    def __call__(self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator):
        """Draws one variation of a photo and its mask, in the laboratory or elsewhere.

        Args:
            image: uint8 (H, W, 3) RGB.
            mask: uint8 (H, W) of {0, 1}.
            rng: where all chance comes from; the same generator state gives the same variation.

        Returns:
            The new image and mask; shapes, dtypes and ranges as before.
        """
        if rng.random() < self.room:
            image, mask = move_out(image, mask, rng, self)
            image = recolour(image, **draw_colours(rng, self.near))
            image = disguise(image, mask, rng) if rng.random() < self.near.disguise else image
        else:
            image, mask = augment(image, mask, rng, self.near)
        return (grey(image) if rng.random() < self.grey else image), mask


def move_out(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator, how: Elsewhere):
    """Puts the hand into another room, into other light, and before another camera; or leaves the room empty."""
    rooms = how.scenes.rooms
    room = rooms[rng.integers(len(rooms))]
    room = warp(room, mask, draw_affine(mask.shape, rng, replace(how.near, scale=(1.0, 1.6), rotate=10)))[0]
    if rng.random() < how.person:
        room = put_person(room, how.scenes.people, image, mask, rng)
    if rng.random() < how.decoy:
        room = put_decoys(room, image, mask, rng)
    if rng.random() < how.empty:
        image, mask = room, np.zeros_like(mask)
    else:
        other = {name: 3 * getattr(how.near, name) for name in ("light", "contrast", "gamma", "tint")}
        image = recolour(image, **draw_colours(rng, replace(how.near, **other)))
        image, mask = cut_and_paste(image, mask, room, sleeve(rooms, rng), rng, how)
    image = shade(image, rng, how.shade)
    return (blur(image, rng) if rng.random() < how.blur else image), mask


def cut_and_paste(image, mask, room, cloth, rng: np.random.Generator, how: Elsewhere):
    """Cuts the hand out and pastes it into the room, moved and often smaller.

    An arm that leaves the photo goes on outside it, as wide as at the photo's edge, in a sleeve.
    """
    size = mask.shape[::-1]
    affine = draw_affine(mask.shape, rng, replace(how.near, scale=(how.small, how.near.scale[1]), shift=0.2))
    image = cv2.warpAffine(image, affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    arm = cv2.warpAffine(mask, affine, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.warpAffine(mask, affine, size, flags=cv2.INTER_NEAREST)
    if (arm != mask).any():
        room = lay_over(room, cloth, soften(arm))
    return lay_over(room, image, soften(mask)), mask


def sleeve(rooms: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cloth, as large as a room: a small piece of some room, enlarged, its colours faded at times."""
    height, width = rooms.shape[1:3]
    top, left = rng.integers(0, height - height // 4), rng.integers(0, width - width // 4)
    cloth = rooms[rng.integers(len(rooms)), top : top + height // 4, left : left + width // 4]
    cloth = cv2.resize(cloth, (width, height), interpolation=cv2.INTER_LINEAR)
    return grey(cloth) if rng.random() < 0.3 else cloth


def put_person(room: np.ndarray, people: np.ndarray, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator):
    """Puts a drawn person into a room who has the hand's own skin on the face, the neck and the arms."""
    skin = piece_of_skin(image, mask, rng)
    if skin is None:
        return room
    person, size = people[rng.integers(len(people))], mask.shape[::-1]
    affine = draw_affine(people.shape[1:3], rng, Augmentation(rotate=10))
    colours, shares = (cv2.warpAffine(person[..., part], affine, size) for part in (slice(0, 3), slice(3, 5)))
    skin = cv2.multiply(skin, colours, scale=1 / 128)
    return lay_over(room, lay_over(colours, skin, shares[..., 0] / 255), shares[..., 1] / 255)


def piece_of_skin(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """A picture full of the hand's skin: half of the square in the largest circle in the hand, enlarged or mirrored."""
    bordered = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    _, reach, _, (x, y) = cv2.minMaxLoc(cv2.distanceTransform(bordered, cv2.DIST_L2, 3))
    x, y, reach = x - 1, y - 1, int(0.7 * reach)
    if reach < 3:
        return None
    piece = image[y - reach : y + reach, x - reach : x + reach]
    zoom = np.exp(rng.uniform(0, np.log(max(mask.shape) / len(piece))))
    affine = np.float32([[zoom, 0, 0], [0, zoom, 0]])
    return cv2.warpAffine(piece, affine, mask.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def put_decoys(room: np.ndarray, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Puts round and long things into a room that have the hand's own skin and are no hand."""
    skin, size = piece_of_skin(image, mask, rng), np.array(mask.shape[::-1])
    if skin is None:
        return room
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
    return lay_over(room, skin, soften(shapes))


def lay_over(room: np.ndarray, image: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The image where its share, float32 (H, W), is 1, the room where it is 0."""
    share = np.float32(share)
    return cv2.blendLinear(image, room, share, 1 - share)


def soften(mask: np.ndarray) -> np.ndarray:
    """A mask whose outline is mixed with what is behind it, as in a lens."""
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7)


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
