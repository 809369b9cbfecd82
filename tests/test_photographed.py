"""Photographed surroundings: pieces of photographs that show no hand, and faces that have no skin of their own."""

import sys

import numpy as np
import pytest

from handseg_lib import InputError
from handseg_lib.data import photographed


@pytest.fixture(scope="module")
def some():
    return photographed.scenes(20, 64)


def test_the_same_seed_gives_the_same_pieces(some):
    again, other = photographed.scenes(20, 64), photographed.scenes(20, 64, seed=1)
    for here, there, elsewhere in zip(some, again, other, strict=True):
        assert np.array_equal(here, there) and not np.array_equal(here, elsewhere)


def test_rooms_are_pictures_neither_black_nor_plain(some):
    assert some.rooms.shape == (20, 64, 64, 3) and some.rooms.dtype == np.uint8
    # each tenth is of the rocket, before a plain sky
    assert (some.rooms.mean((1, 2, 3)) > 20).all() and np.median(some.rooms.std((1, 2)).mean(1)) > 25


def test_grey_photos_get_a_colour_and_coloured_ones_keep_theirs(some):
    means = some.rooms.mean((1, 2))
    assert (np.ptp(means[7:10], axis=1) > 5).all(), "grass, gravel and bricks are grey in their files"


def test_a_face_is_a_shading_that_leaves_a_skin_about_as_bright_as_it_was(some):
    assert some.people.shape == (20, 64, 64, 5) and some.people.dtype == np.uint8
    for face in some.people:
        colours, skin, solid = face[..., :3], face[..., 3], face[..., 4]
        assert (skin[solid > 0] == 255).all() and 0.02 < (solid > 128).mean() < 0.8
        assert np.ptp(colours, axis=2).max() == 0, "it has no colour"
        assert 100 < np.median(colours[solid > 128]) < 190, "128 leaves the skin as it is"
    assert 120 < np.median([np.median(face[..., :3][face[..., 4] > 128]) for face in some.people]) < 145


def test_without_the_package_its_name_and_the_extra_are_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(InputError, match=r"scikit-image.*handseg\[rooms\]"):
        photographed.scenes(1, 64)
