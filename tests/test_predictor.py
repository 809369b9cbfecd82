"""The predictor: a hand probability at the photo's own size, and one line where a model cannot be loaded."""

import hashlib
import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from handseg_lib import (
    InputError,
    Predictor,
    Sample,
    build_unet,
    evaluate,
    hgr1,
    load_predictor,
    split_by_person,
)
from handseg_lib.predictor import COURSE_CARD, COURSE_MODEL


@pytest.fixture(scope="module")
def predictor(unet):
    return Predictor(unet)


@pytest.fixture(scope="module")
def model_file(unet, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    unet.save(path)
    return path


def photo(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("height, width", [(64, 64), (131, 143), (480, 360), (20, 300), (1, 1)])
def test_probabilities_are_at_the_photos_own_size(predictor, height, width):
    hand = predictor(photo(height, width))
    assert hand.shape == (height, width) and hand.dtype == np.float32
    assert 0 <= hand.min() <= hand.max() <= 1


def test_mask_is_where_the_probability_reaches_the_threshold(unet):
    image = photo(80, 100)
    middle = float(np.median(Predictor(unet)(image)))
    mask = Predictor(unet, threshold=middle).mask(image)
    assert mask.dtype == np.uint8 and set(np.unique(mask)) == {0, 1}
    assert np.array_equal(mask, Predictor(unet)(image) >= middle)


def test_many_photos_are_predicted_as_each_alone(predictor):
    images = [photo(70, 90, 1), photo(128, 64, 2), photo(64, 64, 3)]
    for image, hand in zip(images, predictor.many(images), strict=True):
        assert hand == pytest.approx(predictor(image), abs=1e-5)


def test_the_mirror_image_has_a_say_of_one_half(unet, predictor):
    image = photo(96, 80)
    both = Predictor(unet, mirror=True)(image)
    mirrored = predictor(np.ascontiguousarray(image[:, ::-1]))[:, ::-1]
    assert both == pytest.approx((predictor(image) + mirrored) / 2, abs=1e-5)
    assert abs(mirrored - predictor(image)).max() > 1e-3, "or the test would say nothing"


@pytest.mark.parametrize(
    "image",
    [photo(9, 9).astype("float32"), photo(9, 9)[..., 0], photo(9, 9)[..., :2], np.zeros((9, 9, 4), np.uint8)],
    ids=["float", "grey", "two channels", "RGBA"],
)
def test_what_is_no_rgb_photo_is_refused(predictor, image):
    with pytest.raises(InputError) as error:
        predictor(image)
    assert "uint8 (H, W, 3) RGB" in str(error.value)
    assert image.dtype.name in str(error.value) and str(image.shape) in str(error.value)


def test_a_saved_model_predicts_as_before(predictor, model_file):
    loaded = load_predictor(str(model_file))
    assert loaded.size == 64 and loaded.threshold == 0.5
    assert np.array_equal(loaded(photo(80, 100)), predictor(photo(80, 100)))


def refused(path, *words):
    with pytest.raises(InputError) as error:
        load_predictor(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_a_missing_model_is_named_with_the_way_to_one(tmp_path):
    refused(tmp_path / "nowhere.keras", "python -m handseg_lib train")
    refused(tmp_path, "python -m handseg_lib train")


@pytest.mark.parametrize("content", [b"", b"no model\nat all"], ids=["empty", "text"])
@pytest.mark.parametrize("suffix", [".keras", ".h5", ".txt"])
def test_a_file_that_is_no_model_is_refused(tmp_path, content, suffix):
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    refused(path, "cannot load this model")


def test_a_zip_that_is_no_model_is_refused(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.jpg", b"")
    refused(path, "cannot load this model")


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_half_a_model_is_refused(model_file, tmp_path, share):
    data = model_file.read_bytes()
    (tmp_path / "half.keras").write_bytes(data[: int(share * len(data))])
    refused(tmp_path / "half.keras", "cannot load this model")


def test_a_model_with_a_flipped_byte_is_refused(model_file, tmp_path):
    data = bytearray(model_file.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "flipped.keras").write_bytes(data)
    refused(tmp_path / "flipped.keras", "cannot load this model")


def test_a_model_of_another_kind_is_refused(tmp_path):
    keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)]).save(tmp_path / "dense.keras")
    refused(tmp_path / "dense.keras", "no U-Net")
    with pytest.warns(UserWarning, match="not yet been built"):
        keras.Sequential([keras.layers.Dense(1)]).save(tmp_path / "unbuilt.keras")
    refused(tmp_path / "unbuilt.keras", "no U-Net")


@pytest.mark.parametrize("shape, classes", [((32, 48), 1), ((32, 32), 2)], ids=["not square", "two classes"])
def test_a_network_that_the_predictor_would_misread_is_refused(tmp_path, shape, classes):
    photo = keras.Input((*shape, 3))
    keras.Model(photo, keras.layers.Conv2D(classes, 1)(photo)).save(tmp_path / "other.keras")
    refused(tmp_path / "other.keras", "no U-Net for square photos")
    keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(1, 1)]).save(tmp_path / "any size.keras")
    refused(tmp_path / "any size.keras", "of one size")


def test_a_network_of_no_fixed_size_cannot_predict(samples):
    with pytest.raises(InputError, match=r"\(None, None, 3\).*of one size.*build_unet"):
        evaluate(build_unet(None, weights=None), samples)


def test_without_a_path_the_courses_own_model_is_loaded(samples):
    predictor, card = load_predictor(), json.loads(COURSE_CARD.read_text())
    assert (predictor.size, predictor.threshold) == (card["size"], card["threshold"])
    with np.load(COURSE_MODEL) as kept:
        for k, weight in enumerate(predictor.model.get_weights()):
            assert np.array_equal(weight, kept[f"weight{k}"].astype("float32"))
            assert np.isfinite(weight).all(), "float16 holds no more than 65504"
    image, mask = samples[0].read()
    assert predictor(image).shape == mask.shape
    assert COURSE_MODEL.stat().st_size <= 25e6


def test_the_card_names_the_split_that_hgr1_has_and_what_the_model_was_made_with():
    card = json.loads(COURSE_CARD.read_text())
    photos = sorted(line.split("/")[-1] for line in hgr1.LIST.read_text().splitlines() if hgr1.IMAGES in line)
    found = [(Path(photo), hgr1.NAME.match(photo)) for photo in photos]
    split = split_by_person([Sample(path, path, name["person"], name["gesture"]) for path, name in found])
    assert card["split"] == {name: sorted({s.person for s in part}) for name, part in split._asdict().items()}
    told = "\n".join(sample.image.name for part in split for sample in part)
    assert card["split_sha256"] == hashlib.sha256(told.encode()).hexdigest()
    assert card["training"].keys() >= {"date", "versions"}
