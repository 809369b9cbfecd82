"""Baselines: each finds what its paper says it finds, on photos made by hand, and is scored as a network is."""

import numpy as np
import pytest

from handseg_lib import InputError, evaluate, split_by_person
from handseg_lib.evaluation import baselines
from handseg_lib.evaluation.baselines import BINS, Baseline

SKIN, WALL = (210, 150, 120), (60, 90, 130)


@pytest.fixture
def photo():
    """A skin-coloured block of 30 x 20 pixels before a bluish wall, and its mask."""
    mask = np.zeros((50, 60), np.uint8)
    mask[10:40, 20:40] = 1
    return np.where(mask[..., None] == 1, SKIN, WALL).astype(np.uint8), mask


@pytest.mark.parametrize("method", [baselines.ycbcr_rule, baselines.hsv_rule, baselines.otsu_on_cr])
def test_rules_find_skin_before_a_blue_wall(photo, method):
    image, mask = photo
    found = method(image)
    assert found.dtype == np.uint8 and np.array_equal(found, mask)


@pytest.mark.parametrize(
    "method, colour, skin",
    [
        (baselines.hsv_rule, (200, 100, 100), 1),  # hue 0, saturation 0.5
        (baselines.hsv_rule, (200, 160, 160), 0),  # saturation 0.2
        (baselines.hsv_rule, (200, 50, 50), 0),  # saturation 0.75
        (baselines.hsv_rule, (200, 200, 100), 0),  # hue 60
        (baselines.hsv_rule, (200, 180, 100), 1),  # hue 48
        (baselines.ycbcr_rule, (210, 150, 120), 1),  # Cr 158, Cb 104
        (baselines.ycbcr_rule, (128, 128, 128), 0),  # Cr 128, Cb 128
        (baselines.ycbcr_rule, (255, 0, 0), 0),  # Cr 255
    ],
)
def test_rules_cut_where_their_papers_do(method, colour, skin):
    assert method(np.full((2, 2, 3), colour, np.uint8)).tolist() == [[skin] * 2] * 2


def test_all_skin_scores_the_share_of_the_hand(photo, make_pair):
    report = evaluate(Baseline("all skin", baselines.all_skin), [make_pair(*photo)])
    assert report.table.iou[0] == pytest.approx(600 / 3000)


def test_bayes_is_the_share_of_skin_among_pixels_of_a_colour(make_pair):
    """A colour seen on 600 pixels, skin on 450 of them; 200 pixels more of another, never skin."""
    image, mask = np.full((20, 40, 3), 8, np.uint8), np.zeros((20, 40), np.uint8)
    image[:, :30] = 200
    mask[:15, :30] = 1
    sample = make_pair(image, mask)
    bayes = baselines.fit_bayes([sample], [sample])
    prior = 450 / 800
    told = bayes(np.uint8([[[200] * 3, [8] * 3, [100] * 3, [207] * 3]]))  # 200 and 207 share a bin of 8 values
    expected = [(450 + prior) / 601, prior / 201, prior, (450 + prior) / 601]
    assert told[0] == pytest.approx(expected) and told.dtype == np.float32
    assert BINS == 32 and bayes.threshold <= 0.75, "what cuts the wall off and leaves the hand"


def test_grabcut_mends_a_guess_and_keeps_one_piece(photo):
    image, mask = photo
    rng = np.random.default_rng(0)
    image = np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)
    guess = mask * np.float32(0.9)
    guess[15:35, 20:24] = 0  # a part is missed
    guess[2:5, 50:53] = 0.9  # and a speck is false
    found = baselines.grabcut(image, guess, 0.5) >= 0.5
    assert np.array_equal(found, mask == 1)
    assert np.array_equal(baselines.grabcut(image, guess, 0.5) >= 0.5, found), "the same each time"


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_grabcut_takes_a_guess_of_nothing_or_everything(photo, value):
    found = baselines.grabcut(photo[0], np.full((50, 60), value, np.float32), 0.5)
    assert (found == value).all()


def test_grabcut_answers_at_the_photos_own_size():
    image = np.full((700, 333, 3), SKIN, np.uint8)
    assert baselines.grabcut(image, np.ones((700, 333), np.float32), 0.5).shape == (700, 333)


def test_the_largest_piece_is_kept():
    mask = np.uint8([[1, 1, 0, 1], [1, 0, 0, 1], [0, 0, 0, 0]])
    assert baselines.largest_piece(mask).tolist() == [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_the_largest_piece_of_a_bool_mask_is_kept_too():
    mask = np.eye(9, dtype=bool)
    mask[0, 5] = True  # a piece of its own
    assert np.array_equal(baselines.largest_piece(mask), np.eye(9, dtype=np.uint8))


def test_all_are_scored_in_the_table_of_the_networks(samples):
    split = split_by_person(samples)
    found = {b.name: evaluate(b, split.test).summary()["iou"] for b in baselines.fit_all(split.train, split.val)}
    assert len(found) == 6 and min(found, key=found.get) == "all skin"
    assert found["Bayes histogram"] > 0.95 and found["GrabCut from Bayes"] > 0.95


def test_nothing_to_learn_from_is_refused(samples):
    for train, val in (([], samples[:3]), (samples[:3], [])):
        with pytest.raises(InputError, match="no samples"):
            baselines.fit_bayes(train, val)
