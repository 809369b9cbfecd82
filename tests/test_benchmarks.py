"""What the benchmarks add to the library does what its name says."""

import json
import shutil
import sys
from functools import partial

import keras
import numpy as np
import pytest

from benchmarks import ablation, latency, rooms, time_to_quality
from handseg_lib import Predictor


@pytest.fixture(scope="module")
def sees_red():
    """A network whose answer is the photo's red channel."""
    photo = keras.Input((64, 64, 3))
    return keras.Model(photo, photo[..., :1] / 255.0)


@pytest.mark.parametrize("shape", [(60, 90), (90, 60), (64, 64), (61, 128)])
@pytest.mark.parametrize("way", [ablation.Boxing, partial(Predictor, mirror=True)], ids=["letterbox", "mirror"])
def test_letterbox_and_mirror_give_every_pixel_back_to_its_place(sees_red, shape, way):
    predictor = way(sees_red)
    red = np.outer(np.linspace(40, 200, shape[0]), np.linspace(0.5, 1, shape[1]))  # smooth: what is squashed comes back
    (hand,) = predictor.predict_batch([np.repeat(red[..., None], 3, 2).astype(np.uint8)])
    assert hand.shape == shape and np.abs(hand * 255 - red)[3:-3, 3:-3].max() < 4


def test_a_variants_change_is_person_by_person():
    def training(**ious):
        return {"cpu_seconds": 1.0, "rows": [{"image": p, "person": p, "iou": iou} for p, iou in ious.items()]}

    base, other = [training(a=0.8), training(b=0.6)], [training(a=0.9), training(b=0.6)]
    row = ablation.summary("other", other, base)
    assert row["iou"] == pytest.approx(0.75) and row["worst_person_iou"] == 0.6
    assert row["change"] == pytest.approx(0.05) and row["low"] == 0.0 and row["high"] == pytest.approx(0.1)


def test_scores_of_another_recipe_are_not_mixed_with_these(tmp_path):
    name = "without disguise"
    for disguise, stops in ((0, False), (0.2, True)):
        told = ablation.told(ablation.VARIANTS[name])
        told["augment"]["disguise"] = disguise
        ablation.kept(tmp_path, name, 0, 0).write_text(json.dumps({"variant": told, "rows": []}))
        if stops:
            with pytest.raises(SystemExit, match="of another recipe"):
                ablation.load(tmp_path, name, 0, 0)
        else:
            assert ablation.load(tmp_path, name, 0, 0)["rows"] == []


def test_the_best_form_is_the_fastest_export_that_loses_little():
    rows = {
        ("ours, Keras", "float32"): {"f1": 0.974, "ms_alone": 80.0},
        ("ours, Keras", "bfloat16"): {"f1": 0.974, "ms_alone": 5.0},  # no export
        ("ours, OpenVINO", "int8"): {"f1": 0.9712, "ms_alone": 12.0, "megabytes": 10.0},
        ("ours, OpenVINO", "bfloat16"): {"f1": 0.974, "ms_alone": 14.0, "megabytes": 40.0},
        ("ours, ONNX Runtime", "int8"): {"f1": 0.9709, "ms_alone": 6.0, "megabytes": 10.0},  # loses 0.0031
        ("smp's, PyTorch", "float32"): {"ms_alone": 1.0},
    }
    assert latency.choose(rows) == ("ours, OpenVINO", "int8")


def test_a_networks_row_has_the_median_of_all_turns_and_the_size_of_its_files():
    turns = [
        {"ms_alone": [9.0, 1.0], "ms_in_a_batch": [4.0], "seconds_to_first_mask": 3.0, "megabytes_of_memory": 90.2},
        {"ms_alone": [2.0], "ms_in_a_batch": [6.0], "seconds_to_first_mask": 2.5, "megabytes_of_memory": 95.0},
    ]
    turns[0] |= {"f1": 0.5, "rooms_iou": 0.25, "scored_photos": 7}
    assert latency.row("ours, OpenVINO", "bfloat16", turns, {"float32.xml": 40.04, "int8.xml": 10.0}) == {
        "network": "ours, OpenVINO bfloat16", "ms_alone": 2.0, "ms_in_a_batch": 5.0, "seconds_to_first_mask": 2.5,
        "megabytes_of_memory": 90, "megabytes": 40.0, "f1": 0.5, "rooms_iou": 0.25,
    }  # fmt: skip


def test_another_light_changes_the_photo_and_leaves_the_mask(samples):
    image, mask = samples[0].read()
    for light in ablation.LIGHTS:
        lit, same = ablation.lit(samples[0], light).read()
        assert np.array_equal(same, mask) and 5 < np.abs(lit.astype(int) - image).mean() < 60


def test_a_letterboxed_sample_is_square_and_its_mask_lies_where_its_photo_does(samples):
    image, mask = samples[0].read()
    box, boxed = ablation.boxed(samples[0]).read()
    side, (height, width) = max(mask.shape), mask.shape
    top, left = (side - height) // 2, (side - width) // 2
    assert height != width and box.shape == (side, side, 3) and boxed.sum() == mask.sum()
    assert np.array_equal(box[top : top + height, left : left + width], image)
    assert np.array_equal(boxed[top : top + height, left : left + width], mask)


def test_the_hands_of_a_world_are_counted_photo_by_photo(make_pair):
    """Three photos of four pixels, reddest first; those from half red on are called hand."""
    row, told = [255, 200, 100, 0], []
    for name, mask in (("A", [1, 1, 0, 0]), ("B", [1, 1, 1, 1]), ("C", [0, 0, 0, 1])):
        image = np.zeros((64, 64, 3), np.uint8)
        image[..., 0] = np.repeat(row, 16)
        told.append(make_pair(image, np.tile(np.repeat(mask, 16), (64, 1)), f"{name}_P_hgr1_id01_1.png"))
    found = rooms.hands(HalfRed(), told)
    assert found["iou"] == pytest.approx((1 + 0.5 + 0) / 3) and found["photos"] == 3
    assert found["worst_photo"] == "C_P_hgr1_id01_1.png" and found["worst_photo_iou"] == 0 and found["poor_photos"] == 1
    assert found["recall"] == pytest.approx((1 + 0.5 + 0) / 3) and found["precision"] == pytest.approx((1 + 1 + 0) / 3)


class HalfRed:
    threshold = 0.5

    def predict_batch(self, images):
        return [image[..., 0] / 255 for image in images]

    def mask(self, image):
        return (image[..., 0] >= 128).astype(np.uint8)


def test_false_hand_is_the_share_of_pictures_without_a_hand():
    half, none = np.zeros((2, 8, 8, 3), np.uint8)
    half[:, :4, 0] = 255
    assert rooms.false_hand(HalfRed(), [half, none]) == 0.25
    assert rooms.false_hand(HalfRed(), [rooms.grey(half)]) == 0, "grey, this red is 76"


def test_a_grey_sample_has_no_colours_and_the_same_mask(samples):
    image, mask = samples[0].read()
    grey, same = rooms.greyed(samples[0]).read()
    assert np.array_equal(same, mask) and grey.shape == image.shape and grey.dtype == np.uint8
    assert (grey == grey[..., :1]).all()
    assert np.abs(grey[..., 0] - image @ (0.299, 0.587, 0.114)).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", rooms.NO_HANDS)
def test_pictures_without_a_hand_come_with_the_dependencies(name):
    for picture in rooms.NO_HANDS[name][1]():
        height, width, channels = picture.shape
        assert picture.dtype == np.uint8 and min(height, width) > 200 and channels == 3


@pytest.mark.parametrize("name", ["HANDSEG_ROOMS", "HANDSEG_HGR1"])
def test_two_worlds_are_needed_and_a_missing_one_is_told_in_one_line(monkeypatch, tmp_path, hands, name):
    shutil.copytree(hands / "original_images", tmp_path / "images")
    shutil.copytree(hands / "skin_masks", tmp_path / "masks")
    monkeypatch.setattr(sys, "argv", ["rooms", "--json"])
    for variable, folder in (("HANDSEG_HGR1", hands), ("HANDSEG_ROOMS", tmp_path)):
        monkeypatch.setenv(variable, str(tmp_path / "nowhere" if variable == name else folder))
    with pytest.raises(SystemExit, match=f"benchmarks.rooms: .*nowhere.*: no such folder.*{name}"):
        rooms.main()


def test_every_person_who_is_no_test_person_is_scored_once():
    scored = [person for fold in ablation.FOLDS for person in fold]
    assert sorted(scored) == ["01", "03", "04", "06", "07", "08", "10", "11", "12"]


def test_seconds_to_a_target_are_those_of_all_epochs_up_to_it():
    rows = [{"seconds": 10.0, "val_iou": iou} for iou in (0.5, 0.7, 0.6, 0.8)]
    assert time_to_quality.reached(rows, 0.7) == 20
    assert time_to_quality.reached(rows, 0.75) == 40
    assert time_to_quality.reached(rows, 0.9) is None
