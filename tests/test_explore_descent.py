"""A ball on a loss surface: its steps are gradient descent's, and rate, warm-up and clipping do what lesson 06 says."""

import numpy as np
import pytest

from handseg_lib import explore
from handseg_lib.explore.descent import RATES, START, STEPS, gradient_at, loss_at, pixel, roll


@pytest.mark.parametrize("place", [(-8.0, 3.0), (2.0, 1.0), (5.0, -4.0), (0.0, -2.5)])
def test_the_gradient_is_that_of_the_surface(place):
    step = 1e-5
    by_x = (loss_at(place[0] + step, place[1]) - loss_at(place[0] - step, place[1])) / (2 * step)
    by_y = (loss_at(place[0], place[1] + step) - loss_at(place[0], place[1] - step)) / (2 * step)
    np.testing.assert_allclose(gradient_at(*place), (by_x, by_y), rtol=1e-4, atol=1e-6)


def test_the_first_steps_by_hand():
    """On the wall at y = 3 the gradient is (-0.8, 3 + 20): at rate 0.1 the ball goes to (-7.92, 0.7)."""
    places = roll(START, 0.1)
    np.testing.assert_allclose(places[1], (-7.92, 0.7))
    warm = roll(START, 0.1, warm_up=4)  # the first step is a fifth as long
    np.testing.assert_allclose(warm[1], (-7.984, 2.54))
    clipped = roll(START, 0.1, clip=True)
    assert np.linalg.norm(clipped[1] - clipped[0]) == pytest.approx(0.1)


def test_a_rate_that_suits_the_valley_throws_the_ball_off_the_wall_unless_warm_up_or_clipping_holds_it():
    def end(**how) -> float:
        return loss_at(*roll(START, 1.0, **how)[-1])

    assert not end() < 1e6
    assert end(warm_up=8) < 0.1 and end(clip=True) < 0.1
    assert loss_at(*roll(START, 0.02)[-1]) > 2, "a small rate is safe, and slow"


def test_text_says_where_it_ends():
    assert "It leaves the map at step 1. It never comes back." in explore.draw_descent().text
    calm = explore.draw_descent(warm_up=8).text
    assert "leaves" not in calm and f"in {STEPS} steps." in calm


@pytest.mark.parametrize("rate", RATES)
def test_it_is_drawn_however_far_it_flies(rate):
    drawing = explore.draw_descent((10.0, -5.0), rate)
    assert [picture.shape for picture in drawing.pictures] == [(256, 512, 3)] * 2
    assert np.abs(pixel(roll((10.0, -5.0), rate))).max() <= 30_000


def test_the_picture_follows_the_pad_and_the_sliders():
    view = explore.roll_ball()
    for name, value in {"start": [0.9, 0.9], "rate": 0.05, "warm_up": 5, "clip": True}.items():
        before = view.picture.value
        view.controls[name].value = value
        assert view.picture.value != before and not view.message.value, name
