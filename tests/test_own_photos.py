"""A learner's own folders: which mask is of which photo, what is said of what are no masks, and how to make some."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_house import ROOT

from handseg_lib import InputError, check_pairs, pair, read_mask

PAGE = ROOT / "docs" / "own_photos.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)


@pytest.fixture
def put(tmp_path):
    """A function that writes pictures by their paths below ``tmp_path``, white on black, and returns a folder."""

    def write(*names, folder="photos"):
        for name in names:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.uint8([[0, 255], [0, 255]])).save(path)
        return tmp_path / folder

    return write


def stems(samples):
    return [(sample.image.name, sample.mask.name) for sample in samples]


@pytest.mark.parametrize("ending", ["", "_mask", "-seg", "_segmentation", ".label", " Mask", "_gt", "-matte"])
def test_a_masks_name_may_have_an_ending(put, ending):
    samples = pair(put("a_1.jpg", "b.jpg"), put(f"a_1{ending}.png", f"b{ending}.png", folder="masks"))
    assert stems(samples) == [("a_1.jpg", f"a_1{ending}.png"), ("b.jpg", f"b{ending}.png")]


def test_a_photo_that_ends_as_a_mask_goes_with_its_own(put):
    samples = pair(put("new_mask.jpg"), put("new_mask.png", folder="masks"))
    assert stems(samples) == [("new_mask.jpg", "new_mask.png")]


def test_with_endings_they_may_be_in_one_folder(put):
    folder = put("a.jpg", "a_mask.png", "b.jpg", "b_mask.png")
    assert stems(pair(folder, folder)) == [("a.jpg", "a_mask.png"), ("b.jpg", "b_mask.png")]
    (folder / "b_mask.png").unlink()
    with pytest.raises(InputError, match=r"1 without a partner \(b.jpg\)"):
        pair(folder, folder)


def test_two_masks_of_one_photo_are_refused(put):
    with pytest.raises(InputError, match="a_seg.png: a_mask.png is of the same photo"):
        pair(put("a.jpg"), put("a_mask.png", "a_seg.png", folder="masks"))


@pytest.mark.parametrize("rule", [r"seg of (.+)", r"\w+$", lambda stem: stem.removeprefix("seg of ")])
def test_a_rule_says_which_photo_a_mask_is_of(put, rule):
    samples = pair(put("a.jpg", "b.jpg"), put("seg of a.png", "seg of b.png", folder="masks"), photo_of=rule)
    assert stems(samples) == [("a.jpg", "seg of a.png"), ("b.jpg", "seg of b.png")]


def test_folders_in_folders_are_searched_where_that_is_asked_for(put):
    photos = put("anna/1.jpg", "ben/1.jpg", "ben/.thumbs/1.jpg")
    masks = put("anna/1_mask.png", "ben/1_mask.png", folder="masks")
    samples = pair(photos, masks, person=r"^[^/]+", nested=True)
    assert [(sample.person, sample.image.parent.name) for sample in samples] == [("anna", "anna"), ("ben", "ben")]
    with pytest.raises(InputError, match=r"but in folders of it \(anna, ben\).*nested=True"):
        pair(photos, masks)


THERE = {
    "a.json": ('{"shapes": []}', "1 of .json: outlines as labelme writes them"),
    "instances.json": ('{"annotations": [], "images": []}', "outlines as COCO has them"),
    "other.json": ("[1, 2", "JSON, maybe of polygons"),
    "a.npy": ("", "arrays of NumPy"),
    "a.txt": ("0 0.1 0.2", "the polygons of YOLO"),
}


@pytest.mark.parametrize("name", THERE)
def test_what_is_there_in_place_of_masks_is_said(put, tmp_path, name):
    text, words = THERE[name]
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / name).write_text(text)
    with pytest.raises(InputError) as error:
        pair(put("a.jpg"), tmp_path / "labels")
    assert words in str(error.value) and "docs/own_photos.md" in str(error.value)


def test_a_file_of_coco_is_no_folder_of_masks(put, tmp_path):
    (tmp_path / "instances.json").write_text("{}")
    with pytest.raises(InputError, match="a file, and a folder of pictures is wanted.*docs/own_photos.md"):
        pair(put("a.jpg"), tmp_path / "instances.json")


@pytest.mark.parametrize("name", ["person", "photo_of"])
def test_a_rule_that_is_no_regular_expression_is_named(put, name):
    with pytest.raises(InputError, match=r"'\(a': no regular expression"):
        pair(put("a.jpg"), put("a.png", folder="masks"), **{name: "(a"})


def test_check_pairs_takes_endings_too(put):
    checked = check_pairs(put("a.jpg", "b.jpg"), put("a_mask.png", folder="masks"), "white")
    assert checked.checked == 1 and list(checked.table.file[checked.table.fault == "no partner"]) == ["photos/b.jpg"]


# The page's lines

SQUARE = [[2, 1], [7, 1], [7, 6], [2, 6]]
TRUE = np.zeros((9, 12), np.uint8)
TRUE[1:7, 2:8] = 1  # corners count in
RECORDS = {
    "labelme": (
        "labels/a.json",
        {
            "imageHeight": 9,
            "imageWidth": 12,
            "shapes": [
                {"label": "hand", "shape_type": "polygon", "points": SQUARE},
                {"label": "face", "shape_type": "polygon", "points": [[0, 0], [11, 0], [11, 8]]},
            ],
        },
    ),
    "COCO": (
        "annotations.json",
        {
            "categories": [{"id": 3, "name": "hand"}, {"id": 4, "name": "face"}],
            "images": [{"id": 8, "file_name": "day one/a.jpg", "height": 9, "width": 12}],
            "annotations": [
                {"image_id": 8, "category_id": 3, "segmentation": [np.ravel(SQUARE).tolist()]},
                {"image_id": 8, "category_id": 4, "segmentation": [[0, 0, 11, 0, 11, 8]]},
                {"image_id": 9, "category_id": 3, "segmentation": [[0, 0, 11, 0, 11, 8]]},
            ],
        },
    ),
    "NumPy": ("arrays/a.npy", TRUE * 7),
}


@pytest.mark.parametrize("name", RECORDS)
def test_the_pages_lines_make_masks_of_outlines(tmp_path, monkeypatch, name):
    (lines,) = [block for block in BLOCKS if RECORDS[name][0].partition("/")[0].partition(".")[0] in block]
    monkeypatch.chdir(tmp_path)
    file, record = RECORDS[name]
    Path(file).parent.mkdir(exist_ok=True)
    np.save(file, record) if name == "NumPy" else Path(file).write_text(json.dumps(record))
    exec(lines, {})
    assert np.array_equal(read_mask("masks/a.png", "white"), TRUE)


def test_the_pages_first_lines_run(put, monkeypatch, tmp_path, capsys):
    names = [f"{person}_{take}" for person in ("anna", "ben", "carl") for take in (1, 2)]
    put(*(f"{name}.jpg" for name in names))
    put(*(f"{name}.png" for name in names), folder="masks")
    monkeypatch.chdir(tmp_path)
    exec(BLOCKS[0], made := {})
    assert [len(part) for part in made["split"]] == [2, 2, 2]
    assert "6 pairs checked" in capsys.readouterr().out
