"""The predictor: a hand probability at the photo's own size, and one line where a model cannot be loaded."""

import hashlib
import json
import sys
import tracemalloc
import zipfile
from pathlib import Path

import cv2
import h5py
import keras
import numpy as np
import pytest
from PIL import Image

from handseg_lib import InputError, Predictor, Sample, build_unet, evaluate, load_predictor, split_by_person
from handseg_lib.course import as_published, profile
from handseg_lib.data import drawn, hgr1
from handseg_lib.predictor import COURSE_CARD, COURSE_MODEL, enlarged, named_weights


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


@pytest.mark.parametrize("height", [80, 300, 512], ids=["one strip", "two", "two full ones"])
def test_mask_is_where_the_probability_reaches_the_threshold(unet, height, monkeypatch):
    monkeypatch.setattr("handseg_lib.predictor.WHOLE", 0)
    image = photo(height, 100)
    middle = float(np.median(Predictor(unet)(image)))
    mask = Predictor(unet, threshold=middle).mask(image)
    assert mask.dtype == np.uint8 and set(np.unique(mask)) == {0, 1}
    assert np.array_equal(mask, Predictor(unet)(image) >= middle)


@pytest.mark.parametrize("height, width", [(700, 300), (64, 64), (40, 30), (1, 500)])
def test_strips_of_an_answer_are_together_what_opencv_makes_of_it(height, width, monkeypatch):
    monkeypatch.setattr("handseg_lib.predictor.WHOLE", 0)
    answer = np.random.default_rng(0).random((64, 64), np.float32)
    strips = [strip for _, strip in enlarged(answer, height, width)]
    assert np.concatenate(strips) == pytest.approx(cv2.resize(answer, (width, height)), abs=1e-5)


def test_the_mask_of_a_large_photo_takes_no_more_memory_than_itself(predictor):
    """Its probability would take four bytes for each pixel, and a photo may have a hundred million of them."""
    image = np.zeros((12_000, 800, 3), np.uint8)
    tracemalloc.start()
    try:
        mask = predictor.mask(image)
        assert tracemalloc.get_traced_memory()[1] < 2 * mask.nbytes
    finally:
        tracemalloc.stop()


def test_a_picture_of_pillows_has_its_mask_too(predictor):
    image = photo(70, 90, 1)
    assert np.array_equal(predictor.mask(Image.fromarray(image)), predictor.mask(image))


def test_many_photos_are_predicted_as_each_alone(predictor):
    images = [photo(70, 90, 1), photo(128, 64, 2), photo(64, 64, 3)]
    for image, hand in zip(images, predictor.predict_batch(images), strict=True):
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


@pytest.mark.slow
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


# Models from others


def saved(path, *layers, side=32):
    """Saves a network of these layers, for photos of (side, side, 3)."""
    keras.Sequential([keras.Input((side, side, 3)), *layers]).save(path)
    return path


def hand(**settings):
    return keras.layers.Conv2D(1, 1, **{"activation": "sigmoid"} | settings)


def declared(path, old, new):
    """Says something else in the config of a saved model, as somebody might who means harm."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts["config.json"].decode()
    parts["config.json"] = parts["config.json"].decode().replace(old, new).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path


def peak():
    """The most memory that this process has had so far, in GB."""
    resource = pytest.importorskip("resource")
    unit = 1e9 if sys.platform == "darwin" else 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def own_loss(told, said):
    return (told - said) ** 2


@pytest.mark.slow
def test_a_network_of_ones_own_is_loaded(tmp_path):
    """Whatever common layers it is made of, trained with whatever loss, and with models within the model."""
    x = seen = keras.Input((32, 32, 3))
    inner = keras.Sequential([keras.layers.SeparableConv2D(4, 3, padding="same"), keras.layers.LeakyReLU()])
    x = inner(keras.layers.Rescaling(1 / 255)(x))
    x = keras.layers.UpSampling2D()(keras.layers.MaxPooling2D()(x)) + x
    model = keras.Model(seen, keras.layers.Activation("sigmoid")(keras.layers.Conv2D(1, 1)(x)))
    model.compile(loss=own_loss)
    model.save(tmp_path / "own.keras")
    image = photo(32, 32)
    assert load_predictor(tmp_path / "own.keras")(image) == pytest.approx(Predictor(model)(image))
    published = as_published.build_unet(64, weights=None)
    published.save(tmp_path / "published.keras")
    assert load_predictor(tmp_path / "published.keras").size == 64


class Other(keras.layers.Layer):
    """Somebody else's, and never registered."""

    def call(self, x):
        return x


@pytest.mark.parametrize(
    "layer, name", [(Other, "Other"), (lambda: keras.layers.Lambda(lambda x: 1 - x), "Lambda")], ids=["other", "lambda"]
)
def test_a_layer_that_is_not_known_is_named(tmp_path, layer, name):
    refused(saved(tmp_path / "model.keras", layer(), hand()), f"({name} in it is none of the layers")


@pytest.mark.parametrize("suffix", [".h5", ".hdf5"])
def test_a_format_that_may_hold_a_program_is_not_loaded(tmp_path, suffix):
    """Keras 3.10 ran what is in an .h5; here it is not even asked."""
    path = tmp_path / f"model{suffix}"
    ran = tmp_path / "it ran"
    lines = f"(open({str(ran)!r}, 'w').close(), x)[1]"
    network = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Lambda(eval(f"lambda x: {lines}")), hand()])
    network.save(path)
    ran.unlink()  # Keras has run it to build the network
    refused(path, "no .keras file")
    assert not ran.exists()


@pytest.mark.parametrize(
    "made",
    [
        {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "file:///etc/hostname"}},
        {"module": "os", "class_name": "system", "config": "true", "registered_name": "handseg>CaffePreprocess2"},
        {"module": "keras.layers", "class_name": "function", "config": "get", "registered_name": "handseg>dice_loss"},
        {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "/tmp"}, "registered_name": None},
        {"module": "handseg_lib.doctor", "class_name": "Add", "config": {}, "registered_name": None},
    ],
    ids=lambda made: made["class_name"],
)
def test_nothing_but_layers_is_made(tmp_path, made):
    path = saved(tmp_path / "model.keras", hand(name="last"))
    refused(declared(path, '"sigmoid"', json.dumps(made)), f"({made['class_name']} in it is none of the layers")


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("[null, 32, 32, 3]", "[null, 65536, 65536, 3]", "(65536, 65536, 3), and at most"),
        ('"filters": 7', '"filters": 1000000000', "28000000000 weights"),  # 3 * 3 * 3 * 10**9, and a bias each
        ('"size": [2, 2]', '"size": [4096, 4096]', "(131072, 131072, 7), and at most"),
    ],
    ids=["side", "filters", "between"],
)
def test_a_model_that_asks_for_all_memory_is_refused_before_it_is_built(tmp_path, old, new, said):
    """A file of 20 kB could take what the machine has."""
    photo = keras.Input((32, 32, 3))
    x = keras.layers.UpSampling2D()(keras.layers.Conv2D(7, 3, padding="same")(photo))
    keras.Model(photo, keras.layers.GlobalMaxPooling2D()(x)).save(tmp_path / "model.keras")
    before = peak()
    refused(declared(tmp_path / "model.keras", old, new), said)
    assert peak() - before < 0.3


@pytest.mark.slow
def test_a_config_that_swells_when_unpacked_is_refused(tmp_path):
    path = tmp_path / "model.keras"
    before = peak()
    with zipfile.ZipFile(saved(path, hand()), "a", zipfile.ZIP_DEFLATED) as archive, pytest.warns(UserWarning):
        with archive.open("config.json", "w") as stream:  # the later one counts
            for _ in range(400):
                stream.write(b" " * 2**20)
    refused(path, "config.json in it is too large")
    assert peak() - before < 0.3


def test_weights_that_swell_when_read_are_refused(tmp_path):
    """HDF5 packs, too: 4 GB of zeros are a few MB there."""
    path = saved(tmp_path / "model.keras", hand())
    weights = tmp_path / "weights.h5"
    with h5py.File(weights, "w") as file:
        file.create_dataset("layers/conv2d/vars/0", (2**30,), "float32", chunks=(2**24,), compression="gzip")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in ("metadata.json", "config.json")}
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
        archive.write(weights, "model.weights.h5")
    refused(path, "weights would be larger")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_weight_that_is_no_number_is_named(tmp_path, value):
    layer = hand(name="last", bias_initializer=keras.initializers.Constant(0.5))
    network = keras.Sequential([keras.Input((32, 32, 3)), layer])
    layer.bias.assign([value])
    network.save(tmp_path / "model.keras")
    refused(tmp_path / "model.keras", "its weight last/bias is not a number")


def test_a_model_with_two_configs_is_refused(tmp_path):
    """One of them would be looked at, and the other built."""
    path = saved(tmp_path / "model.keras", hand())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning):
        archive.writestr("config.json", archive.read("config.json"))
    refused(path, "two files in it have one name")


def test_a_model_that_gives_no_probability_is_refused(tmp_path):
    refused(saved(tmp_path / "model.keras", hand(activation=None)), "no sigmoid")
    network = keras.Sequential([keras.Input((32, 32, 3)), hand(activation=None, kernel_initializer="ones")])
    with pytest.raises(InputError, match="says 765 to 765, and a probability is 0 to 1"):  # white: 3 * 255
        Predictor(network)(np.full((8, 8, 3), 255, np.uint8))
    network.set_weights([np.full((1, 1, 3, 1), np.nan), np.zeros(1)])
    with pytest.raises(InputError, match="says nan to nan"):
        Predictor(network)(np.full((8, 8, 3), 255, np.uint8))


@pytest.mark.slow
def test_weights_have_the_same_names_whatever_was_built_before():
    names = [*named_weights(build_unet(32, weights=None))]
    assert names == [*named_weights(build_unet(32, weights=None))]
    assert {"conv1_conv/kernel", "conv2d_transpose/kernel", "conv2d_transpose_3/bias", "hand/bias"} <= set(names)


@pytest.mark.parametrize("damage", ["a byte", "half", "card", "missing", "swapped"])
def test_a_damaged_course_model_is_named(tmp_path, monkeypatch, damage):
    model, card = tmp_path / "course_model.npz", tmp_path / "course_model.json"
    data = bytearray(COURSE_MODEL.read_bytes())
    if damage == "a byte":
        data[len(data) // 2] ^= 1
    if damage == "swapped":
        np.savez(model, **{name: weight.numpy() for name, weight in named_weights(build_unet(224)).items()})
    elif damage != "missing":
        model.write_bytes(data[: len(data) // 2] if damage == "half" else data)
    card.write_text("{" if damage == "card" else COURSE_CARD.read_text("utf-8"))
    monkeypatch.setattr("handseg_lib.predictor.COURSE_MODEL", model)
    monkeypatch.setattr("handseg_lib.predictor.COURSE_CARD", card)
    with pytest.raises(InputError) as error:
        load_predictor()
    assert str(error.value).startswith(f"{model}: ") and "Install the package again" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_network_of_no_fixed_size_cannot_predict(samples):
    with pytest.raises(InputError, match=r"\(None, None, 3\).*of one size.*build_unet"):
        evaluate(build_unet(None, weights=None), samples)


def test_without_a_path_the_courses_own_model_is_loaded(samples):
    predictor, card = load_predictor(), json.loads(COURSE_CARD.read_text())
    assert (predictor.size, predictor.threshold) == (card["size"], card["threshold"])
    with np.load(COURSE_MODEL) as kept:
        for name, weight in named_weights(predictor.model).items():
            assert np.array_equal(weight, kept[name].astype("float32"))
            assert np.isfinite(weight).all(), "float16 holds no more than 65504"
    image, mask = samples[0].read()
    assert predictor(image).shape == mask.shape
    assert COURSE_MODEL.stat().st_size <= 25e6


@pytest.mark.slow
def test_what_is_shipped_outlines_the_hands_of_strangers():
    """As a user gets it, threshold included, on a few photos of each person who had no part in its making."""
    on_photos = hgr1.available()
    samples = split_by_person(hgr1.load() if on_photos else drawn.load()).test
    score = evaluate(load_predictor(), profile.thin(samples, 8)).summary()["iou"]
    assert score > (0.93 if on_photos else 0.9)


def test_the_card_names_the_split_that_hgr1_has_and_what_the_model_was_made_with():
    card = json.loads(COURSE_CARD.read_text())
    photos = sorted(line.split("/")[-1] for line in hgr1.LIST.read_text().splitlines() if hgr1.IMAGES in line)
    found = [(Path(photo), hgr1.NAME.match(photo)) for photo in photos]
    split = split_by_person([Sample(path, path, name["person"], name["gesture"]) for path, name in found])
    assert card["split"] == {name: sorted({s.person for s in part}) for name, part in split._asdict().items()}
    told = "\n".join(sample.image.name for part in split for sample in part)
    assert card["split_sha256"] == hashlib.sha256(told.encode()).hexdigest()
    assert card["training"].keys() >= {"date", "versions"}
