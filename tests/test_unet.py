"""The U-Net: what goes in, what comes out, and that it survives being saved."""

import keras
import numpy as np
import pytest

from handseg_lib import InputError, build_unet


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)


def predict(model, images):
    return keras.ops.convert_to_numpy(model(keras.ops.convert_to_tensor(images), training=False))


def test_output_is_a_float32_probability_for_each_pixel(unet, photos):
    hand = predict(unet, photos)
    assert hand.shape == (2, 64, 64, 1) and hand.dtype == np.float32
    assert 0 <= hand.min() < hand.max() <= 1


def test_each_photo_is_predicted_for_itself(unet, photos):
    assert predict(unet, photos[1:]) == pytest.approx(predict(unet, photos)[1:], abs=1e-5)


@pytest.mark.parametrize("dtype", ["int32", "float16", "float32", "float64"])
def test_any_dtype_gives_the_same_answer(unet, photos, dtype):
    assert np.array_equal(predict(unet, photos.astype(dtype)), predict(unet, photos))


def test_bottleneck_and_every_skip_reach_the_output(unet, photos):
    """Zeroing one changes the answer; so no wire hangs loose."""
    encoder = unet.get_layer("encoder")
    features = encoder(keras.ops.convert_to_tensor(photos), training=False)
    decoder = keras.Model(encoder_outputs(unet), unet.output)
    whole = keras.ops.convert_to_numpy(decoder(features, training=False))
    assert whole == pytest.approx(predict(unet, photos), abs=1e-6)
    for k in range(4):
        cut = [x * 0 if i == k else x for i, x in enumerate(features)]
        assert np.abs(keras.ops.convert_to_numpy(decoder(cut, training=False)) - whole).max() > 1e-3


def encoder_outputs(unet):
    return unet.get_layer("encoder")._inbound_nodes[-1].output_tensors


def test_under_mixed_bfloat16_the_output_is_float32_and_about_the_same(unet, photos):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = build_unet(64)
    finally:
        keras.config.set_dtype_policy("float32")
    mixed.set_weights(unet.get_weights())
    assert mixed.get_layer("encoder").get_layer("conv4_block6_1_conv").compute_dtype == "bfloat16"
    assert mixed.get_layer("encoder").get_layer("preprocess").compute_dtype == "float32"
    hand = predict(mixed, photos)
    assert hand.dtype == np.float32
    assert 0 < np.abs(hand - predict(unet, photos)).mean() < 0.03


@pytest.mark.slow
def test_a_saved_model_gives_identical_predictions(unet, photos, tmp_path):
    unet.save(tmp_path / "unet.keras")
    again = keras.models.load_model(tmp_path / "unet.keras")
    assert np.array_equal(predict(again, photos), predict(unet, photos))
    assert type(again.get_layer("encoder")) is type(unet.get_layer("encoder")), "or batch norm would move again"


@pytest.mark.parametrize("trained", ["built", "loaded"])
def test_the_encoders_statistics_stand_still_whoever_calls_it_for_training(unet, photos, tmp_path, trained):
    model = unet
    if trained == "loaded":
        unet.save(tmp_path / "unet.keras")
        model = keras.models.load_model(tmp_path / "unet.keras")
    before = [keras.ops.convert_to_numpy(w) for w in model.get_layer("encoder").non_trainable_weights]
    assert len(before) == 86
    kept = unet.get_weights()
    model(keras.ops.convert_to_tensor(photos), training=True)
    after = [keras.ops.convert_to_numpy(w) for w in model.get_layer("encoder").non_trainable_weights]
    unet.set_weights(kept)  # the decoder's own batch norm has moved
    assert all(np.array_equal(a, b) for a, b in zip(before, after))


@pytest.mark.parametrize("taps", ["default", "published"])
def test_both_tap_sets_build(taps):
    model = build_unet(64, taps, weights=None)
    assert model.name == "unet" and model.input_shape == (None, 64, 64, 3) and model.output_shape == (None, 64, 64, 1)


def test_without_a_size_it_takes_any():
    model = build_unet(None, weights=None)
    for height, width in ((32, 32), (64, 96)):
        assert predict(model, np.zeros((1, height, width, 3), np.uint8)).shape == (1, height, width, 1)


def test_one_network_serves_all_sizes(unet, photos):
    free = build_unet(None, weights=None)
    free.set_weights(unet.get_weights())
    assert predict(free, photos) == pytest.approx(predict(unet, photos), abs=1e-5)


def test_a_wider_decoder_is_wider():
    layers = build_unet(64, weights=None, width=64).layers
    assert [layer.filters for layer in layers if isinstance(layer, keras.layers.Conv2DTranspose)] == [64, 32, 16, 8]


def test_a_bad_size_is_refused_before_anything_is_built():
    with pytest.raises(InputError, match="size=100"):
        build_unet(100)


@pytest.mark.parametrize("width", [7, 1025])
def test_a_width_beyond_what_is_sensible_is_refused(width):
    with pytest.raises(InputError, match=f"width={width}: use a whole number from 8 to 1024, such as 128"):
        build_unet(64, weights=None, width=width)


@pytest.mark.parametrize("width", [8, 1024])
def test_the_least_and_the_largest_width_build(width):
    kernels = [layer for layer in build_unet(32, weights=None, width=width).layers if hasattr(layer, "kernel")]
    assert kernels[0].kernel.shape[2] == width, "the first up-convolution has it"
