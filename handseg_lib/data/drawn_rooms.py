"""Drawn rooms: what stands behind a hand in other places than a laboratory, and no hand in it.

Walls, desks, shelves, screens, boxes, flowers, and people, all without a hand: faces with hair and necks, shirts, and
bare arms that end in a pocket or outside the picture. Much of it has the colours of skin. ``augment`` puts hands
before them, and at times shows them as they are: then there is nothing to find.

A thing is a flat picture, put into the room by a perspective map, or a body of rounded limbs as in ``drawn``.
Colours are linear RGB until ``_photo`` takes the picture.
"""

import colorsys
from typing import NamedTuple

import cv2
import numpy as np

from .drawn import (
    ARM,
    CLOTH,
    HAND,
    MONK,
    NOTHING,
    THUMB,
    Camera,
    Canvas,
    Limb,
    _cloth_colour,
    _linear,
    _noise,
    _photo,
    _surface,
)

FACE, HAIR = HAND, THUMB  # a person has no hand here, and these parts are free
PLAIN = ("paint", "plaster", "wood", "wood", "cardboard", "tiles", "check", "stripes", "print")


class Scenes(NamedTuple):
    """Where ``elsewhere`` puts hands.

    Attributes:
        rooms: uint8 (N, size, size, 3), without a hand.
        people: uint8 (M, size, size, 5), as ``people`` draws them.
    """

    rooms: np.ndarray
    people: np.ndarray


def scenes(count: int, size: int = 224, seed: int = 0) -> Scenes:
    """So many rooms, and half as many people to stand in them."""
    return Scenes(rooms(count, size, seed), people((count + 1) // 2, size, seed))


def rooms(count: int, size: int = 224, seed: int = 0) -> np.ndarray:
    """Draws rooms without hands: uint8 (count, size, size, 3) RGB; the same arguments give the same rooms."""
    return np.stack([room(number, size, seed) for number in range(count)])


def room(number: int, size: int = 224, seed: int = 0) -> np.ndarray:
    """Draws one room without hands: uint8 (size, size, 3) RGB. The same arguments give the same picture.

    Args:
        number: 0 or more; another number is another room.
        size: side in pixels.
        seed: 0 or more; another seed is another set of rooms.
    """
    rng = np.random.default_rng([seed, number])
    scene = _wall(size, rng)
    if rng.random() < 0.6:  # a floor or a desk
        _put(scene, _flat(96, rng), _ground(size, rng), rng)
    for _ in range(rng.integers(2, 12)):
        _thing(scene, rng)
    scene = cv2.GaussianBlur(scene, (0, 0), rng.choice([0.4, 0.8, 2.0]) * size / 224)  # what is far is out of focus
    if rng.random() < 0.45:
        _put_person(scene, rng)
    for _ in range(rng.integers(0, 5)):
        _thing(scene, rng)
    tilt, x = rng.normal(0, 0.3, 2), np.linspace(-1, 1, size)
    scene *= np.float32(np.exp(tilt[0] * x[:, None] + tilt[1] * x))[..., None]
    return _photo(scene, np.ones(scene.shape[:2], bool), rng)


def _colour(rng) -> np.ndarray:
    """Half of all things are as brown, red, yellow or pale as skin."""
    if rng.random() < 0.5:
        return _linear(colorsys.hsv_to_rgb(rng.uniform(0.0, 0.12), rng.uniform(0.15, 0.8), rng.uniform(0.2, 0.95)))
    return _linear(colorsys.hsv_to_rgb(rng.random(), rng.uniform(0, 0.7) ** 1.5, rng.uniform(0.03, 0.95)))


def _flat(side: int, rng) -> np.ndarray:
    """A piece of some surface (side x side x 3)."""
    first, second = _colour(rng), _colour(rng)
    second = first + rng.uniform(0.2, 1) * (second - first)  # often not far from each other
    return np.float32(_surface(rng.choice(PLAIN), first, second, (side, side), side * rng.uniform(0.1, 0.6), rng))


def _wall(size: int, rng) -> np.ndarray:
    return _flat(size, rng)


# Flat things


def _thing(scene: np.ndarray, rng) -> None:
    """Puts one thing somewhere into the scene."""
    kind = rng.choice(["panel", "panel", "box", "shelf", "screen", "keys", "flower", "blob", "bottle", "lines"])
    if kind == "flower":
        return _put_flower(scene, rng)
    if kind == "blob":
        return _put_blob(scene, rng)
    if kind == "lines":
        return _put_lines(scene, rng)
    picture = {"shelf": _shelf, "screen": _screen, "keys": _keys, "bottle": _bottle}.get(kind, _panel)(rng)
    _put(scene, picture, _corners(len(scene), picture.shape[1] / picture.shape[0], rng), rng)


def _panel(rng) -> np.ndarray:
    """A door, a box, a table top, a poster: one surface, with panels or a frame on it."""
    picture = _flat(64, rng)
    for _ in range(rng.integers(0, 4)):
        low, high = np.sort(rng.integers(0, 64, (2, 2)), 0).tolist()
        cv2.rectangle(picture, low, high, (_colour(rng) * rng.uniform(0.3, 1)).tolist(), int(rng.choice([-1, 1, 2])))
    return picture


def _shelf(rng) -> np.ndarray:
    """Rows of books and files between boards."""
    picture = np.zeros((96, 96, 3), np.float32) + _colour(rng)
    rows = rng.integers(1, 5)
    for row in range(rows):
        low, high = 96 * row // rows + 2, 96 * (row + 1) // rows - 2
        cv2.rectangle(picture, (2, low), (93, high), (_colour(rng) * 0.15).tolist(), -1)
        x = 2
        while x < 90:
            wide = int(rng.integers(2, 14))
            if rng.random() < 0.85:
                top = int(low + rng.integers(0, max(1, (high - low) // 3)))
                cv2.rectangle(picture, (x, top), (min(x + wide - 1, 93), high), _colour(rng).tolist(), -1)
            x += wide
    return picture


def _screen(rng) -> np.ndarray:
    """A monitor, dark or with windows and lines of text on it."""
    picture = np.zeros((64, 96, 3), np.float32) + np.float32(rng.uniform(0.005, 0.05))
    paper = float(rng.choice([0.01, 0.1, 0.8]))
    cv2.rectangle(picture, (4, 4), (91, 59), (paper * rng.uniform(0.8, 1, 3)).tolist(), -1)
    for y in range(8, 58, int(rng.integers(3, 6))):
        if rng.random() < 0.7:
            end = int(rng.integers(12, 90))
            cv2.line(picture, (8, y), (end, y), (abs(paper - 0.6) * rng.uniform(0.5, 1, 3)).tolist(), 1)
    if rng.random() < 0.5:
        low = rng.integers(4, 50, 2)
        cv2.rectangle(picture, low.tolist(), (low + rng.integers(8, 40, 2)).tolist(), _colour(rng).tolist(), -1)
    return picture


def _keys(rng) -> np.ndarray:
    """A keyboard, bricks, a blind: the same small thing again and again."""
    picture = np.zeros((64, 128, 3), np.float32) + _colour(rng)
    high, wide = rng.integers(4, 16), rng.integers(4, 40)
    colour = _colour(rng)
    for row, y in enumerate(range(0, 64, int(high))):
        for x in range(int(-wide * (row % 2) / 2), 128, int(wide)):
            shade = (colour * rng.uniform(0.75, 1.1)).tolist()
            cv2.rectangle(picture, (x, y), (int(x + wide - 2), int(y + high - 2)), shade, -1)
    return picture


def _bottle(rng) -> np.ndarray:
    """A bottle, a mug, a table leg: darker to both sides, and bands across."""
    picture = _flat(48, rng)[:, : int(rng.integers(10, 40))]
    for _ in range(rng.integers(0, 4)):
        low, high = np.sort(rng.integers(0, 48, 2))
        picture[low:high] = _colour(rng)
    x = np.linspace(-1, 1, picture.shape[1], dtype=np.float32) - np.float32(rng.uniform(-0.4, 0.4))
    return picture * np.sqrt(np.clip(1 - 0.6 * x**2, 0.05, 1))[:, None]


def _ground(size: int, rng) -> np.ndarray:
    left, right = size * rng.uniform(0.3, 0.9, 2)
    return np.float32([(0, left), (size, right), (size * 1.6, size * 1.2), (-size * 0.6, size * 1.2)])


def _corners(size: int, ratio: float, rng) -> np.ndarray:
    """Where the corners of a thing go: anywhere, turned a little, seen from aside."""
    high = size * np.exp(rng.uniform(np.log(0.08), np.log(0.9)))
    wide = high * ratio * np.exp(rng.normal(0, 0.3))
    corners = np.float32([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * np.float32([wide, high]) / 2
    angle = rng.normal(0, 0.2) + (rng.random() < 0.2) * rng.uniform(-1.5, 1.5)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = corners @ turn.T * (1 + rng.normal(0, 0.12, (4, 1))) + rng.uniform(-0.05, 1.05, 2) * size
    return np.float32(corners)


def _put(scene: np.ndarray, picture: np.ndarray, corners: np.ndarray, rng) -> None:
    """Puts a flat picture into the scene, with a shadow about it."""
    high, wide = picture.shape[:2]
    flat = np.float32([(0, 0), (wide, 0), (wide, high), (0, high)])
    move, size = cv2.getPerspectiveTransform(flat, corners), scene.shape[1::-1]
    inside = cv2.warpPerspective(np.ones((high, wide), np.float32), move, size, flags=cv2.INTER_LINEAR)[..., None]
    turned = cv2.warpPerspective(picture, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    soft = size[0] * rng.uniform(0.005, 0.04)
    shadow = cv2.GaussianBlur(np.roll(inside, (rng.normal(0, soft, 2)).astype(int), (0, 1)), (0, 0), soft)[..., None]
    scene *= 1 - np.float32(rng.uniform(0, 0.7)) * shadow
    scene += inside * (turned * np.float32(np.exp(rng.normal(0, 0.3))) - scene)


# Round things


def _put_flower(scene: np.ndarray, rng) -> None:
    """Petals about a middle, in one ring or in many, or leaves on a stem."""
    size = len(scene)
    middle, long = rng.uniform(0, size, 2), size * np.exp(rng.uniform(np.log(0.04), np.log(0.45)))
    count, wide, rings = rng.integers(3, 16), rng.uniform(0.15, 0.5), int(rng.choice([1, 1, 2, 5, 8]))
    first, second = _colour(rng), _colour(rng)
    for ring in np.linspace(1, 0.15, rings):  # from outside to inside
        start = rng.uniform(0, 6.3)
        petals = count if rings < 5 else int(8 + 14 * ring)
        for angle in start + np.arange(petals) * 2 * np.pi / petals + rng.normal(0, 0.15 / rings, petals):
            length, along = long * ring * rng.uniform(0.85, 1.1), np.array([np.cos(angle), np.sin(angle)])
            short = length if rings < 5 else long * (0.1 + 0.2 * ring)  # only the tips of the outer ones are seen
            broad = length * wide if rings < 5 else short * 0.75
            for share, shade in ((1, 0.7), (0.85, 0.95), (0.5, 1.15)):  # lighter along the middle
                colour = (first + (0.15 * rng.random() + 0.4 * (1 - ring)) * (second - first)) * shade
                box = (
                    (middle + along * (length - short / 2)).tolist(),
                    (short * share, broad * share),
                    np.degrees(angle),
                )
                cv2.ellipse(scene, box, colour.tolist(), -1, cv2.LINE_AA)
    cv2.circle(scene, middle.astype(int).tolist(), int(long * rng.uniform(0.05, 0.3) / rings), second.tolist(), -1)


def _put_blob(scene: np.ndarray, rng) -> None:
    """A cushion, a chair's back, an apple, a bag: a rounded thing, lit from one side."""
    size = len(scene)
    inside = np.zeros(scene.shape[:2], np.float32)
    box = rng.uniform(0, size, 2).tolist(), (size * rng.uniform(0.05, 0.6, 2)).tolist(), rng.uniform(0, 180)
    cv2.ellipse(inside, box, 1.0, -1, cv2.LINE_AA)
    round_ = cv2.GaussianBlur(inside, (0, 0), max(1, min(box[1]) / 5))
    slope = np.stack(np.gradient(round_), -1) @ rng.normal(0, 1, 2) * min(box[1])
    colour, grain = _colour(rng), 1 + rng.uniform(0, 0.15) * _noise(scene.shape[:2], rng.uniform(2, 40), rng)
    lit = colour * (np.clip(0.75 + 0.25 * round_ + 0.5 * slope, 0.1, 1.6) * grain)[..., None]
    scene += inside[..., None] * (np.float32(lit) - scene)


def _put_lines(scene: np.ndarray, rng) -> None:
    """Cables, bars, edges, and fingers of no hand: long thin things."""
    size = len(scene)
    for _ in range(rng.integers(1, 6)):
        points = np.cumsum(rng.normal(0, size * 0.25, (4, 2)), 0) + rng.uniform(0, size, 2)
        if rng.random() < 0.5:
            points = points[:2]
        thick = max(1, int(size * np.exp(rng.uniform(np.log(0.004), np.log(0.06)))))
        colour = _colour(rng)
        cv2.polylines(scene, [points.astype(np.int32)], False, (colour * 0.7).tolist(), thick, cv2.LINE_AA)
        cv2.polylines(scene, [points.astype(np.int32)], False, colour.tolist(), max(1, thick // 2), cv2.LINE_AA)


# People


def people(count: int, size: int = 224, seed: int = 0) -> np.ndarray:
    """Draws people without hands who have no skin of their own yet: uint8 (count, size, size, 5).

    Red, green and blue, then how much of a pixel is skin, then how much of it is the person, 0 to 255. Where there is
    skin, the colours are its shading: 128 leaves the skin that is put there as it is.
    """
    return np.stack([_person(size, np.random.default_rng([seed, 1, number])) for number in range(count)])


def _person(size: int, rng) -> np.ndarray:
    lit, skin, solid = _draw_person(size, np.float32([0.2, 0.2, 0.2]), rng)
    picture = 255 * np.clip(lit, 0, 1) ** (1 / 2.2)
    return np.uint8(np.dstack([picture, 255 * skin, 255 * solid]))


def _put_person(scene: np.ndarray, rng) -> None:
    """Somebody who stands behind."""
    tone = _linear(str(rng.choice(MONK)))
    tone = tone * np.float32([1, rng.uniform(0.58, 0.8), rng.uniform(0.5, 0.75)]) ** np.sqrt(tone[0])
    lit, _, solid = _draw_person(len(scene), tone, rng)
    scene += solid[..., None] * (lit * np.float32(rng.uniform(0.5, 1.3)) - scene)


def _draw_person(size: int, tone: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Head, neck, shirt, and arms that end in a pocket or outside the picture.

    Returns:
        The colours in the light, how much of each pixel is skin, and how much of it is the person.
    """
    head = size * np.exp(rng.uniform(np.log(0.12), np.log(0.8)))  # its height in pixels
    camera = Camera(float(head), np.array([rng.uniform(0.1, 0.9) * size, rng.uniform(-0.15, 0.6) * size]))
    canvas = Canvas(size, size)
    bare = rng.choice([0.0, 0.35, 0.5, 1.0], p=[0.2, 0.35, 0.35, 0.1])  # where the sleeve ends, as a share of 2 - bare
    for limb in _body(bare, rng):
        canvas.add(limb, camera)
    frame = canvas.part.shape
    cloth = _surface(rng.choice(PLAIN), _cloth_colour(rng), _cloth_colour(rng), frame, head * rng.uniform(0.3, 1), rng)
    cloth = cloth * np.clip(1 + 0.15 * _noise(frame, head * rng.uniform(0.2, 0.8), rng, 2), 0.5, 1.3)[..., None]
    blush = 1 + np.float32([0.04, 0.07, 0.07]) * _noise(frame, head * 0.3, rng, 2)[..., None]
    hair = _linear(colorsys.hsv_to_rgb(rng.uniform(0.03, 0.12), rng.uniform(0, 0.7), rng.uniform(0.03, 0.6)))
    hair = _colour(rng) if rng.random() < 0.2 else hair  # a cap
    hair = hair * np.clip(1 + 0.35 * _noise(frame, (head * 0.4, 2), rng, 2), 0.2, 2)[..., None]
    colours = np.where((canvas.part == CLOTH)[..., None], cloth, tone * blush)
    colours = np.where((canvas.part == HAIR)[..., None], hair, colours)
    _paint_face(colours, canvas, camera, rng)
    light = np.float32([*rng.uniform((-1, -1), (1, 0.2)), 1])
    ambient = np.float32(rng.uniform(0.2, 0.6))
    lit = ambient + (1 - ambient) * np.clip(canvas.normal @ (light / np.linalg.norm(light)), 0, 1)[..., None]
    skin, solid = (canvas.part == FACE) | (canvas.part == ARM), canvas.part > NOTHING
    soft = [cv2.GaussianBlur(np.float32(part), (0, 0), 0.6) for part in (skin, solid)]
    return np.float32(colours * lit), *soft


def _body(sleeve: float, rng) -> list[Limb]:
    """Limbs, in heads; the middle of the head is at (0, 0), down is -y. ``sleeve``: share of the arm that is bare."""
    at, wide = np.float32, rng.uniform(0.75, 1.0)
    turn = rng.normal(0, 0.1)
    limbs = [
        Limb(at([0, -1.6, -0.2]), at([0, -4.5, -0.2]), (wide, wide * 0.9), CLOTH),
        Limb(at([-wide + 0.2, -1.2, -0.1]), at([wide - 0.2, -1.2, -0.1]), (0.32, 0.32), CLOTH),
        Limb(at([turn, -0.4, 0]), at([0, -1.0, 0.05]), (0.27, 0.33), ARM),
        Limb(at([turn, 0.15, 0.1]), at([turn, -0.22, 0.2]), (0.38, 0.27), FACE),
    ]
    if rng.random() < 0.85:
        limbs.append(Limb(at([turn - 0.1, 0.3, -0.1]), at([turn + 0.1, 0.3, -0.1]), (0.36, 0.36), HAIR))
    if rng.random() < 0.2:  # a hat's brim
        limbs.append(Limb(at([turn - 0.4, 0.28, 0.15]), at([turn + 0.4, 0.28, 0.15]), (0.12, 0.12), HAIR))
    for side in (-1, 1):  # ears
        limbs.append(Limb(at([turn + side * 0.37, 0.03, 0]), at([turn + side * 0.36, -0.1, 0]), (0.07, 0.04), ARM))
    if rng.random() < 0.35:  # long hair
        for side in (-1, 1):
            end = at([side * rng.uniform(0.35, 0.55), rng.uniform(-1.5, -0.3), -0.1])
            limbs.append(Limb(at([side * 0.3 + turn, 0.25, -0.1]), end, (0.2, 0.17), HAIR))
    for side in (-1, 1):
        shoulder = at([side * wide, -1.3, 0])
        elbow = shoulder + at([side * rng.uniform(0, 0.5), -1.4, rng.uniform(0, 0.3)])
        inward = rng.uniform(-1.2, 0.4) if rng.random() < 0.5 else rng.normal(0, 0.15)
        wrist = elbow + 1.25 * at([side * np.sin(inward), -np.cos(inward), 0.1])
        middle = shoulder + (elbow - shoulder) * at(rng.uniform(0.4, 0.9))
        limbs.append(Limb(shoulder, elbow, (0.27, 0.2), ARM if sleeve else CLOTH))
        limbs.append(Limb(elbow, wrist, (0.2, 0.13), ARM if sleeve else CLOTH))
        if sleeve < 1:
            limbs.append(Limb(shoulder, middle, (0.34, 0.31), CLOTH))
        limbs.append(Limb(wrist, wrist + at([0, -0.6, 0.1]), (0.3, 0.35), CLOTH))  # in a pocket
    return limbs


def _paint_face(colours: np.ndarray, canvas: Canvas, camera: Camera, rng) -> None:
    """Eyes, brows, nose and mouth, or none from behind."""
    if rng.random() < 0.08:
        return
    face, head = (canvas.part == FACE)[..., None], camera.scale
    marks, centre = np.ones_like(colours, dtype=np.float32), camera.centre + [rng.normal(0, 0.06) * head, 0]

    def mark(x, y, wide, high, colour, lean=0.0):
        box = (centre + np.array([x, -y]) * head).tolist(), (max(1.0, wide * head), max(1.0, high * head)), lean
        cv2.ellipse(marks, box, colour, -1, cv2.LINE_AA)

    older, glasses = rng.random() < 0.4, rng.random() < 0.3
    for side in (-1, 1):
        mark(0.16 * side, 0.02, 0.24, 0.15, (0.7, 0.65, 0.65))
        mark(0.16 * side, 0.01, 0.17, 0.08, (1.2, 1.3, 1.4))
        mark(0.16 * side, 0.01, 0.08, 0.08, (0.1, 0.1, 0.12))
        mark(0.16 * side, 0.13, 0.22, 0.045, (0.25, 0.2, 0.2), 6 * side)
        if older:
            mark(0.18 * side, -0.2, 0.02, 0.18, (0.6, 0.5, 0.5), 25 * side)
            mark(0.16 * side, -0.06, 0.16, 0.02, (0.7, 0.6, 0.6))
    if older:
        for y in np.arange(rng.integers(2, 5)) * 0.05 + 0.2:
            mark(0, y, 0.5, 0.015, (0.75, 0.65, 0.65))
    mark(0.04, -0.1, 0.08, 0.16, (0.8, 0.7, 0.7))
    mark(-0.02, -0.08, 0.05, 0.18, (1.2, 1.2, 1.2))
    mark(0, -0.14, 0.16, 0.05, (0.55, 0.45, 0.45))
    mark(0, -0.28, rng.uniform(0.2, 0.3), rng.uniform(0.04, 0.1), (0.65, 0.3, 0.3))
    mark(0, -0.28, 0.22, 0.012, (0.3, 0.15, 0.15))
    if rng.random() < 0.2:  # a beard
        mark(0, -0.38, 0.5, 0.25, (0.4, 0.38, 0.38))
    if glasses:
        thick, frame = max(1, round(0.03 * head)), rng.uniform(0.05, 0.5, 3).tolist()
        for side in (-1, 1):
            box = (centre + np.array([0.17 * side, -0.01]) * head).tolist(), (0.26 * head, 0.2 * head), 0
            cv2.ellipse(marks, box, frame, thick, cv2.LINE_AA)
    marks = cv2.GaussianBlur(marks, (0, 0), 0.015 * head + 0.2)
    colours *= np.where(face, marks, 1)
