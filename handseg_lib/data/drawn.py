"""Drawn hands: photos of hands that were never taken, with exact skin masks.

A stand-in for HGR1 where there is no network: same folders, same file names, same 1-bit masks. A hand is
a skeleton of joints inside rounded limbs; the limbs are lit, put before a wall or a shirt, and seen through
a camera that blurs, tints and adds noise.

Lengths are in palms (wrist to middle knuckle, about 10 cm) until `_place` turns them into pixels. A hand is
built with its thumb to +x, its fingers to +y and its palm to +z, towards the camera.
"""

import colorsys
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from PIL import Image
from platformdirs import user_cache_path
from tqdm import tqdm

from . import hgr1
from .archives import MAKE_ROOM, made_whole
from .gate import InputError, as_path, one_of, whole
from .samples import Sample

RENDERER_VERSION = 2  # part of the cache's name: raise it whenever a picture would come out different


@dataclass(frozen=True)
class Shape:
    """A hand shape, as data."""

    bends: str  # index, middle, ring, little: a letter of BENDS each
    spread: float  # degrees between neighbouring fingers
    thumb: str  # a name in THUMBS
    seen: str = "palm"  # the side that faces the camera: palm, back or edge
    points: str = "up"  # where the fingers point: up, side or down


# How far knuckle, middle and end joint bend, in degrees.
BENDS = {
    "s": (4, 6, 4),  # straight
    "c": (38, 42, 25),  # curved, as around a cup
    "h": (12, 82, 50),  # hooked
    "b": (62, 14, 8),  # bent at the knuckle, as a beak
    "f": (82, 102, 62),  # in the fist
}
# Where the thumb's tip goes.
THUMBS = {
    "up": (0.62, 1.18, 0.10),
    "out": (1.08, 0.78, 0.12),
    "along": (0.47, 0.96, 0.16),
    "across": (0.02, 0.62, 0.48),
    "cup": (0.62, 0.80, 0.62),
    "index": None,  # meets the tip of the index finger
}
SHAPES = {
    "1": Shape("ffff", 2, "out", "back", "side"),
    "2": Shape("sfff", 4, "out", "back", "side"),
    "3": Shape("ssff", 13, "out", "back", "side"),
    "4": Shape("ssss", 10, "across", "back", "side"),
    "5": Shape("ssss", 13, "out", "back", "side"),
    "A": Shape("ffff", 1, "along"),
    "B": Shape("ssss", 0, "along"),
    "C": Shape("cccc", 1, "cup", "edge"),
    "E": Shape("bbbb", -2, "index", "edge", "side"),
    "H": Shape("hhff", 6, "across"),
    "I": Shape("fffs", 3, "out"),
    "L": Shape("sfff", 4, "out"),
    "O": Shape("csss", 9, "index"),
    "U": Shape("ssff", 9, "across", "back", "down"),
    "W": Shape("sssf", 11, "across"),
    "Y": Shape("sffs", 5, "across"),
}
GESTURES: tuple[str, ...] = tuple(SHAPES)

KNUCKLES = np.float32([(0.35, 0.95, 0.0), (0.12, 1.0, -0.04), (-0.12, 0.96, -0.03), (-0.34, 0.85, 0.02)])
FINGER_LENGTHS = np.float32([0.88, 0.98, 0.91, 0.71])
FINGER_RADII = np.float32([0.125, 0.11, 0.098, 0.082])  # at knuckle, middle joint, end joint, tip
FINGER_GIRTHS = np.float32([1.0, 1.02, 0.97, 0.86])
THUMB_BASE = np.float32([0.26, 0.22, 0.08])
THUMB_RADII = np.float32([0.19, 0.155, 0.12, 0.095])
PALM_LINES = (  # heart, head and life line
    ((-0.46, 0.62), (-0.20, 0.63), (0.04, 0.71), (0.20, 0.88)),
    ((0.46, 0.68), (0.22, 0.60), (-0.02, 0.50), (-0.30, 0.36)),
    ((0.46, 0.66), (0.24, 0.52), (0.12, 0.32), (0.12, 0.08)),
)
PALM = (  # limbs of the palm: start, end, their two radii
    ((0.19, 0.04, 0.00), (0.34, 0.92, 0.00), 0.20, 0.15),
    ((0.07, 0.02, -0.02), (0.12, 0.97, -0.04), 0.21, 0.15),
    ((-0.07, 0.02, -0.02), (-0.12, 0.93, -0.03), 0.21, 0.15),
    ((-0.19, 0.04, 0.00), (-0.33, 0.82, 0.02), 0.19, 0.14),
    ((0.20, 0.12, 0.06), (0.40, 0.50, 0.10), 0.20, 0.15),  # ball of the thumb
    ((-0.20, 0.14, 0.06), (-0.28, 0.60, 0.06), 0.18, 0.15),  # ball of the hand
)
SLEEVES = ((0.1, 0.6), (0.9, 2.0), (2.9, 4.0), (9.0, 9.1))  # palms of bare arm: long, rolled up, short, none
# Wrist, thick of the forearm, elbow, shoulder: how far along the arm, and how thick.
ARM_LENGTHS = (0.0, 1.3, 2.6, 5.2)
ARM_RADII = (0.28, 0.40, 0.40, 0.55)
MONK = ("f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420")
WALLS = ("paint", "paint", "paint", "plaster", "wood", "cardboard", "tiles", "clutter")
CLOTHS = ("plain",) * 6 + ("check", "check", "stripes", "print")
GRAIN = {"plaster": 0.1, "wood": 0.06, "plain": 0.07, "print": 0.06}
PALM_TONE, NAIL_TONE = np.float32([0.30, 0.15, 0.10]), np.float32([0.30, 0.24, 0.22])

NOTHING, CLOTH, ARM, HAND, THUMB = range(5)  # what a pixel shows; the fingers follow the thumb
FILLETS = {CLOTH: 0.06, ARM: 0.12, HAND: 0.12, THUMB: 0.09}  # how softly a limb grows out of what is there
NOWHERE = -1e4  # height of a pixel that shows no limb


def render(person: int, gesture: str, take: int, seed: int = 0, size: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Renders one drawn hand. The same arguments give the same picture, whatever was rendered before.

    Args:
        person: number of the person, 0 or more; sets proportions, skin, clothes, wall and light.
        gesture: one of `GESTURES`.
        take: number of the picture, 0 or more; varies pose, view, framing and exposure.
        seed: 0 or more; another seed is another set of people.
        size: longest side in pixels.

    Returns:
        Image (uint8, H x W x 3, RGB) and mask (uint8, H x W, 1 on skin of hand and bare forearm, else 0).

    Raises:
        InputError: no such gesture, or a number that cannot be used.
    """
    one_of("gesture", gesture, GESTURES)
    whole("person", person), whole("take", take)
    _check(seed, size)
    who = _person(person, seed)
    rng = np.random.default_rng([seed, person, ord(gesture), take])
    shape = SHAPES[gesture]
    turn = _turn(shape, who, rng)
    digits = _digits(shape, who, turn, rng)
    limbs = _palm(who, turn) + _arm(who, turn, rng) + [limb for digit in digits for limb in digit.limbs()]
    canvas = Canvas(*_frame(shape, size, rng))
    camera = _camera(digits, canvas.part.shape, size, rng)
    for limb in limbs:
        canvas.add(limb, camera)
    light = np.float32(who.light + rng.normal(0, 0.08, 3))
    light /= np.linalg.norm(light)
    scene = _background(canvas, who, shape, light, camera.scale, rng)
    solid = _foreground(canvas, who, _colours(canvas, who, digits, turn, camera, rng), light, camera.scale, rng)
    scene = np.where(canvas.part[..., None] > NOTHING, solid, scene)
    skin = canvas.part >= ARM
    return _photo(scene, skin, rng), skin.astype(np.uint8)


def write(folder: str | Path, persons: int = 12, gestures=GESTURES, takes: int = 2, seed: int = 0, size: int = 256):
    """Writes drawn hands in the layout of HGR1, so that whatever loads one loads the other.

    Masks are 1-bit BMP with black on skin, as in HGR1.

    Args:
        folder: where ``original_images`` and ``skin_masks`` go; made if it is not there.
        persons: how many people; they are numbered from 1.
        gestures: which of `GESTURES`.
        takes: pictures of each gesture of each person; they are numbered from 1.
        seed: 0 or more; another seed is another set of people.
        size: longest side in pixels.

    Raises:
        InputError: one of its files is there already, and might be of a real hand; or an argument cannot be used.
    """
    _check(seed, size)
    as_path("folder", folder)
    keys = _keys(persons, gestures, takes)
    if there := [file for key in keys for file in _files(folder, key) if file.exists()]:
        raise InputError(f"{there[0]}: there is such a file already. Give a folder of their own to the drawn hands.")
    _draw(folder, keys, seed, size)


def _keys(persons: int, gestures, takes: int) -> list[tuple[int, str, int]]:
    """What tells the pictures of a data set apart: person, gesture, take."""
    whole("persons", persons, 1, 999, such_as=12), whole("takes", takes, 1, 999, such_as=2)
    return [(p, g, t) for p in range(1, persons + 1) for g in gestures for t in range(1, takes + 1)]


def _check(seed: int, size: int) -> None:
    whole("seed", seed), whole("size", size, 16, 2048, such_as=256)


def _files(folder: str | Path, key: tuple[int, str, int]) -> tuple[Path, Path]:
    """Photo and mask of a key."""
    person, gesture, take = key
    name = f"{gesture}_P_hgr1_id{person:02d}_{take}"
    return Path(folder) / hgr1.IMAGES / f"{name}.jpg", Path(folder) / hgr1.MASKS / f"{name}.bmp"


def _draw(folder: str | Path, keys: list[tuple[int, str, int]], seed: int, size: int) -> None:
    """Writes photo and mask of each key."""
    for part in (hgr1.IMAGES, hgr1.MASKS):
        (Path(folder) / part).mkdir(parents=True, exist_ok=True)
    key: tuple[int, str, int]
    for key in tqdm(keys, desc="drawing hands", unit="photo"):
        photo_file, mask_file = _files(folder, key)
        image, mask = render(*key, seed, size)
        Image.fromarray(image).save(photo_file, quality=95)
        Image.fromarray(mask == 0).save(mask_file)


def load(persons: int = 12, seed: int = 0, takes: int = 2, size: int = 256, cache=None) -> list[Sample]:
    """Lists the samples of a drawn data set; renders it first if the cache does not have it, and anew what it has lost.

    Args:
        persons, seed, takes, size: as for `write`.
        cache: folder to keep data sets in. None: ``handseg/drawn`` in the user's cache.

    Returns:
        Samples sorted by file name, ``persons * takes * len(GESTURES)`` of them.

    Raises:
        InputError: the cache cannot be written, or an argument cannot be used.
    """
    _check(seed, size)
    keys = _keys(persons, GESTURES, takes)
    home = as_path("cache", cache) if cache is not None else user_cache_path("handseg") / "drawn"
    folder = home / f"v{RENDERER_VERSION}-persons{persons}-seed{seed}-takes{takes}-size{size}"
    if not folder.is_dir():
        with made_whole(folder, MAKE_ROOM) as part:
            write(part, persons, GESTURES, takes, seed, size)
    if lost := [key for key in keys if not all(map(_whole, _files(folder, key)))]:
        _redraw(folder, lost, seed, size)
    own = {_files(folder, key)[0] for key in keys}
    return [sample for sample in hgr1.load(folder) if sample.image in own]


def _whole(file: Path) -> bool:
    """True if a photo or mask is there up to its end."""
    try:
        data = file.read_bytes()
    except OSError:
        return False
    if file.suffix == ".bmp":  # says its own length
        return data[:2] == b"BM" and len(data) == int.from_bytes(data[2:6], "little")
    return data.endswith(b"\xff\xd9")  # a JPEG's last marker


def _redraw(folder: Path, keys: list[tuple[int, str, int]], seed: int, size: int) -> None:
    """Draws what a cache has lost, beside it, and moves it in: another process that is at it moves in the same."""
    try:
        with TemporaryDirectory(prefix="redrawing-", dir=folder.parent, ignore_cleanup_errors=True) as place:
            _draw(place, keys, seed, size)
            for key in keys:
                for new, file in zip(_files(place, key), _files(folder, key)):
                    file.parent.mkdir(exist_ok=True)
                    os.replace(new, file)
    except OSError as error:
        raise InputError(f"{folder}: cannot be mended ({error.strerror or error}). Remove this folder.") from None


# People


@dataclass(frozen=True)
class Person:
    """What stays the same in all pictures of a person."""

    monk: str  # tone of the skin, one of MONK
    tone: np.ndarray  # its colour, linear RGB
    left: bool
    girth: float  # factor on the thickness of the fingers
    reach: float  # factor on their length
    width: float  # factor on the width of the palm
    bare: float  # palms of arm from the wrist to the sleeve
    cloth: tuple[str, np.ndarray, np.ndarray]  # style, two colours
    walls: tuple[tuple[str, np.ndarray, np.ndarray], ...]  # two of them, each style, two colours
    light: np.ndarray  # direction to the light: right, down, to the camera
    ambient: float  # share of the light that comes from everywhere
    soft: float  # width of a shadow's edge per length of its way
    tint: np.ndarray  # colour of the light, linear RGB


def _person(person: int, seed: int) -> Person:
    rng = np.random.default_rng([seed, person])
    # Shuffled and then dealt out in turn, so that any ten people in a row have all ten tones.
    monk = str(np.random.default_rng(seed).permutation(MONK)[person % len(MONK)])
    tone = _linear(monk)
    blood = np.float32([1.0, rng.uniform(0.58, 0.74), rng.uniform(0.5, 0.7)])
    flash = rng.random() < 0.7
    aim = (rng.uniform(-0.4, 0.4), rng.uniform(-0.45, 0.1)) if flash else rng.uniform((-1.3, -1.2), (1.3, 0.2))
    return Person(
        monk=monk,
        tone=tone * blood ** np.sqrt(tone[0]),  # blood shows most through fair skin
        left=rng.random() < 0.4,
        girth=rng.uniform(0.9, 1.2),
        reach=rng.uniform(0.9, 1.1),
        width=rng.uniform(0.9, 1.1),
        bare=float(rng.uniform(*SLEEVES[rng.choice(len(SLEEVES), p=[0.25, 0.2, 0.4, 0.15])])),
        cloth=(rng.choice(CLOTHS), _cloth_colour(rng), _cloth_colour(rng)),
        walls=tuple(_wall(rng) for _ in range(2)),
        light=np.float32([*aim, 1.0]),
        ambient=rng.uniform(0.06, 0.2) if flash else rng.uniform(0.25, 0.5),
        soft=rng.uniform(0.01, 0.07) if flash else rng.uniform(0.12, 0.4),
        tint=np.float32([rng.uniform(0.92, 1.15), 1.0, rng.uniform(0.84, 1.06)]),
    )


def _linear(colour) -> np.ndarray:
    """Linear RGB of a hex string, or of sRGB values 0-1."""
    if isinstance(colour, str):
        colour = np.frombuffer(bytes.fromhex(colour), np.uint8) / 255
    return np.float32(colour) ** 2.2


def _cloth_colour(rng) -> np.ndarray:
    grey = rng.random() < 0.7
    value = rng.choice([rng.uniform(0.06, 0.2), rng.uniform(0.2, 0.7), rng.uniform(0.7, 0.95)])
    return _linear(colorsys.hsv_to_rgb(rng.random(), rng.uniform(0, 0.12) if grey else rng.uniform(0.2, 0.75), value))


def _wall(rng) -> tuple:
    style = rng.choice(WALLS)
    if style in ("wood", "cardboard"):  # as brown as skin
        colours = [(rng.uniform(0.04, 0.11), rng.uniform(0.3, 0.75), rng.uniform(0.2, 0.85)) for _ in range(2)]
    else:
        colours = [(rng.random(), rng.uniform(0, 0.6) ** 1.3, rng.uniform(0.15, 0.95)) for _ in range(2)]
    return style, *(_linear(colorsys.hsv_to_rgb(*c)) for c in colours)


# Skeleton


@dataclass(frozen=True)
class Limb:
    """A rounded limb that tapers from one joint to the next."""

    start: np.ndarray
    end: np.ndarray
    radii: tuple[float, float]
    part: int


@dataclass(frozen=True)
class Digit:
    joints: np.ndarray  # (4, 3), knuckle to tip
    backs: np.ndarray  # (3, 3), for each bone the direction its back looks
    radii: np.ndarray  # (4,), at the joints
    part: int

    def limbs(self) -> list[Limb]:
        ends = zip(self.joints[:-1], self.joints[1:], self.radii[:-1], self.radii[1:], strict=True)
        return [Limb(a, b, (ra, rb), self.part) for a, b, ra, rb in ends]


def _turn(shape: Shape, who: Person, rng) -> np.ndarray:
    """The matrix (3 x 3) that turns the hand as the camera sees it; for a left hand it also mirrors."""
    side = {"palm": "back", "back": "palm"}.get(shape.seen, "edge") if rng.random() < 0.12 else shape.seen
    yaw = np.radians({"palm": 0, "back": 180, "edge": -60}[side] + rng.normal(0, 16))
    pitch = np.radians(rng.normal(0, 11))
    thumb_up = 90 if np.cos(yaw) * (-1 if who.left else 1) > 0 else -90
    roll = np.radians({"up": 0, "side": thumb_up, "down": 180}[shape.points] + rng.normal(0, 13))
    c, s = np.cos((yaw, pitch, roll)), np.sin((yaw, pitch, roll))
    about_y = np.array([[c[0], 0, s[0]], [0, 1, 0], [-s[0], 0, c[0]]])
    about_x = np.array([[1, 0, 0], [0, c[1], -s[1]], [0, s[1], c[1]]])
    about_z = np.array([[c[2], -s[2], 0], [s[2], c[2], 0], [0, 0, 1]])
    return np.float32(about_z @ np.diag([-1 if who.left else 1, 1, 1]) @ about_x @ about_y)


def _digits(shape: Shape, who: Person, turn: np.ndarray, rng) -> list[Digit]:
    """Thumb, index, middle, ring and little finger."""
    fingers = []
    for i, letter in enumerate(shape.bends):
        fan = np.radians(shape.spread * (1.5 - i) + rng.normal(0, 1.5))
        bend = np.cumsum(np.radians(np.multiply(BENDS[letter], rng.uniform(0.88, 1.1)) + rng.normal(0, 3, 3)))[:, None]
        ahead, front = np.array([np.sin(fan), np.cos(fan), 0]), np.array([0, 0, 1])
        bones = (np.cos(bend) * ahead + np.sin(bend) * front) * [[0.47], [0.3], [0.23]]
        knuckle = KNUCKLES[i] * [who.width, 1, 1]
        joints = knuckle + np.vstack([np.zeros(3), np.cumsum(bones, 0)]) * FINGER_LENGTHS[i] * who.reach
        backs = np.sin(bend) * ahead - np.cos(bend) * front
        fingers.append(Digit(joints, backs, FINGER_RADII * FINGER_GIRTHS[i] * who.girth, THUMB + 1 + i))
    tip = fingers[0].joints[3] - 0.14 * fingers[0].backs[2] if shape.thumb == "index" else THUMBS[shape.thumb]
    thumb = _thumb(tip + rng.normal(0, 0.04, 3), who)
    return [Digit(d.joints @ turn.T, d.backs @ turn.T, d.radii, d.part) for d in (thumb, *fingers)]


def _thumb(tip: np.ndarray, who: Person) -> Digit:
    """A thumb whose tip is at the given place, or as near as it can reach; slack goes into an outward bow."""
    chord = tip - THUMB_BASE
    length, distance = 1.16 * who.reach, np.linalg.norm(chord)
    chord *= min(1, length / distance)
    bow = np.array([0.9, 0.0, 0.4]) - chord * (chord @ [0.9, 0.0, 0.4]) / (chord @ chord)
    bow *= 0.2 * np.sqrt(max(length**2 - distance**2, 0)) / np.linalg.norm(bow)
    joints = THUMB_BASE + np.outer([0, 0.42, 0.74, 1], chord) + np.outer([0, 1, 0.8, 0], bow)
    bones = np.diff(joints, axis=0)
    bones /= np.linalg.norm(bones, axis=1, keepdims=True)
    back = np.array([0.6, 0.2, -0.75])
    backs = back - bones * (bones @ back)[:, None]
    return Digit(joints, backs / np.linalg.norm(backs, axis=1, keepdims=True), THUMB_RADII * who.girth, THUMB)


def _palm(who: Person, turn: np.ndarray) -> list[Limb]:
    wide = turn * [who.width, 1, 1]
    return [Limb(wide @ start, wide @ end, (ra, rb), HAND) for start, end, ra, rb in PALM]


def _arm(who: Person, turn: np.ndarray, rng) -> list[Limb]:
    """Forearm and upper arm, bare from the wrist to the sleeve."""
    forearm = turn @ [np.sin(rng.normal(0, 0.2)), -1, rng.normal(0, 0.2)]
    forearm = forearm * [1, 1, 0.6] / np.linalg.norm(forearm * [1, 1, 0.6])
    angle = np.radians(rng.uniform(60, 120)) * (1 if who.left else -1)
    c, s = np.cos(angle), np.sin(angle)
    upper = np.array([c * forearm[0] - s * forearm[1], s * forearm[0] + c * forearm[1], -0.3])
    knots = np.cumsum([0 * forearm, 1.3 * forearm, 1.3 * forearm, 2.6 * upper], 0)
    bare = max(0.2, who.bare + rng.normal(0, 0.1))
    stops = np.unique([*ARM_LENGTHS, min(bare, ARM_LENGTHS[-1])])
    points = np.stack([np.interp(stops, ARM_LENGTHS, axis) for axis in knots.T], 1)
    radii = np.interp(stops, ARM_LENGTHS, ARM_RADII)
    limbs = []
    for i in range(len(stops) - 1):
        sleeve = stops[i] >= bare
        loose = 1.12 + 0.06 * bare if sleeve else 1.0
        limbs.append(Limb(points[i], points[i + 1], tuple(radii[i : i + 2] * loose), CLOTH if sleeve else ARM))
    return limbs


# Camera


@dataclass(frozen=True)
class Camera:
    scale: float  # pixels per palm
    centre: np.ndarray  # where the wrist is, in pixels

    def place(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels right, down and to the camera of points (... x 3) in palms; and pixels per palm there."""
        near = self.scale / (1 - points[..., 2:] / 10)
        return points * [1, -1, 1] * near + [*self.centre, 0], near[..., 0]


def _frame(shape: Shape, size: int, rng) -> tuple[int, int]:
    """Height and width: upright for an upright hand, mostly."""
    short = round(size * rng.choice([0.75, 0.67, rng.uniform(0.5, 1)]))
    return (short, size) if rng.random() < (0.75 if shape.points == "side" else 0.3) else (size, short)


def _camera(digits: list[Digit], frame: tuple[int, int], size: int, rng) -> Camera:
    """Frames the hand: whole, somewhere about the middle."""
    spots = np.vstack([np.zeros((1, 3)), *(d.joints for d in digits)])[:, :2] * [1, -1]
    low, high = spots.min(0) - 0.15, spots.max(0) + 0.15
    room = np.array(frame[::-1])
    scale = min(size * np.exp(rng.normal(np.log(0.3), 0.28)), *(0.95 * room / (high - low)))
    slack = (room - scale * (high - low)) / 2
    centre = room / 2 - scale * (low + high) / 2 + slack * rng.uniform(-0.7, 0.7, 2)
    return Camera(float(scale), centre)


class Canvas:
    """What stands where in the picture: height over the wrist in pixels, normal, and part."""

    def __init__(self, height: int, width: int):
        self.height = np.full((height, width), NOWHERE, np.float32)
        self.normal = np.zeros((height, width, 3), np.float32)
        self.part = np.zeros((height, width), np.uint8)

    def add(self, limb: Limb, camera: Camera) -> None:
        """Raises the canvas where the limb stands above it; the two surfaces melt where they are close."""
        (a, b), near = camera.place(np.stack([limb.start, limb.end]))
        (ra, rb), step = (near * limb.radii).tolist(), (b - a).tolist()
        low = np.clip(np.minimum(a - ra, b - rb)[:2], 0, None).astype(int)
        high = np.clip(np.maximum(a + ra, b + rb)[:2] + 2, 0, self.part.shape[::-1]).astype(int)
        if (low >= high).any():
            return
        dx = np.arange(low[0], high[0], dtype=np.float32) - np.float32(a[0])
        dy = np.arange(low[1], high[1], dtype=np.float32)[:, None] - np.float32(a[1])
        length = max(float(np.hypot(*step[:2])), 1e-3)
        ux, uy = step[0] / length, step[1] / length
        along, across = dx * ux + dy * uy, dy * ux - dx * uy
        nearest = np.clip(along / length, 0, 1)
        radius = ra + (rb - ra) * nearest
        inside = np.hypot(along - nearest * length, across) < radius
        # Of all balls along the bone, the one that stands highest here is not the nearest one: a bone
        # that points at the camera shows its end.
        bulge = np.sqrt(np.maximum(radius**2 - across**2, 0))
        share = np.clip((along + bulge * (step[2] / float(np.hypot(length, step[2])))) / length, 0, 1)
        radius, off = ra + (rb - ra) * share, along - share * length
        rise = np.sqrt(np.maximum(radius**2 - across**2 - off**2, 0))
        normal = np.stack([off * ux - across * uy, off * uy + across * ux, rise], -1) / radius[..., None]
        box = np.s_[low[1] : high[1], low[0] : high[0]]
        fillet = FILLETS.get(limb.part, 0.04) * camera.scale
        self._melt(box, inside, float(a[2]) + step[2] * share + rise, normal, limb.part, fillet)

    def _melt(self, box, inside, height, normal, part, fillet) -> None:
        old = self.height[box]
        share = np.clip(0.5 + (height - old) / (2 * fillet), 0, 1) * inside
        self.part[box] = np.where(share > 0.5, part, self.part[box])
        self.normal[box] += share[..., None] * (normal - self.normal[box])
        self.height[box] = old + share * (height - old) + share * (1 - share) * fillet

    def shows(self, joint: np.ndarray, radius: float, part: int) -> bool:
        """True if what the camera sees at a joint (in pixels) is the joint's own skin."""
        x, y = np.round(joint[:2]).astype(int)
        if not (0 <= y < self.part.shape[0] and 0 <= x < self.part.shape[1]):
            return False
        return self.part[y, x] == part and self.height[y, x] < joint[2] + 1.5 * radius


# Surfaces, in linear RGB


def _noise(frame: tuple[int, int], cell, rng, octaves: int = 3) -> np.ndarray:
    """Cloudy noise (H x W) about 0 with a spread of about 1; the largest blobs are `cell` pixels high and wide."""
    total = np.zeros(frame, np.float32)
    for i in range(octaves):
        rows, columns = (int(n / max(c / 2**i, 1)) + 2 for n, c in zip(frame, np.broadcast_to(cell, 2), strict=True))
        grid = rng.standard_normal((rows, columns), dtype=np.float32)
        total += cv2.resize(grid, frame[::-1], interpolation=cv2.INTER_CUBIC) * 0.6**i
    return total


def _surface(style: str, first, second, frame: tuple[int, int], scale: float, rng) -> np.ndarray:
    """A wall or a cloth (H x W x 3) of two colours; its pattern grows with the hand, `scale` pixels per palm."""
    x = np.arange(frame[1], dtype=np.float32) / np.float32(scale)
    y = np.arange(frame[0], dtype=np.float32)[:, None] / np.float32(scale)
    if rng.random() < 0.5:
        x, y = y, x
    lean, pitch = np.float32(rng.normal(0, 0.3)), np.float32(rng.uniform(0.12, 0.5))
    x, y = (x + lean * y) / pitch, (y - lean * x) / pitch
    if style == "wood":
        mix = 0.5 + 0.25 * _noise(frame, (scale * 3, 4), rng) + 0.2 * np.sin(x + _noise(frame, scale, rng))
    elif style == "cardboard":
        mix = 0.3 + 0.1 * np.sin(10 * x) + 0.15 * _noise(frame, scale, rng)
    elif style == "tiles":
        mix = 0.7 * ((x % 4 < 0.2) | (y % 4 < 0.2))
    elif style == "check":
        mix = 0.5 * (x % 1 < 0.4) + 0.5 * (y % 1 < 0.4)
    elif style == "stripes":
        mix = 1.0 * (x + 0 * y) % 1 < rng.uniform(0.2, 0.6)
    elif style == "print":
        mix = 4 * _noise(frame, pitch * scale, rng, 1)
    else:
        mix = 0.08 * _noise(frame, 2 * scale, rng)
    mix = np.clip(mix, 0, 1).astype(np.float32)[..., None]
    grain = 1 + GRAIN.get(style, 0.03) * _noise(frame, 3, rng, 2)[..., None]
    surface = (first + mix * (second - first)) * grain
    return _shapes(surface, rng.integers(8, 25), rng) if style == "clutter" else surface


def _shapes(scene: np.ndarray, count: int, rng) -> np.ndarray:
    """Things that stand about, out of focus, drawn over the scene."""
    size = max(scene.shape)
    for _ in range(count):
        colour = (_wall(rng)[1] * rng.uniform(0.3, 1)).tolist()
        box = rng.uniform(0, size, 2).tolist(), (size * rng.uniform(0.04, 0.6, 2)).tolist(), rng.uniform(0, 180)
        if rng.random() < 0.5:
            cv2.fillPoly(scene, [cv2.boxPoints(box).astype(np.int32)], colour)
        else:
            cv2.ellipse(scene, box, colour, -1)
    return cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.6, 4))


def _shirt(who: Person, frame: tuple[int, int], scale: float, rng) -> np.ndarray:
    """The person's cloth (H x W x 3) with the light and dark of its folds."""
    folds = _noise(frame, scale * rng.uniform((0.3, 0.5), (1.5, 1.0)), rng, 2)[..., None]
    return _surface(*who.cloth, frame, scale, rng) * np.clip(1 + 0.15 * folds, 0.5, 1.3)


def _torso(frame: tuple[int, int], aside: bool, rng) -> np.ndarray:
    """Where the body stands before the wall (H x W x 1, 0-1): aside, or behind the hand."""
    if aside:
        centre, reach = (rng.choice([-0.1, 1.1]), rng.uniform(0.7, 1.2)), rng.uniform((0.2, 0.4), (0.6, 0.8))
    else:
        centre, reach = rng.uniform((0.3, 0.5), (0.7, 1.0)), rng.uniform((0.45, 0.8), (1.0, 1.4))
    size = np.array(frame[::-1])
    inside = np.zeros(frame, np.float32)
    cv2.ellipse(inside, ((size * centre).tolist(), (2 * size * reach).tolist(), rng.normal(0, 15)), 1.0, -1)
    return cv2.GaussianBlur(inside, (0, 0), 1.0)[..., None]


# Light


def _background(canvas: Canvas, who: Person, shape: Shape, light: np.ndarray, scale: float, rng) -> np.ndarray:
    """Wall, at times with things or a shirt before it, and the shadow of the hand (H x W x 3)."""
    frame = canvas.part.shape
    scene = _surface(*who.walls[int(rng.integers(2))], frame, scale, rng)
    if rng.random() < 0.3:
        scene = _shapes(scene, rng.integers(1, 4), rng)
    sideways, behind = shape.points == "side", rng.uniform(0.8, 3.5)
    if rng.random() < (0.75 if sideways else 0.3):
        scene += _torso(frame, not sideways, rng) * (_shirt(who, frame, scale, rng) - scene)
        behind = rng.uniform(0.4, 1.5)
    solid = (canvas.part > NOTHING).astype(np.float32)
    shadow = _seen_from(solid, light[:2] / light[2] * behind * scale)
    shadow = cv2.GaussianBlur(shadow, (0, 0), 0.8 + who.soft * behind * scale)[..., None]
    tilt = rng.normal(0, 0.15, 2).astype(np.float32)  # one side is brighter, and the corners darker
    x, y = np.linspace(-1, 1, frame[1], dtype=np.float32), np.linspace(-1, 1, frame[0], dtype=np.float32)[:, None]
    falloff = 1 + tilt[0] * x + tilt[1] * y - np.float32(rng.uniform(0, 0.25)) * (x**2 + y**2)
    lit = who.ambient * (1 - 0.4 * shadow) + (1 - who.ambient) * light[2] * (1 - shadow) * who.tint
    return scene * lit * (falloff * np.float32(rng.uniform(0.35, 1.0)))[..., None]


def _foreground(canvas: Canvas, who: Person, albedo: np.ndarray, light: np.ndarray, scale: float, rng) -> np.ndarray:
    """Skin and sleeve of the given colours, lit (H x W x 3)."""
    frame = canvas.part.shape
    normal = canvas.normal.copy()
    for axis in (0, 1):
        normal[..., axis] += rng.uniform(0.02, 0.06) * _noise(frame, 4, rng, 2)
    soaked = np.float32([0.3, 0.18, 0.13])  # light seeps round an edge of skin, red the furthest
    lit = np.clip(((normal @ light)[..., None] + soaked) / (1 + soaked), 0, 1)
    lit *= (1 - who.ambient) * (1 - _cast_shadow(canvas, light, scale))[..., None] * who.tint
    halfway = light + np.float32([0, 0, 1])
    gloss = np.clip(normal @ (halfway / np.linalg.norm(halfway)), 0, 1) ** 16 * (canvas.part >= ARM)
    gloss *= rng.uniform(0.03, 0.14) * np.clip(0.8 + 0.2 * _noise(frame, 4, rng, 2), 0, 2)
    above = who.ambient * (0.75 - 0.25 * normal[..., 1:2])  # what comes from everywhere comes mostly from above
    return (albedo * (above + lit) + gloss[..., None] * lit) * (1 - _occlusion(canvas, scale))[..., None]


def _colours(canvas: Canvas, who: Person, digits: list[Digit], turn: np.ndarray, camera: Camera, rng) -> np.ndarray:
    """What skin and sleeve look like in plain white light (H x W x 3)."""
    frame, scale = canvas.part.shape, camera.scale
    crease, nail, blood = _marks(canvas, digits, turn, camera)
    hand = cv2.GaussianBlur((canvas.part >= HAND).astype(np.float32), (0, 0), 0.2 * scale)
    inner = hand * np.clip(canvas.normal @ np.float32(turn[:, 2] * [1, -1, 1]), 0, 1)
    red = np.clip(0.35 * blood + 0.3 * inner + 0.12 * _noise(frame, 0.5 * scale, rng), -0.2, 1)[..., None]
    skin = who.tone * (1 - red * np.float32([0, 0.25, 0.22])) * (1 + 0.04 * _noise(frame, 2, rng, 1))[..., None]
    skin += 0.5 * inner[..., None] * np.maximum(PALM_TONE - skin, 0)  # dark skin is light inside the hand
    skin += 0.4 * nail[..., None] * (NAIL_TONE - 0.4 * skin)
    skin *= 1 - crease[..., None] * np.float32([0.35, 0.5, 0.5])
    return np.where((canvas.part == CLOTH)[..., None], _shirt(who, frame, scale, rng), skin)


def _marks(canvas: Canvas, digits: list[Digit], turn: np.ndarray, camera: Camera) -> list[np.ndarray]:
    """Creases, nails and well-perfused joints (each H x W, 0-1), where the camera can see them."""
    crease, nail, blood = marks = [np.zeros(canvas.part.shape, np.float32) for _ in range(3)]
    thin = max(1, round(camera.scale / 60))
    if turn[2, 2] > 0.2:
        lines = np.float32([[(*point, 0.14) for point in line] for line in PALM_LINES])
        for line in camera.place(lines @ turn.T)[0]:
            smooth = cv2.resize(np.float32(line[:, None, :2]), (1, 16), interpolation=cv2.INTER_CUBIC)
            cv2.polylines(crease, [_sixteenths(smooth)], False, 0.8, thin, cv2.LINE_AA, 4)
        crease *= canvas.part == HAND
    for digit in digits:
        own = [np.zeros_like(crease) for _ in marks]
        centres, near = camera.place(digit.joints)
        for j in (1, 2, 3):
            radius = near[j] * digit.radii[j]
            if not canvas.shows(centres[j], radius, digit.part):
                continue
            along = (centres[j] - centres[j - 1])[:2] / max(np.hypot(*(centres[j] - centres[j - 1])[:2]), 1e-3)
            cv2.circle(own[2], _sixteenths(centres[j, :2]), int(16 * radius), 0.7 if j < 3 else 1.0, -1, shift=4)
            back = digit.backs[j - 1] * [1, -1, 1]
            if j < 3:
                across = 0.75 * radius * along[::-1] * [-1, 1]
                ends = _sixteenths(centres[j, :2] + [across, -across])
                cv2.line(own[0], ends[0], ends[1], 0.6, thin, cv2.LINE_AA, 4)
            elif back[2] > 0.15:
                spot = centres[j, :2] + radius * (0.6 * back[:2] - 0.1 * along)
                angle = float(np.degrees(np.arctan2(along[1], along[0])))
                box = spot.tolist(), (2 * radius, 1.5 * radius * max(back[2], 0.3)), angle
                cv2.ellipse(own[1], box, 1.0, -1, cv2.LINE_AA)
        for total, mark in zip(marks, own, strict=True):
            np.maximum(total, mark * (canvas.part == digit.part), out=total)
    return [cv2.GaussianBlur(m, (0, 0), s) for m, s in zip(marks, (0.6, 0.6, 0.06 * camera.scale), strict=True)]


def _sixteenths(points: np.ndarray) -> np.ndarray:
    """Points in sixteenths of a pixel, as OpenCV's drawing takes them with ``shift=4``."""
    return np.round(points * 16).astype(np.int32)


def _seen_from(image: np.ndarray, by: np.ndarray) -> np.ndarray:
    """What each pixel finds `by` (right, down) pixels further on; NOWHERE or 0 past the edge."""
    move = np.float32([[1, 0, by[0]], [0, 1, by[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, move, image.shape[::-1], flags=flags, borderValue=float(image.min()))


def _cast_shadow(canvas: Canvas, light: np.ndarray, scale: float) -> np.ndarray:
    """How much of the light other limbs take away (H x W, 0-1)."""
    dark = np.zeros(canvas.part.shape, np.float32)
    for climb in np.linspace(0.06, 0.9, 8, dtype=np.float32) * np.float32(scale):
        over = _seen_from(canvas.height, light[:2] / light[2] * climb) - canvas.height - climb
        np.maximum(dark, np.clip(over / (0.06 * scale), 0, 1), out=dark)
    return 0.85 * cv2.GaussianBlur(dark, (0, 0), 1.0)


def _occlusion(canvas: Canvas, scale: float) -> np.ndarray:
    """How much of the sky the limbs about a pixel hide (H x W, 0-1): dark lines between the fingers."""
    solid = (canvas.part > NOTHING).astype(np.float32)
    level = canvas.height * solid
    dark = np.zeros_like(solid)
    for reach in (0.05 * scale, 0.16 * scale):
        around = cv2.GaussianBlur(level, (0, 0), reach) / np.maximum(cv2.GaussianBlur(solid, (0, 0), reach), 1e-3)
        dark += np.clip((around - level) / (3 * reach), 0, 0.4)
    return dark


def _photo(scene: np.ndarray, skin: np.ndarray, rng) -> np.ndarray:
    """What a small camera makes of the scene: uint8 H x W x 3."""
    level = scene[skin].mean() if skin.any() else scene.mean()
    exposure = (0.16 / level) ** 0.65 * np.exp(rng.normal(0, 0.25))  # a camera evens out skin tones, not wholly
    picture = np.maximum(scene * np.float32(exposure * np.exp(rng.normal(0, 0.05, 3))), 0)
    picture = np.minimum(picture / (1 + 0.15 * picture), 1) ** np.float32(1 / 2.2)
    picture += np.float32(rng.uniform(0.2, 0.9)) * picture * (1 - picture) * (picture - 0.4)  # contrast
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.0))
    picture += np.float32(rng.uniform(0.002, 0.015)) * rng.standard_normal(picture.shape, dtype=np.float32)
    return np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)
