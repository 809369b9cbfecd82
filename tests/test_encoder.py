"""The encoder: its taps, its weights, what it is fed, and what training leaves alone."""

import gc
import os
import re

import keras
import numpy as np
import pytest
from sklearn.datasets import load_sample_images

from handseg_lib import InputError, build_unet, training
from handseg_lib import encoder as enc
from handseg_lib.course import as_published
from handseg_lib.data.augment import resize_image


@pytest.fixture(scope="module")
def encoder():
    return enc.build_encoder(64)


@pytest.fixture(scope="module")
def photos():
    """Two real photos that come with scikit-learn, uint8 (2, 224, 224, 3)."""
    return np.stack([resize_image(image, 224) for image in load_sample_images().images])


def features(encoder, images):
    return [keras.ops.convert_to_numpy(x) for x in encoder(keras.ops.convert_to_tensor(images), training=False)]


def arrays(weights):
    return [np.array(keras.ops.convert_to_numpy(weight)) for weight in weights]


# Taps


@pytest.mark.parametrize("taps, channels", [("default", (64, 256, 512, 1024)), ("published", (64, 256, 128, 1024))])
def test_taps_have_the_strides_and_channels_of_the_facts(taps, channels):
    encoder = enc.build_encoder(224, taps, weights=None)
    assert [x.shape[1:] for x in encoder.outputs] == [
        (side, side, depth) for side, depth in zip((112, 56, 28, 14), channels)
    ]


def test_default_taps_come_after_relu_and_published_ones_before(encoder, photos):
    small = photos[:, :64, :64]
    assert all(x.min() >= 0 for x in features(encoder, small))
    assert all(x.min() < 0 for x in features(enc.build_encoder(64, "published"), small))


def test_taps_may_be_layer_names():
    names = ("conv1_conv", "conv2_block1_out", "conv3_block1_out", "conv4_block1_out")
    assert [x.shape[-1] for x in enc.build_encoder(64, names, weights=None).outputs] == [64, 256, 512, 1024]


@pytest.mark.parametrize(
    "taps",
    [
        "best",
        ("conv1_relu",),
        ("conv1_relu", "conv2_block3_out", "conv3_block4_out", "conv4_block9_out"),
        ("conv4_block6_out", "conv3_block4_out", "conv2_block3_out", "conv1_relu"),
    ],
)
def test_unknown_taps_are_refused(taps):
    with pytest.raises(InputError) as error:
        enc.build_encoder(64, taps, weights=None)
    assert "taps=" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("size, instead", [(100, 96), (223, 224), (225, 224), (16, 32), (0, 32), (-64, 32)])
def test_a_size_that_does_not_halve_four_times_is_refused_with_one_that_does(size, instead):
    with pytest.raises(InputError) as error:
        enc.build_encoder(size, weights=None)
    assert f"size={size}:" in str(error.value)
    assert int(re.search(r"say (\d+)", str(error.value))[1]) == instead
    enc.check_size(instead)


# Weights


def test_loading_takes_the_embedded_values_exactly(encoder):
    seen = set()
    with np.load(enc.WEIGHTS) as kept:
        for layer in encoder.layers:
            for weight in layer.weights:
                name = f"{layer.name}/{weight.name}"
                assert np.array_equal(keras.ops.convert_to_numpy(weight), kept[name].astype("float32")), name
                seen.add(name)
        assert seen == set(kept.files)
    assert sum(weight.size for weight in arrays(encoder.weights)) == 8_589_184


def test_embedded_kernels_are_float16_and_small_enough_to_ship():
    assert enc.WEIGHTS.stat().st_size < 18e6
    with np.load(enc.WEIGHTS) as kept:
        assert {kept[name].dtype.name for name in kept.files if name.endswith("/kernel")} == {"float16"}
        assert {kept[name].dtype.name for name in kept.files if not name.endswith("/kernel")} == {"float32"}


def test_a_damaged_weights_file_is_refused(encoder, tmp_path, monkeypatch):
    data = bytearray(enc.WEIGHTS.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "encoder.npz").write_bytes(data)
    monkeypatch.setattr(enc, "WEIGHTS", tmp_path / "encoder.npz")
    with pytest.raises(InputError) as error:
        enc.load_imagenet(encoder)
    assert str(tmp_path) in str(error.value) and "Install the package again" in str(error.value)


def test_a_weights_file_that_is_something_else_is_refused(tmp_path):
    (tmp_path / "notes.weights.h5").write_text("no weights")
    with pytest.raises(InputError, match="notes.weights.h5: not the weights of a ResNet50"):
        enc.build_encoder(64, weights=tmp_path / "notes.weights.h5")


def test_a_wrong_weights_path_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        enc.build_encoder(64, weights=tmp_path / "nowhere.h5")


# .ci/run says where the original is. No skip without it, since the course must be whole without it.
ORIGINAL = os.environ.get("HANDSEG_WEIGHTS", "")

if os.path.isfile(ORIGINAL):

    @pytest.mark.parametrize("taps", enc.TAPS)
    def test_embedded_features_differ_from_the_original_ones_by_less_than_half_a_percent(photos, taps):
        ours, original = (features(enc.build_encoder(224, taps, w), photos) for w in ("imagenet", ORIGINAL))
        for a, b in zip(ours, original):
            assert 0 < np.linalg.norm(a - b) / np.linalg.norm(b) < 0.005


# What it is fed


def test_preprocessing_is_that_of_the_weights(photos):
    ours = enc.CaffePreprocess()(keras.ops.cast(photos, "float32"))
    want = keras.applications.resnet50.preprocess_input(photos.astype("float32"))
    assert keras.ops.convert_to_numpy(ours) == pytest.approx(want, abs=1e-4)


def test_preprocessing_is_inside_the_model(encoder, photos):
    bare = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(64, 64, 3))
    bare = keras.Model(bare.input, [bare.get_layer(name).output for name in enc.TAPS["default"]])
    bare.set_weights(encoder.get_weights())
    small = photos[:, :64, :64].astype("float32")
    want = features(bare, keras.applications.resnet50.preprocess_input(small.copy()))
    for ours, theirs in zip(features(encoder, small), want):
        assert ours == pytest.approx(theirs, abs=1e-2)


def test_uint8_and_float_photos_give_the_same_features(encoder, photos):
    small = photos[:, :64, :64]
    for ours, theirs in zip(features(encoder, small), features(encoder, small.astype("float32"))):
        assert np.array_equal(ours, theirs)


# Freezing


def test_freeze_trains_everything_from_the_named_block_on(encoder):
    enc.freeze(encoder, "conv3_block2")
    flags = {layer.name: layer.trainable for layer in encoder.layers if layer.weights}
    for name, flag in flags.items():
        stage = name[:5] if name.startswith("conv1") else name[:12]
        assert flag == (stage >= "conv3_block2"), name
    enc.freeze(encoder)
    assert not encoder.trainable_weights
    enc.freeze(encoder, "conv4_block1")
    assert {weight.path.split("/")[-2][:5] for weight in encoder.trainable_weights} == {"conv4"}


@pytest.mark.parametrize("part", ["conv4_blo", "conv", "c"])
def test_a_part_of_a_blocks_name_is_no_block(encoder, part):
    """Of conv4_block1 it would mean the next ten, too, had a network so many."""
    with pytest.raises(InputError, match="no such block"):
        enc.freeze(encoder, part)


def test_an_unknown_block_is_refused_with_those_there_are(encoder):
    with pytest.raises(InputError, match=r"conv9.*no such block, but .*conv4_block1, .*conv4_block6"):
        enc.freeze(encoder, "conv9_block1")


@pytest.mark.parametrize("build", [enc.build_encoder, as_published.build_unet])
def test_what_was_trimmed_is_let_go_of(build):
    """The fifth stage has 60 MB of weights, and its layers hang on those of the fourth."""

    def fifth_stages():
        gc.collect()
        return sum(
            type(each) is keras.layers.Conv2D and each.name == "conv5_block1_1_conv" for each in gc.get_objects()
        )

    before, encoder = fifth_stages(), build(64)
    assert fifth_stages() == before and encoder.count_params() > 8e6


@pytest.fixture(scope="module")
def trained():
    """A U-Net after two real training steps with its encoder frozen up to conv4_block6, and its weights before."""
    keras.utils.set_random_seed(0)
    model = build_unet(64)
    enc.freeze(model.get_layer("encoder"), "conv4_block6")
    training.compile_stage(model, steps=4, peak=1e-3)
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (2, 64, 64, 3), np.uint8), rng.integers(0, 2, (2, 64, 64, 1), np.uint8)
    before = {weight.path: array for weight, array in zip(model.weights, arrays(model.weights))}
    for _ in range(2):
        model.train_on_batch(x, y)
    after = {weight.path: array for weight, array in zip(model.weights, arrays(model.weights))}
    return model, before, after


def paths_of(weights, *names):
    return {weight.path for weight in weights if weight.name in names or not names}


@pytest.mark.slow
def test_frozen_weights_do_not_move_by_a_bit(trained):
    model, before, after = trained
    frozen = paths_of(w for w in model.get_layer("encoder").weights if "conv4_block6" not in w.path)
    assert len(frozen) > 200
    for path in frozen:
        assert np.array_equal(before[path], after[path]), path


@pytest.mark.slow
def test_the_encoders_batch_norm_statistics_do_not_move_by_a_bit_even_where_it_trains(trained):
    model, before, after = trained
    statistics = paths_of(model.get_layer("encoder").weights, "moving_mean", "moving_variance")
    assert any("conv4_block6" in path for path in statistics)
    for path in statistics:
        assert np.array_equal(before[path], after[path]), path


@pytest.mark.slow
def test_unfrozen_weights_move(trained):
    model, before, after = trained
    block = [w for w in model.get_layer("encoder").weights if "conv4_block6" in w.path]
    learning = paths_of(block, "kernel", "gamma", "beta")
    assert len(learning) == 9
    decoder = paths_of(model.weights) - paths_of(model.get_layer("encoder").weights)
    for path in learning | decoder:
        assert not np.array_equal(before[path], after[path]), path
