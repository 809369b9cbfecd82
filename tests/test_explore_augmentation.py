"""Augmentation under sliders: what is shown is what the batches get."""

import numpy as np
import pytest

from handseg_lib import explore
from handseg_lib.data.augment import Augmentation, augment
from handseg_lib.explore import augmentation
from handseg_lib.plots import overlay

STILL = Augmentation(rotate=0, scale=(1, 1), shift=0, shear=0, flip=0, light=0, contrast=0, gamma=0, tint=0)


@pytest.fixture
def window(samples):
    return explore.play_augmentation(samples[0])


def test_it_shows_the_photo_as_the_batches_would_get_it(samples):
    image, mask = samples[0].read()
    drawing = explore.draw_augmentation(image, mask, seed=3)
    as_batches = overlay(*augment(image, mask, np.random.default_rng(3)))
    assert (drawing.pictures[1] == as_batches).all() and drawing.alt


def test_every_transform_of_the_recipe_has_a_slider_that_changes_the_picture(window):
    assert set(window.controls) == set(Augmentation.__dataclass_fields__) | {"variation", "bilinear"}
    for name in Augmentation.__dataclass_fields__:
        control, shown = window.controls[name], set()
        for value in (control.max, control.min):
            control.value = value
            shown.add(window.picture.value)
            assert not window.message.value, name
        assert len(shown) == 2, name


def test_with_all_sliders_at_their_least_the_photo_stays_as_it_was(window, samples):
    for name in Augmentation.__dataclass_fields__:
        window.controls[name].value = window.controls[name].min
    image, mask = augmentation.resize(*samples[0].read(), augmentation.SIZE)
    assert window.picture.value == explore.draw_augmentation(image, mask, STILL).html()
    still = explore.draw_augmentation(image, mask, STILL).pictures
    assert (still[0] == still[1]).all()


def test_draw_again_draws_another(window):
    before = window.picture.value
    again = next(child for child in window.children[0].children if child.description == "draw again")
    again.click()
    assert window.controls["variation"].value == 1 and window.picture.value != before


def test_bilinear_leaves_pixels_that_are_neither_hand_nor_background():
    """A square moved by half a pixel to the right: its left and right columns, 8 pixels each, become halves."""
    mask = np.zeros((20, 20), np.uint8)
    mask[6:14, 6:14] = 1
    soft = augmentation.bilinear_mask(mask, np.array([[1, 0, 0.5], [0, 1, 0]]))
    assert (soft == 0.5).sum() == 16 and set(np.unique(soft)) == {0, 0.5, 1}


def test_the_box_shows_what_bilinear_does(window):
    window.controls["bilinear"].value = True
    assert "nearest: 0 and 1 only" in window.picture.value and "in between" in window.picture.value
