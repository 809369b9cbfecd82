"""Inputs made by lot for the public entry points: whatever comes, it is used, or refused in one line.

A door is a function of a generator of chance and a folder. It makes an input, the files of it in the folder's
``given``, and returns a call that hands it to the library. `outcome` makes that call and says how it went: the library
may write into the folder's ``target`` alone. `benchmarks.fuzz` does thousands of them in a process that is watched,
`test_fuzz.py` a few.
"""

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace

import fuzz_pictures
import keras
import numpy as np
from PIL import Image

import handseg_lib as hs
from handseg_lib import __main__ as cli
from handseg_lib import predictor as predictor_module
from handseg_lib.data.augment import Augmentation, augment
from handseg_lib.explore import draw_loss, draw_losses, draw_photo, draw_sample, draw_threshold
from handseg_lib.explore.chooser import Upload
from handseg_lib.explore.upload import read_upload
from handseg_lib.resume import write_kept

SIZE = 32

# How it went


def outcome(door: Callable, rng: np.random.Generator, place: Path) -> str:
    """``"used"`` or ``"refused"`` if the library did either as it should; else what it did, in a line."""
    given, target = place / "given", place / "target"
    for folder in (given, target):
        folder.mkdir(parents=True)
    kept = dict(os.environ), tempfile.tempdir, os.getcwd()
    os.environ |= {"XDG_CACHE_HOME": str(target / "cache"), "HANDSEG_HGR1": str(given), "HANDSEG_ROOMS": str(given)}
    tempfile.tempdir = str(target)
    os.chdir(target)
    try:
        call = door(rng, place)
        before, guard.target, guard.written = _listing(given), str(target), []
        how = _how(call)
        guard.target = None
        if _listing(given) != before:
            guard.written.append("among what was given")
        return f"writes {guard.written[0]}" if guard.written else how
    finally:
        guard.target = None
        os.environ.clear()
        os.environ.update(kept[0])
        tempfile.tempdir = kept[1]
        os.chdir(kept[2])


def _how(call: Callable) -> str:
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()
        return "used"
    except hs.InputError as error:
        text = str(error)
        return "refused" if text.isprintable() and text else f"refused unclearly: {error!r}"
    except SystemExit as error:  # of a command line: 2 is that of argparse
        return "refused" if error.code == 2 else "used" if not error.code else f"exit code {error.code}"
    except Exception as error:
        frame = error.__traceback__
        while frame.tb_next:
            frame = frame.tb_next
        line = f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}"
        return f"{type(error).__name__} in {line}: {' '.join(str(error).split())[:200]}"


class Guard:
    """Notes what Python opens to write, makes, moves or removes outside of one folder, while there is one."""

    changes = {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}
    target, written = None, []

    def __call__(self, event: str, args: tuple) -> None:
        if self.target is None or event not in self.changes and event != "open":
            return
        if event == "open" and not (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        for path in args[:2] if event in ("os.rename", "os.link") else args[:1]:
            if isinstance(path, (str, bytes, os.PathLike)):  # a number is of a file that is open
                path = os.path.abspath(os.fsdecode(path))
                if not (path + os.sep).startswith((self.target + os.sep, "/dev/")):
                    self.written.append(f"{event} {path}")


guard = Guard()
sys.addaudithook(guard)


def _listing(folder: Path) -> list[tuple]:
    """What would be other if a file below a folder had been written to."""
    places = ((os.path.join(place, name)) for place, _, names in os.walk(folder) for name in names)
    return sorted((path, os.lstat(path).st_size, os.lstat(path).st_mtime_ns) for path in places)


# What there is to work with


def small_network() -> keras.Model:
    """As far as the library looks, a U-Net: an encoder, and a probability for each pixel."""
    photo = keras.Input((SIZE, SIZE, 3))
    encoder = keras.Model(photo, keras.layers.Conv2D(2, 1, name="conv3_block1_conv")(photo), name="encoder")
    return keras.Model(photo, keras.layers.Conv2D(1, 1, activation="sigmoid")(encoder(photo)))


def save_pair(folder: Path, stem: str, rng: np.random.Generator) -> None:
    """A photo and its mask, as HGR1 has them."""
    mask = np.zeros((20, 24), np.uint8)
    mask[5:15, 6:16] = 1
    image = np.where(mask[..., None] == 1, (210, 150, 120), (60, 90, 130)) + rng.normal(0, 8, (20, 24, 3))
    for name in (hs.hgr1.IMAGES, hs.hgr1.MASKS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(folder / hs.hgr1.IMAGES / f"{stem}.jpg")
    Image.fromarray(mask == 0).save(folder / hs.hgr1.MASKS / f"{stem}.bmp")


@cache
def kit() -> SimpleNamespace:
    """Photos, a network, a training that has ended: made once."""
    home = Path(tempfile.mkdtemp(prefix="fuzz-kit-"))
    for person in ("02", "04", "01", "03"):
        save_pair(home, f"A_P_hgr1_id{person}_1", np.random.default_rng(int(person)))
    samples = hs.hgr1.load(home)
    split = hs.split_by_person(samples)
    keras.utils.set_random_seed(0)
    model = small_network()
    train, val = hs.Batches(split.train, SIZE, 2, augment=True), hs.Batches(split.val, SIZE, 2)
    with contextlib.redirect_stderr(io.StringIO()):
        history = hs.fit(model, train, val, 2, 1, out=home / "state")
    model.save(home / "small.keras")
    with zipfile.ZipFile(home / "pairs.zip", "w") as archive:
        for name in (hs.hgr1.IMAGES, hs.hgr1.MASKS):
            for path in (home / name).iterdir():
                archive.write(path, f"{name}/{path.name}")
    image, mask = samples[0].read()
    hs.plots.samples(samples[:1])._repr_mimebundle_()  # so that matplotlib has found its fonts
    return SimpleNamespace(
        home=home,
        samples=samples,
        split=split,
        model=model,
        predictor=hs.Predictor(model),
        train=train,
        val=val,
        store=hs.store.write(samples, home / "store", SIZE),
        history=history,
        image=image,
        mask=mask,
    )


# Junk

ODD = (
    "a\0b",
    "",
    " ",
    "x" * 5000,
    "0.5",
    "224",
    "gone",
    ".",
    "/",
    "\n",
    "\x1b[2J",
    "\u202egpj.x",
    "\ud800",
    "é😀",
    "%s{}$\\",
    "-1",
)
NUMBERS = 0, -1, 1, 2, 64, 10**6, 2**40, -(2**63), 0.5, -0.1, float("nan"), float("inf"), 1e308, 1j
DTYPES = "u1", "?", "i1", "i8", "f2", "f4", "f8", "c8", "U3", "O", "M8[s]"


def junk(rng: np.random.Generator):
    """Any value: odd numbers and texts, arrays of odd shapes and types, what belongs somewhere else."""
    k = kit()
    makers = [
        lambda: None,
        lambda: bool(rng.integers(2)),
        lambda: NUMBERS[rng.integers(len(NUMBERS))],
        lambda: ODD[rng.integers(len(ODD))],
        lambda: ODD[rng.integers(len(ODD))].encode(errors="replace"),
        lambda: Path("gone") / ODD[rng.integers(3, len(ODD))],
        lambda: array(rng),
        lambda: array(rng),
        lambda: [junk(rng) for _ in range(rng.integers(3))],
        lambda: tuple(junk(rng) for _ in range(rng.integers(4))),
        lambda: {"a": junk(rng)},
        lambda: (value for value in [junk(rng)]),
        lambda: (int, object(), len, lambda *_: 0, Exception("x"), {1, 2}, iter([]), np.int64(3), np.float32(0.5))[
            rng.integers(9)
        ],
        lambda: list(vars(k).values())[rng.integers(1, len(vars(k)))],
        lambda: Image.new("RGB", (4, 4)),
    ]
    return makers[rng.integers(len(makers))]()


def array(rng: np.random.Generator) -> np.ndarray:
    """An array of odd shape and type, sometimes with nan in it."""
    sides = (0, 1, 3, 4, 20, 24, SIZE)
    shape = tuple(int(sides[rng.integers(len(sides))]) for _ in range(rng.integers(5)))
    values = rng.integers(0, (2, 256)[rng.integers(2)], shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = np.asarray(values).astype(DTYPES[rng.integers(len(DTYPES))])
    if made.dtype.kind == "f" and made.size and rng.random() < 0.5:
        made = made / 255
        made.flat[0] = np.nan if rng.random() < 0.5 else made.flat[0]
    return made


def mutated(rng: np.random.Generator, data: bytes) -> bytes:
    """Bytes cut off, turned round, taken out or put in."""
    data, place = bytearray(data), int(rng.integers(len(data) or 1))
    kind = rng.integers(4)
    if kind == 0:
        return bytes(data[:place])
    if kind == 1:
        for at in rng.integers(0, len(data) or 1, rng.integers(1, 9)):
            data[at : at + 1] = bytes([int(rng.integers(256))])
    elif kind == 2:
        data[place : place + int(rng.integers(1, 200))] = b""
    else:
        data[place:place] = rng.bytes(int(rng.integers(1, 200)))
    return bytes(data)


def mutated_json(rng: np.random.Generator, value):
    """The same value with one thing in it another, or gone."""
    value = json.loads(json.dumps(value))
    spots = []

    def walk(node):
        for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
            spots.append((node, key))
            walk(child)

    walk(value)
    if not spots or rng.random() < 0.05:
        return [None, 3, "x", [], {}][rng.integers(5)]
    node, key = spots[rng.integers(len(spots))]
    others = [
        None,
        -1,
        0,
        10**9,
        0.5,
        1e400,
        "",
        "x",
        "../x",
        [],
        {},
        True,
        [[[[]]]],
        {"class_name": "Lambda"},
        "é" * 99,
    ]
    if rng.random() < 0.15:
        del node[key]
    else:
        node[key] = others[rng.integers(len(others))]
    return value


# The doors


def pictures(rng, place):
    """Malformed files, as photos and as masks."""
    path = place / "given" / "a.jpg"
    path.write_bytes(fuzz_pictures.KINDS[rng.integers(len(fuzz_pictures.KINDS))](rng))
    skins = "black", "white", (1,), (0, 255), ("#ff0000",)
    return partial(hs.read_image, path) if rng.random() < 0.5 else partial(hs.read_mask, path, skins[rng.integers(5)])


def uploads(rng, place):
    """What a browser may send."""
    data = fuzz_pictures.KINDS[rng.integers(len(fuzz_pictures.KINDS))](rng)
    upload = Upload(ODD[rng.integers(len(ODD))], data if rng.random() < 0.8 else b"", "no" * (rng.random() < 0.1))
    return partial(read_upload, upload)


def calls() -> dict[str, tuple[Callable, dict]]:
    """The public functions, each with arguments that it takes."""
    k = kit()
    sample, hand = k.samples[0], k.mask.astype(np.float32)
    arts = {"predictor": k.predictor, "samples": k.samples}
    made = [
        (hs.Batches, {"samples": k.samples, "size": SIZE, "batch_size": 2, "augment": True, "seed": 0, "threads": 1}),
        (hs.Batches, {"samples": k.samples, "size": SIZE, "augment": lambda image, mask, rng: (image, mask)}),
        (hs.Batches, {"store": k.store, "size": SIZE, "batch_size": 2, "augment": True}),
        (hs.store.write, {"samples": k.samples[:2], "folder": k.store, "size": SIZE}),
        (hs.unet.build_unet, {"size": 100, "taps": "default", "weights": None, "width": 128}),
        (hs.encoder.check_size, {"size": 64}),
        (hs.encoder.tap_names, {"taps": "default"}),
        (hs.fit, {"model": k.model, "train": k.train, "val": k.val, "epochs": 2, "loss": "nonsense"}),
        (hs.fit, {"model": k.model, "train": k.train, "val": k.val, "callbacks": (), "loss": "nonsense"}),
        (hs.fit, {"model": k.model, "train": k.train, "val": k.val, "peak": 1e-3, "out": "a", "loss": "nonsense"}),
        (hs.evaluate, {"model": k.predictor, "samples": k.samples, "batch_size": 4}),
        (hs.tune_threshold, arts),
        (hs.audit.reliability, arts | {"bins": 4}),
        (hs.audit.doubts, arts),
        (hs.Predictor, {"model": k.model, "threshold": 0.5, "mirror": True}),
        (k.predictor, {"image": k.image}),
        (k.predictor.mask, {"image": k.image}),
        (k.predictor.predict_batch, {"images": [k.image, k.image]}),
        (hs.load_predictor, {"path": k.home / "small.keras"}),
        (hs.read_image, {"path": sample.image}),
        (hs.read_mask, {"path": sample.mask, "skin": "black"}),
        (hs.split_by_person, {"samples": k.samples, "test": ("02",), "val": ("04",)}),
        (hs.pair, {"images": k.home / hs.hgr1.IMAGES, "masks": k.home / hs.hgr1.MASKS, "person": "id(..)"}),
        (hs.pair, {"images": k.home / hs.hgr1.IMAGES, "masks": k.home / hs.hgr1.MASKS, "photo_of": None}),
        (hs.check_pairs, {"data": k.samples, "masks": None, "skin": "black"}),
        (hs.Sample, {"image": "a.jpg", "mask": "a.png", "person": "01", "gesture": "A"}),
        (hs.drawn.render, {"person": 0, "gesture": "A", "take": 0, "seed": 0, "size": 16}),
        (hs.drawn.load, {"persons": 0, "seed": -1, "takes": 1, "size": 16}),  # so that nothing is drawn
        (Augmentation, {"rotate": 30, "scale": (0.8, 1.25), "flip": 0.5, "gamma": 0.1, "tint": 0.1}),
        (augment, {"image": k.image, "mask": k.mask, "rng": np.random.default_rng(0), "augmentation": Augmentation()}),
        (hs.hgr1.load, {"root": k.home}),
        (hs.rooms.load, {"root": k.home}),
        (hs.profile.current, {"name": "smoke"}),
        (hs.metrics.iou, {"true": k.mask, "pred": k.mask}),
        (hs.metrics.boundary_px, {"true": k.mask, "pred": k.mask}),
        (hs.metrics.forgive, {"true": k.mask, "pred": k.mask}),
        (hs.plots.overlay, {"image": k.image, "mask": k.mask, "colour": "red", "strength": 0.2}),
        (hs.plots.errors, {"image": k.image, "true": k.mask, "pred": k.mask}),
        (hs.plots.images, {"pictures": [k.image], "titles": ["a"], "alt": "A.", "columns": 4}),
        (hs.plots.numbers, {"arrays": [k.mask[:3, :3]], "titles": ["a"], "alt": "A."}),
        (hs.plots.samples, {"chosen": k.samples[:1], "columns": 2}),
        (hs.plots.predictions, {"predictor": k.predictor, "chosen": k.samples[:1]}),
        (hs.plots.curves, {"history": k.history}),
        (hs.explore.browse, {"samples": k.samples}),
        (hs.explore.explore, arts),
        (hs.explore.look_inside, {"model": k.model, "image": k.image}),
        (hs.explore.cut_skips, {"model": k.model, "image": k.image, "true": None}),
        (hs.explore.try_photo, {"predictor": k.predictor}),
        (hs.explore.play_augmentation, {"sample": sample}),
        (hs.explore.watch_training, {"sample": sample, "out": k.home / "state"}),
        (draw_sample, {"sample": sample, "strength": 0.5}),
        (draw_threshold, {"sample": sample, "hand": hand, "threshold": 0.5, "strength": 0.5, "tuned": 0.4}),
        (draw_photo, {"image": k.image, "hand": hand, "threshold": 0.5}),
        (draw_loss, {"true": k.mask, "shift": 1, "shrink": 1, "blur": 1.0}),
        (draw_losses, {"shift": 1, "shrink": 1, "blur": 1.0}),
        (hs.evaluate(k.predictor, k.samples).by, {"column": "person"}),
        (hs.evaluate(k.predictor, k.samples).slices, {"columns": ["hand"]}),
    ]
    return {
        f"{number} {getattr(function, '__name__', 'predictor')}": (function, a)
        for number, (function, a) in enumerate(made)
    }


calls = cache(calls)


def arguments(rng, place):
    """A public function with one or two arguments that may be anything."""
    function, right = list(calls().values())[rng.integers(len(calls()))]
    names = rng.choice(list(right), size=min(len(right), 1 + (rng.random() < 0.2)), replace=False)
    return partial(function, **(right | {str(name): junk(rng) for name in names}))


def folders(rng, place):
    """Folders of files with any names."""
    stems = ["a", "b_mask", "a_mask", "a-seg", "A", "é", "x" * 200, "a\nb", "$x$", ".a", "a.b", "\udcff", " ", "=1+1"]
    suffixes = [".png", ".jpg", ".json", ".npy", ".txt", ".JPG", "", ".mov"]
    for name in ("photos", "masks"):
        (place / "given" / name).mkdir()
        for _ in range(rng.integers(5)):
            path = (
                place
                / "given"
                / name
                / (stems[rng.integers(len(stems))] + suffixes[rng.choice(8, p=[0.35, 0.35] + [0.05] * 6)])
            )
            path.parent.mkdir(exist_ok=True)
            kind = fuzz_pictures.KINDS[rng.integers(len(fuzz_pictures.KINDS))] if rng.random() < 0.3 else None
            path.write_bytes(kind(rng) if kind else fuzz_pictures.encoded(rng, 12, 12, [("PNG", "L", {})]))
    rules = {"person": r"^[^_]", "photo_of": r"(.)_?", "nested": True}
    chosen = {name: rule for name, rule in rules.items() if rng.random() < 0.3}
    photos, masks = place / "given" / "photos", place / "given" / ("masks", "photos")[rng.random() < 0.3]

    def call():
        checked = hs.check_pairs(photos, masks, "white")
        str(checked), checked._repr_html_(), checked.figure()._repr_mimebundle_()
        return [sample.read() for sample in hs.pair(photos, masks, skin="white", **chosen)]

    return call


def models(rng, place):
    """A saved model in which something is another: its config, its weights, the archive around them."""
    path, source = place / "given" / "m.keras", kit().home / "small.keras"
    if rng.random() < 0.3:
        path.write_bytes(mutated(rng, source.read_bytes()))
    else:
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
            parts = {name: old.read(name) for name in old.namelist()}
            name = list(parts)[rng.integers(len(parts))] if rng.random() < 0.5 else "config.json"
            if name.endswith(".json") and rng.random() < 0.9:
                parts[name] = json.dumps(mutated_json(rng, json.loads(parts[name]))).encode()
            else:
                parts[name] = mutated(rng, parts[name])
            if rng.random() < 0.1:
                parts[["../evil", "/evil", "assets/x.bin"][rng.integers(3)]] = b"x"
            for name, data in parts.items():
                new.writestr(name, data)
    return lambda: hs.load_predictor(path)(kit().image)


def states(rng, place):
    """The state of a training that has ended, in which something is another; it is gone on from."""
    out = place / "target" / "state"
    shutil.copytree(kit().home / "state", out)
    file = sorted(out.iterdir())[rng.integers(len(list(out.iterdir())))]
    kind = rng.integers(6)
    if kind == 0:
        file.unlink()
        file.mkdir()
    elif kind == 1:
        file.write_bytes(mutated(rng, file.read_bytes()))
    elif kind == 2:
        file.unlink()
    else:
        history = out / "history.json"
        record = mutated_json(rng, json.loads(history.read_text()))
        if kind == 3 or not isinstance(record, dict):
            history.write_text(json.dumps(record))
        else:
            record.pop("checksum", None)
            write_kept(history, record)
    k = kit()
    return lambda: hs.fit(small_network(), k.train, k.val, 2, 1, out=out)


def cards(rng, place):
    """The card of the course model, in which something is another."""
    card = place / "given" / "card.json"
    record = json.loads(predictor_module.COURSE_CARD.read_text("utf-8"))
    if rng.random() < 0.5:  # what is read of it
        record = {name: record[name] for name in ("size", "sha256", "threshold")}
    text = json.dumps(mutated_json(rng, record)).encode()
    card.write_bytes(text if rng.random() < 0.7 else mutated(rng, text))

    def call():
        own, predictor_module.COURSE_CARD = predictor_module.COURSE_CARD, card
        try:
            hs.load_predictor()(kit().image)
        finally:
            predictor_module.COURSE_CARD = own

    return call


def archives(rng, place):
    """HGR1's two zips, with members that have no place there, or damaged."""
    names = ["../evil.jpg", "/tmp/evil.jpg", "original_images/../../evil.jpg", "C:\\evil.jpg", "original_images/a.exe"]
    names += ["original_images/Z_P_hgr1_id01_1.jpg", "skin_masks/Z_P_hgr1_id01_1.bmp", "original_images/", "é/\n.jpg"]
    for name in hs.hgr1.ZIPS:
        stream = io.BytesIO((kit().home / "pairs.zip").read_bytes())
        with warnings.catch_warnings(), zipfile.ZipFile(stream, "a") as archive:
            warnings.simplefilter("ignore")  # of the same name twice
            for _ in range(rng.integers(3)):
                member = zipfile.ZipInfo(
                    names[rng.integers(len(names))] if rng.random() < 0.8 else archive.namelist()[0]
                )
                member.external_attr = (0o120777 if rng.random() < 0.2 else 0o100644) << 16  # a link, or a file
                archive.writestr(member, b"/etc/passwd" if rng.random() < 0.5 else bytes(10**6))
        data = stream.getvalue()
        (place / "given" / name).write_bytes(mutated(rng, data) if rng.random() < 0.4 else data)
    return lambda: [sample.read() for sample in hs.hgr1.load(place / "given")]


def profiles(rng, place):
    """Any values of the variables that the library reads."""
    values = [text for text in ODD if "\0" not in text and "\ud800" not in text] + [
        "smoke",
        "Quick",
        "none",
        "~",
        "~gone/x",
    ]
    for name in ("HANDSEG_PROFILE", "HANDSEG_HGR1", "HANDSEG_ROOMS", "XDG_CACHE_HOME"):
        if rng.random() < 0.7 and (name[0] != "X" or rng.random() < 0.2):
            os.environ[name] = values[rng.integers(len(values))]
    asked = hs.profile.current, hs.hgr1.available, hs.hgr1.wanted, hs.hgr1.load, hs.rooms.load
    return asked[rng.integers(len(asked))]


def command_lines(rng, place):
    """Commands with any words after them; none that would train, or fetch from elsewhere."""
    given = place / "given"
    shutil.copy(kit().home / "small.keras", given)
    for number in range(2):
        (given / f"{number}.png").write_bytes(fuzz_pictures.encoded(rng, 12, 12, [("PNG", "RGB", {})]))
    (given / "bad.jpg").write_bytes(b"no picture")
    words = [
        str(given),
        str(given / "0.png"),
        str(given / "bad.jpg"),
        str(given / "small.keras"),
        "gone",
        "*.png",
        "[",
        "05",
    ]
    words += [
        "--json",
        "--overwrite",
        "--size",
        "--epochs",
        "--seed",
        "--workers",
        "--profile",
        "--help",
        "-x",
        "--",
        "é",
        "",
    ]
    words += [
        "-1",
        "0",
        "65536",
        "1e9",
        "smoke",
        "lopo",
        "test",
        str(given / "small.keras" / "x"),
        "\udcff",
        "a\nb",
        "--protocol",
    ]
    command = ["predict", "predict", "predict", "evaluate", "train", "quiz", "fetch", "nonsense", ""][rng.integers(9)]
    argv = [words[at] for at in rng.integers(0, len(words), rng.integers(5))]
    safe = {
        "predict": ["--model", str(given / "small.keras")] * (rng.random() < 0.9),
        "evaluate": ["--data", str(given), "--model", str(given / "small.keras")],
        "train": ["--data", str(given)],
        "fetch": ["--url", ["", "x", "ftp://x", "http://127.0.0.1:9/"][rng.integers(4)]],
    }

    def call():
        code = cli.main([command, *argv, *safe.get(command, [])])
        told = (0, 1, 2) if command == "predict" else (0, 2)  # 1: some of the photos could not be used, others could
        assert code in told, f"exit code {code}"

    return call


def callback_sets(rng, place):
    """A training with callbacks in any company."""
    k, target, callbacks = kit(), place / "target", keras.callbacks
    makers = [
        lambda: callbacks.EarlyStopping(
            "val_iou", mode="max", patience=int(rng.integers(3)), restore_best_weights=True
        ),
        lambda: callbacks.EarlyStopping("nonsense"),
        lambda: callbacks.ModelCheckpoint(target / "best.keras", monitor="val_loss", save_best_only=True),
        lambda: callbacks.ModelCheckpoint(target / "w.weights.h5", save_weights_only=True, save_freq=1),
        lambda: callbacks.CSVLogger(target / "log.csv", append=True),
        lambda: callbacks.TerminateOnNaN(),
        lambda: callbacks.History(),
        lambda: callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
        lambda: callbacks.ReduceLROnPlateau(),
        lambda: callbacks.BackupAndRestore(target / "backup"),
        lambda: callbacks.LearningRateScheduler(lambda epoch: 0.1),
        lambda: hs.explore.watch_training(k.samples[0]),
        lambda: junk(rng),
    ]
    chosen = [makers[rng.integers(len(makers))]() for _ in range(rng.integers(4))]
    return lambda: hs.fit(small_network(), k.train, k.val, 2, int(rng.integers(3)), callbacks=chosen, out=target / "s")


# How many of 5,000 inputs go through each door: few where each takes seconds
DOORS: dict[Callable, int] = {
    pictures: 1500,
    uploads: 300,
    arguments: 1900,
    folders: 300,
    models: 300,
    archives: 250,
    profiles: 150,
    command_lines: 200,
    states: 40,
    cards: 30,
    callback_sets: 30,
}
