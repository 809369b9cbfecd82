"""A wall of people: everybody has a row and every gesture a column, and a photo that is chosen is shown large."""

import re

import pytest

from handseg_lib import InputError, explore
from handseg_lib.explore.people import MOST, SIDE, arrange


def test_everybody_has_a_row_and_every_gesture_a_column(samples):
    people, gestures, cells = arrange(samples)
    assert len(people) == 12 and gestures == ["5", "A", "Z"] and len(cells) == 36
    assert all((sample.person, sample.gesture) == place for place, sample in cells.items())
    figure = explore.draw_wall(samples)
    (ax,) = figure.axes
    assert ax.images[0].get_array().shape == (12 * SIDE, 3 * SIDE, 3)
    assert [label.get_text() for label in ax.get_xticklabels()] == gestures
    assert "12 people" in figure.alt and "3 gestures" in figure.alt and "outlined" not in figure.alt
    assert "outlined" in explore.draw_wall(samples, masks=True).alt


def test_of_many_gestures_those_of_most_people_are_shown(samples):
    import dataclasses

    rare = [dataclasses.replace(samples[0], gesture=f"rare{k:02d}") for k in range(MOST)]
    _, gestures, cells = arrange([*rare, *samples])
    assert len(gestures) == MOST and {"5", "A", "Z"} < set(gestures) and len(cells) == 36 + MOST - 3


def test_a_missing_photo_leaves_a_gap_and_is_not_chosen(samples):
    some = [s for s in samples if (s.person, s.gesture) != ("02", "5")]
    view = explore.wall(some)
    names = re.findall(r'data-name="([^"]+)" data-at="(\d+)"', view.controls["photo"].drawing)
    assert len(names) == 35 and ("person 02, gesture 5", "3") not in names and ("person 02, gesture A", "4") in names


def test_a_chosen_photo_is_shown_large_and_a_tick_shows_all_masks(samples):
    view = explore.wall(samples)
    view.controls["photo"].value = "person 05, gesture Z"
    assert "person 05, gesture Z" in view.picture.value and not view.message.value
    masks = view.children[0].children[-1]
    for shown in (True, False):
        masks.value = shown
        assert view.controls["photo"].all == shown
    assert "A wall of photos" in view._repr_mimebundle_()[0]["text/html"]


def test_nothing_to_show_is_said():
    with pytest.raises(InputError, match="nothing to show on a wall"):
        explore.wall([])
