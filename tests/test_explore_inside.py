"""A look inside the encoder: receptive fields that are right, and a picture that follows."""

import keras
import numpy as np
import pytest
from keras import layers

from handseg_lib import InputError, build_unet, explore
from handseg_lib.explore.inside import Field, receptive_fields, see


@pytest.fixture(scope="module")
def fields(unet):
    return receptive_fields(unet.get_layer("encoder"))


def test_receptive_fields_of_resnet50(fields):
    """By hand: 7, then pooling adds 2 values 2 px apart; a 3x3 of each block adds 2 values 4, 8, 16 px apart."""
    assert fields["conv1_relu"] == Field(7, 2, 0)
    assert fields["pool1_pool"] == Field(11, 4, 0)
    assert fields["conv2_block3_out"] == Field(11 + 3 * 8, 4, 0)
    assert fields["conv3_block4_out"] == Field(35 + 4 * 16, 8, 0)
    assert fields["conv4_block6_out"] == Field(99 + 6 * 32, 16, 0)


def test_a_box_has_its_value_in_the_middle():
    assert Field(7, 2, 0).box(row=10, column=20) == (37, 17, 44, 24)


def test_a_value_depends_on_its_box_and_on_nothing_else():
    """Measured: which pixels change the value in row 3, column 2 of padded, strided convolutions of ones."""
    photo = keras.Input((24, 24, 1))
    x = layers.ZeroPadding2D(1)(photo)
    x = layers.Conv2D(1, 3, strides=2, kernel_initializer="ones")(x)
    x = layers.MaxPooling2D(2)(x)
    model = keras.Model(photo, layers.Conv2D(1, 3, padding="same", kernel_initializer="ones")(x))
    left, top, right, bottom = receptive_fields(model)[model.layers[-1].name].box(3, 2)
    ones = np.eye(24 * 24, dtype=np.float32).reshape(-1, 24, 24, 1)
    depends = model.predict_on_batch(ones)[:, 3, 2, 0].reshape(24, 24) > 0
    rows, columns = np.nonzero(depends)
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (left, top, right, bottom)


def test_features_are_the_encoders_own(unet, samples):
    image = samples[0].read()[0]
    features = see(unet, image)
    assert len(features) == 15 and features["conv1_relu"].shape == (32, 32, 64)
    taps = unet.get_layer("encoder").predict_on_batch(explore.inside.resize_image(image, 64)[None])
    for name, tap in zip(("conv1_relu", "conv2_block3_out", "conv3_block4_out", "conv4_block6_out"), taps):
        np.testing.assert_allclose(features[name], tap[0], atol=1e-3)


def test_the_maps_with_the_highest_peaks_come_first_and_the_field_is_at_the_peak():
    image, features = np.full((64, 64, 3), 240, np.uint8), np.zeros((32, 32, 8), np.float32)
    features[10, 20, 5], features[4, 4, 2] = 9, 7
    drawing = explore.draw_layer(image, "conv1_relu", features, Field(7, 2, 0))
    assert drawing.titles[:3] == ["what map 5 sees at its peak", "map 5", "map 2"]
    bright = np.argwhere((drawing.pictures[0] == 240).all(axis=2))
    assert bright.min() >= 17 and bright.max() <= 43 and (drawing.pictures[0][20, 40] == 240).all()
    other = explore.draw_layer(image, "conv1_relu", features, Field(7, 2, 0), which=2)
    assert (other.pictures[0][8, 8] == 240).all() and "map 2" in other.alt


def test_picture_and_numbers_follow_the_sliders(unet, samples):
    window = explore.look_inside(unet, samples[0].read()[0])
    assert "64 maps of 32 x 32 values. One value sees 7 x 7 pixels" in window.picture.value
    window.controls["layer"].value = "conv4_block6_out"
    assert "1024 maps of 4 x 4 values. One value sees 291 x 291 pixels" in window.picture.value
    before = window.picture.value
    window.controls["which"].value = 2
    assert window.picture.value != before and not window.message.value


def test_it_switches_to_a_second_encoder(unet, samples):
    window = explore.look_inside(unet, samples[0].read()[0], tuned=build_unet(64, weights=None))
    before = window.picture.value
    window.controls["encoder"].value = "fine-tuned"
    assert window.picture.value != before and not window.message.value


def test_it_looks_into_a_network_in_bfloat16(samples):
    """OpenCV, which enlarges the maps, does not know the format."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_unet(64, weights=None)
    finally:
        keras.config.set_dtype_policy("float32")
    assert explore.look_inside(model, samples[0].read()[0]).picture.value


def test_what_has_no_encoder_is_named(samples):
    photo = keras.Input((8, 8, 3))
    with pytest.raises(InputError, match="plain: a model without an encoder"):
        explore.look_inside(keras.Model(photo, layers.Conv2D(1, 1)(photo), name="plain"), samples[0].read()[0])
