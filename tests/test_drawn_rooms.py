"""Drawn rooms: one key, one picture; no hand; many kinds of things, a good part of them with the colours of skin."""

import numpy as np
import pytest

from handseg_lib import drawn_rooms


@pytest.fixture(scope="module")
def some():
    return drawn_rooms.rooms(24, 96)


def test_a_room_depends_on_its_key_alone(some):
    np.random.seed(1)
    assert np.array_equal(drawn_rooms.room(5, 96), some[5])
    assert np.array_equal(drawn_rooms.rooms(2, 96), some[:2])


@pytest.mark.parametrize("other", [(4, 96, 0), (3, 96, 1)])
def test_each_part_of_the_key_changes_the_picture(some, other):
    assert (drawn_rooms.room(*other) != some[3]).mean() > 0.5


def test_rooms_are_photos_neither_black_nor_white_nor_empty(some):
    assert some.dtype == np.uint8 and some.shape == (24, 96, 96, 3)
    means, spreads = some.mean((1, 2, 3)), some.std((1, 2)).mean(1)
    assert (means > 15).all() and (means < 240).all() and np.median(spreads) > 25


def test_a_third_of_what_is_seen_could_be_skin_by_its_colour(some):
    """What only looks at colour must go wrong here: the rule of the lesson's first baseline finds hands everywhere."""
    red, green, blue = (some[..., i].astype(int) for i in range(3))
    skin_coloured = (red > green) & (green >= blue) & (red - blue > 15)
    assert 0.2 < skin_coloured.mean() < 0.8


def test_a_person_has_a_face_a_shirt_and_no_hand():
    rng = np.random.default_rng(0)
    for sleeve in (0.0, 0.5, 1.0):
        parts = [limb.part for limb in drawn_rooms._body(sleeve, rng)]
        assert parts.count(drawn_rooms.FACE) == 1 and drawn_rooms.CLOTH in parts
        assert parts[-1] == drawn_rooms.CLOTH, "the arm ends in a pocket"


def test_people_are_partly_skin_and_skin_is_part_of_them():
    people = drawn_rooms.people(12, 96)
    assert people.dtype == np.uint8 and people.shape == (12, 96, 96, 5)
    assert np.array_equal(drawn_rooms.people(3, 96), people[:3])
    skin, solid = people[..., 3].astype(int), people[..., 4].astype(int)
    assert (skin <= solid + 2).all() and 0.02 < (skin > 128).mean() < (solid > 128).mean() < 0.7
    shading = np.median(people[..., :3][skin > 250])
    assert 80 < shading < 150, "128 leaves a skin as it is"


def test_things_change_the_scene_only_where_they_stand():
    for seed in range(40):
        scene = np.full((96, 96, 3), 0.2, np.float32)
        drawn_rooms._thing(scene, np.random.default_rng(seed))
        assert np.isfinite(scene).all() and scene.min() >= 0 and scene.dtype == np.float32
