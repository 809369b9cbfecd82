"""Exports: what another runtime says of a photo is what Keras says, and a damaged file says nothing at all."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import handseg_lib as hs
from handseg_lib import InputError, Predictor, export, load_predictor, metrics
from handseg_lib.__main__ import main
from handseg_lib.data.augment import resize
from handseg_lib.data.drawn_rooms import Scenes, people, rooms
from handseg_lib.data.elsewhere import Elsewhere
from handseg_lib.export_file import FORMS, card_of, read_card, write_card

ENDINGS = list(FORMS)
each_form = pytest.mark.parametrize("ending", ENDINGS)


@pytest.fixture(scope="module")
def course():
    return load_predictor()


@pytest.fixture(scope="module")
def exported(course, tmp_path_factory):
    """A function that exports the course's model, once for each ending and precision. Do not write to the files."""
    folder, made = tmp_path_factory.mktemp("exports"), {}

    def make(ending: str, int8: bool = False) -> Path:
        path = folder / f"{'int8' if int8 else 'float'}{ending}"
        if path not in made:
            seen = [*hs.split_by_person(hs.drawn.load()).train[:48], *rooms(24, 224, seed=1)]
            made[path] = export(course, path, seen if int8 else None)
        return made[path]

    return make


@pytest.fixture
def own(exported, tmp_path):
    """A function that copies an export of float32 into a folder of the test's own, and returns its path there."""

    def copy(ending: str = ".onnx") -> Path:
        for file in exported(ending).parent.glob("float.*"):
            shutil.copy(file, tmp_path)
        return tmp_path / f"float{ending}"

    return copy


@pytest.fixture(scope="module")
def photos():
    """Six drawn hands as they are, six in drawn rooms, and two rooms without a hand."""
    hands = hs.split_by_person(hs.drawn.load()).test[::8][:12]
    pairs, empty = [resize(*sample.read(), 224) for sample in hands], rooms(8, 224)
    rng = np.random.default_rng(0)
    elsewhere = Elsewhere(Scenes(empty, people(3, 224)))
    placed = [elsewhere(image, mask, rng)[0] for image, mask in pairs[6:]]
    return [image for image, _ in pairs[:6]] + placed + list(empty[:2])


@pytest.mark.slow
@each_form
def test_float_exports_agree_with_keras(course, exported, photos, ending):
    predictor = load_predictor(exported(ending))
    for photo in photos:
        assert predictor(photo) == pytest.approx(course(photo), abs=1e-3)
    assert predictor(photos[0][:150, :99]).shape == (150, 99), "at the photo's own size, as ever"
    assert (predictor.size, predictor.threshold) == (course.size, course.threshold)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".onnx", ".xml"])
def test_eight_bits_draw_the_same_masks_in_a_quarter_of_the_space(course, exported, photos, ending):
    path, whole = exported(ending, int8=True), exported(ending)
    predictor = load_predictor(path)
    masks = [(course.mask(photo), predictor.mask(photo)) for photo in photos]
    assert np.mean([metrics.iou(*both) for both in masks[:12]]) >= 0.98
    assert all(abs(ours.mean() - theirs.mean()) < 0.01 for ours, theirs in masks[12:]), "the IoU of specks says little"
    sizes = [sum(file.with_suffix(end).stat().st_size for end in FORMS[ending].files) for file in (path, whole)]
    assert sizes[0] < 0.3 * sizes[1]
    assert load_predictor(path).card["precision"] == "int8" and load_predictor(path).card["calibration_photos"] == 72


def test_eight_bits_are_refused_where_they_spoil_the_masks(course, photos, tmp_path):
    with pytest.raises(InputError, match="LiteRT spoils the masks"):
        hs.export(course, tmp_path / "hand.tflite", calibrate=photos)
    assert not list(tmp_path.iterdir())


ALONE = """
import sys, numpy as np, handseg_lib as hs
from handseg_lib.__main__ import main
path, photo, out = sys.argv[1:]
print(hs.load_predictor(path).mask(hs.read_image(photo)).mean())
assert main(["predict", photo, "--model", path, "--out", out]) == 0
held = {"keras", "tensorflow", "matplotlib", "pandas"} & set(sys.modules)
assert not held, held
"""


@pytest.mark.slow
@each_form
def test_no_export_needs_tensorflow_to_run(course, exported, tmp_path, ending):
    photo = hs.drawn.load()[0].image
    command = [sys.executable, "-c", ALONE, exported(ending), photo, tmp_path / "out"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    share = float(ran.stdout.splitlines()[0])
    assert share == pytest.approx(course.mask(hs.read_image(photo)).mean(), abs=1e-3)
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.slow
def test_the_card_says_how_to_use_the_file_and_where_it_comes_from(course, exported):
    card = read_card(exported(".onnx"))
    assert card["size"] == 224 and card["threshold"] == course.threshold and card["classes"] == ["hand"]
    assert "RGB, 0-255" in card["input"] and "probability" in card["output"]
    assert card["network"] == course.card and card["exported"].keys() == {"date", "versions"}
    assert card["agreement"]["largest_difference"] <= 1e-3


@pytest.mark.slow
def test_what_looks_into_a_network_says_that_an_export_has_no_layers(exported, photos):
    with pytest.raises(InputError, match="Give a predictor, or a network of build_unet"):
        hs.explore.look_inside(load_predictor(exported(".onnx")), photos[0])


def refused(path, *words):
    with pytest.raises(InputError) as error:
        load_predictor(path)
    assert "\n" not in str(error.value) and str(path.parent) in str(error.value)
    for word in words:
        assert word in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    "ending, part", [(".onnx", ".onnx"), (".xml", ".bin"), (".xml", ".xml"), (".tflite", ".tflite")]
)
@pytest.mark.parametrize("damage", ["half", "a byte", "missing"])
def test_a_damaged_export_is_refused(own, ending, part, damage):
    path = own(ending)
    file, data = path.with_suffix(part), bytearray(path.with_suffix(part).read_bytes())
    data[len(data) // 2] ^= 1
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(data[: len(data) // 2] if damage == "half" else data)
    refused(path, part, "belong together" if damage == "missing" and part == ending else "SHA-256 differs")


@pytest.mark.slow
def test_a_card_that_was_changed_or_is_anothers_is_refused(own):
    path = own(".onnx")
    card = json.loads(card_of(path).read_text())
    for spoilt in (card | {"threshold": 0.1}, card | {"card_sha256": "0"}, [], {}, {"card_sha256": None}, "no card"):
        card_of(path).write_text(json.dumps(spoilt))
        refused(path, "this card is not as it was written")
    card_of(path).write_text("{")
    refused(path, "this card is not as it was written")
    shutil.copy(card_of(own(".tflite")), card_of(path))  # sound in itself
    refused(path, "no .onnx file's")
    card_of(path).unlink()
    refused(path, "belong together")


@pytest.mark.slow
def test_a_file_that_is_no_network_is_refused_though_its_card_is_sound(own):
    path = own(".onnx")
    card = {name: value for name, value in json.loads(card_of(path).read_text()).items() if name != "card_sha256"}
    write_card(path, card | {"size": 96})
    refused(path, "ONNX Runtime cannot run this file")
    path.write_bytes(b"no network")
    write_card(path, card)
    refused(path, "ONNX Runtime cannot run this file")


@pytest.mark.slow
@each_form
def test_a_missing_runtime_is_named_with_the_way_to_it(own, monkeypatch, ending):
    package = FORMS[ending].package
    monkeypatch.setitem(sys.modules, package, None)
    refused(own(ending), f"needs the package {package.replace('_', '-')}", "pip install", "handseg[export]")


# Making


class Bulge(keras.layers.Layer):
    """Somebody's own, of an operation that no form has."""

    def call(self, x):
        return keras.ops.erfinv(x / 512.0)


@each_form
def test_a_layer_that_a_form_lacks_is_told_and_nothing_is_written(tmp_path, ending):
    seen = keras.Input((32, 32, 3))
    model = keras.Model(seen, keras.layers.Conv2D(1, 1, activation="sigmoid")(Bulge()(seen)))
    with pytest.raises(InputError, match=r"cannot run this network .*not Keras's: Bulge\. Nothing was written"):
        export(model, tmp_path / f"own{ending}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_after_an_error_the_export_of_before_is_whole(own, monkeypatch):
    path = own(".onnx")
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    (path.parent / "part-float.onnx").mkdir()  # of a run that was killed
    (path.parent / "part-float.onnx" / "float.onnx").write_bytes(b"half")

    def fail(model, part, photos):
        part.write_bytes(b"half")
        raise RuntimeError("no more memory")

    monkeypatch.setitem(hs.exporter.MAKERS, "onnx", fail)
    with pytest.raises(InputError, match=r"\(no more memory\)"):
        export(keras_of_any_kind(), path)
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before


def keras_of_any_kind():
    """A small network for photos of 32 px, of Keras's own layers."""
    return keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(1, 1, activation="sigmoid")])


@pytest.mark.parametrize(
    "name, change, words",
    [
        ("hand.pt", {}, ["hand.pt", ".onnx, .xml, .tflite"]),
        ("hand.onnx", {"calibrate": []}, ["no photos"]),
        ("hand.onnx", {"calibrate": [np.zeros((9, 9), np.uint8)]}, ["uint8 (H, W, 3) RGB"]),
        ("hand.onnx", {"mirror": True}, ["mirror"]),
    ],
    ids=["ending", "none", "no photo", "mirror"],
)
def test_what_cannot_be_exported_is_told(tmp_path, name, change, words):
    predictor = Predictor(keras_of_any_kind(), mirror=change.pop("mirror", False))
    with pytest.raises(InputError) as error:
        export(predictor, tmp_path / name, **change)
    assert all(word in str(error.value) for word in words) and list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_an_export_and_a_network_of_bfloat16_are_not_exported(exported, tmp_path):
    with pytest.raises(InputError, match="is an export already"):
        export(load_predictor(exported(".onnx")), tmp_path / "hand.xml")
    layer = keras.layers.Conv2D(1, 1, activation="sigmoid", dtype="mixed_bfloat16", name="quick")
    with pytest.raises(InputError, match="quick computes in bfloat16"):
        export(keras.Sequential([keras.Input((32, 32, 3)), layer]), tmp_path / "hand.xml")


# The command line


@pytest.mark.slow
def test_the_command_line_exports_and_says_what_it_made(exported, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HANDSEG_HGR1", raising=False)
    keras_of_any_kind().save("small.keras")
    assert main(["export", "--form", "onnx", "--out", "new/small.onnx", "--model", "small.keras", "--json"]) == 0
    made = json.loads(capfd.readouterr().out)
    assert made["out"] == os.path.join("new", "small.onnx") and made["agreement"]["largest_difference"] < 1e-3
    assert load_predictor("new/small.onnx").size == 32
    assert main(["export", "--form", "onnx", "--out", "hand.xml"]) == 2
    assert "a file of the form onnx ends in .onnx" in capfd.readouterr().err
