"""Skips under ticks: the decoder alone is the U-Net's own, and a skip that is cut is missed."""

import keras
import numpy as np
import pytest
from keras import layers

from handseg_lib import InputError, explore, load_predictor
from handseg_lib.data.augment import resize
from handseg_lib.explore.skips import decode, decoder_of


@pytest.fixture(scope="module")
def predictor():
    return load_predictor()


def test_encoder_and_decoder_are_the_unet(unet, samples):
    image, _ = resize(*samples[0].read(), 64)
    features = unet.get_layer("encoder").predict_on_batch(image[None])
    hand = decode(decoder_of(unet), features, [True] * 3)
    np.testing.assert_allclose(hand, unet.predict_on_batch(image[None])[0, ..., 0], atol=1e-5)


def test_a_skip_that_is_cut_has_no_say(unet, samples):
    image, _ = resize(*samples[0].read(), 64)
    features = unet.get_layer("encoder").predict_on_batch(image[None])
    decoder = decoder_of(unet)
    for k in range(3):
        keep = [i != k for i in range(3)]
        other = [values + 5 if i == k else values for i, values in enumerate(features)]
        np.testing.assert_array_equal(decode(decoder, features, keep), decode(decoder, other, keep))
        assert np.abs(decode(decoder, features, keep) - decode(decoder, features, [True] * 3)).max() > 1e-3


def test_iou_of_a_mask_that_lost_half():
    whole = np.zeros((20, 20), np.float32)
    whole[5:15, 5:15] = 1
    cut = whole * (np.arange(20) < 10)
    image = np.full((20, 20, 3), 100, np.uint8)
    assert explore.draw_cut(image, whole, cut).text == "IoU with the mask of all skips 0.500"
    true = np.ones((20, 20), np.uint8)
    assert explore.draw_cut(image, whole, cut, true=true).text == "IoU 0.125, with all skips 0.250"


@pytest.mark.slow
def test_a_mask_that_is_not_the_photos_is_refused_before_it_is_squashed(predictor, samples):
    """Photo and mask are made square; a mask that lay on its side once passed as the photo's own."""
    image, true = samples[0].read()
    with pytest.raises(InputError, match="photo .*, true "):
        explore.cut_skips(predictor, image[:-9], true)
    in_255 = explore.cut_skips(predictor, image, true * 255)
    assert in_255.picture.value == explore.cut_skips(predictor, image, true).picture.value


def test_the_picture_follows_the_ticks(predictor, samples):
    window = explore.cut_skips(predictor, *samples[0].read())
    start = window.picture.value
    assert [control.description for control in window.controls.values()] == [
        "skip of 112 x 112",
        "skip of 56 x 56",
        "skip of 28 x 28",
    ]
    shown = {start}
    for control in window.controls.values():
        control.value = False
        shown.add(window.picture.value)
        assert not window.message.value
    assert len(shown) == 4
    for control in window.controls.values():
        control.value = True
    assert window.picture.value == start


def test_a_page_that_does_not_run_shows_all_skips_cut(predictor, samples):
    """With every tick set, as the widget begins, both masks on the page were the same picture."""
    window = explore.cut_skips(predictor, *samples[0].read())
    *_, with_all, _ = window.drawn.pictures  # the probability: this network's masks are empty either way
    for control in window.controls.values():
        control.value = False
    assert window.still.text == window.drawn.text
    *_, with_none, _ = window.drawn.pictures
    *_, still, _ = window.still.pictures
    assert np.array_equal(still, with_none) and not np.array_equal(still, with_all)


def test_what_has_no_skips_is_named():
    photo = keras.Input((8, 8, 3))
    with pytest.raises(InputError, match="plain: a model without skips"):
        explore.cut_skips(keras.Model(photo, layers.Conv2D(1, 1)(photo), name="plain"), np.zeros((8, 8, 3), np.uint8))
