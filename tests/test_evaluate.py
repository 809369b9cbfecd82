"""Evaluation: each photo at its own size, and headline numbers that can be worked out by hand."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest

from handseg_lib import InputError, Predictor, Report, evaluate, tune_threshold
from handseg_lib.evaluation.report import _in_batches, person_interval, shipped_threshold

HAND, WALL = (255, 0, 0), (0, 0, 255)


@pytest.fixture(scope="module")
def red_seer():
    """A model that finds red: its answer to the photos below is known. Side 32."""
    photo = keras.Input((32, 32, 3))
    see = keras.layers.Conv2D(1, 1, activation="sigmoid")
    model = keras.Model(photo, see(photo))
    see.set_weights([np.array([1.0, 0, 0]).reshape(1, 1, 3, 1), np.array([-127.5])])
    return model


def painted(mask):
    return np.where(mask[..., None] == 1, HAND, WALL).astype(np.uint8)


def columns(height, width, upto):
    mask = np.zeros((height, width), np.uint8)
    mask[:, :upto] = 1
    return mask


def test_an_answer_that_is_the_truth_scores_1(red_seer, make_pair):
    pairs = [make_pair(painted(m), m, f"{k}.png") for k, m in enumerate([columns(64, 96, 48), columns(128, 32, 8)])]
    report = evaluate(red_seer, pairs)
    assert list(report.table.iou) == list(report.table.f1) == list(report.table.accuracy) == [1, 1]
    assert list(report.table.boundary_px) == [0, 0]
    summary = report.summary()
    for name in ("iou", "f1", "iou_pooled", "miou", "worst_person_iou", "worst_person_f1", "iou_low", "iou_high"):
        assert summary[name] == 1, name


def test_scores_are_counted_at_the_photos_own_size(red_seer, make_pair):
    """The model sees 32 x 32 pixels, finds hand in 16 of its 32 columns, and is right in half of them."""
    sample = make_pair(painted(columns(40, 96, 48)), columns(40, 96, 24))
    row = evaluate(red_seer, [sample]).table.iloc[0]
    assert (row.tp, row.fp, row.fn, row.tn) == (40 * 24, 40 * 24, 0, 40 * 48)
    assert row.iou == 1 / 2 and row.f1 == pytest.approx(2 / 3) and row.accuracy == 3 / 4
    assert row.boundary_px == 24
    assert row.hand == 1 / 4
    assert (row.image, row.person, row.gesture) == (sample.image.name, "01", "A")


def test_detail_that_the_network_cannot_see_is_held_against_it(red_seer, make_pair):
    mask = np.zeros((320, 320), np.uint8)
    mask[:, 100:105] = 1  # half a pixel of the network's
    assert evaluate(red_seer, [make_pair(painted(mask), mask)]).table.iou[0] < 0.9


def test_the_predictors_threshold_is_where_it_is_cut(red_seer, make_pair):
    image = np.full((32, 32, 3), 127, np.uint8)  # seen as hand with probability 0.38
    image[:, :8] = 255
    sample = make_pair(image, columns(32, 32, 8))
    assert evaluate(red_seer, [sample]).summary()["iou"] == 1
    report = evaluate(Predictor(red_seer, threshold=0.3), [sample])
    assert report.table.iou[0] == 1 / 4 and report.summary()["threshold"] == 0.3


def test_batches_do_not_matter_and_the_order_is_kept(red_seer, make_pair):
    masks = [columns(50, 60, 5 * k) for k in range(1, 8)]
    pairs = [make_pair(painted(m), columns(50, 60, 20), f"{k}.png") for k, m in enumerate(masks)]
    one, three = evaluate(red_seer, pairs, batch_size=16).table, evaluate(red_seer, pairs, batch_size=3).table
    assert list(one.image) == [pair.image.name for pair in pairs]
    pd.testing.assert_frame_equal(one, three)


def test_large_photos_are_few_at_once(make_pair):
    """Sixteen of a phone's, with their probabilities, would not leave room in 2 GB."""
    pairs = [make_pair(painted(columns(40, 50, 20)), columns(40, 50, 20), f"{k}.png") for k in range(5)]
    batches = [len(batch) for batch, *_ in _in_batches(pairs, batch_size=3, pixels=2 * 40 * 50)]
    assert batches == [2, 2, 1]
    assert [len(batch) for batch, *_ in _in_batches(pairs, batch_size=3)] == [3, 2]
    assert [len(batch) for batch, *_ in _in_batches(pairs, batch_size=3, pixels=1)] == [1] * 5


def test_an_empty_mask_can_be_scored(red_seer, make_pair):
    nothing, everything = columns(40, 40, 0), columns(40, 40, 40)
    pairs = [make_pair(painted(m), m, f"{k}.png") for k, m in enumerate([nothing, everything])]
    summary = evaluate(red_seer, pairs).summary()
    assert summary["iou"] == summary["miou"] == 1 and np.isnan(summary["boundary_px"])
    assert evaluate(red_seer, pairs[:1]).summary()["iou_pooled"] == 1


def test_no_samples_are_refused(red_seer):
    with pytest.raises(InputError, match="no samples"):
        evaluate(red_seer, [])


def test_an_unreadable_sample_is_named(red_seer, make_pair):
    sample = make_pair(painted(columns(40, 40, 9)), columns(40, 41, 9))
    with pytest.raises(InputError, match="41x40"):
        evaluate(red_seer, [sample])


# The threshold


def test_the_threshold_is_the_one_with_the_best_mean_iou(make_pair):
    """Two photos of 40 pixels: hand, then a shadow half of which is hand, then wall."""
    hand = np.zeros((4, 10), np.float32)
    hand[:, :2], hand[:, 2:6] = 0.9, 0.305
    pairs = [make_pair(painted(columns(4, 10, n)), columns(4, 10, n), f"{n}.png") for n in (2, 7)]
    threshold, curve = tune_threshold(lambda image: hand, pairs)
    at = curve.set_index("threshold")
    assert at.iou.iloc[0] == pytest.approx((2 / 6 + 6 / 7) / 2) and at.iou.iloc[-1] == 0
    assert at.iou.iloc[30] == pytest.approx((1 + 2 / 7) / 2), "from 0.31 on the shadow is wall"
    assert at.f1.iloc[30] == pytest.approx((1 + 4 / 9) / 2)
    assert threshold == 0.31 and len(curve) == 99


def test_a_photo_without_a_hand_counts_for_a_threshold_as_it_does_for_a_score(make_pair):
    """Nothing there and nothing called hand is right, 1; something called hand is wrong, 0."""
    hand = np.full((4, 10), 0.2, np.float32)
    curve = tune_threshold(lambda image: hand, [make_pair(painted(columns(4, 10, 0)), columns(4, 10, 0))])[1]
    assert curve.iou.tolist() == curve.f1.tolist() == [0] * 20 + [1] * 79


def test_the_threshold_cuts_as_evaluate_does(red_seer, make_pair):
    """A pixel that says 0.3 is hand from 0.3 on, in both."""
    mask = columns(4, 10, 3)

    class Sayer:
        threshold = 0.3

        def __call__(self, image):
            return np.where(mask == 1, np.float32(0.3), np.float32(0.1))

        def predict_batch(self, images):
            return [self(image) for image in images]

    sample = make_pair(painted(mask), mask)
    curve = tune_threshold(Sayer(), [sample])[1]
    assert curve.iou[29] == evaluate(Sayer(), [sample]).table.iou[0] == 1
    assert curve.iou[30] == 0


@pytest.fixture
def shade_seer():
    """Sees the brighter red as the surer hand: 0.93 at 255, 0.56 at 140, 0.01 at 0. Side 32."""
    photo = keras.Input((32, 32, 3))
    see = keras.layers.Conv2D(1, 1, activation="sigmoid")
    model = keras.Model(photo, see(photo))
    see.set_weights([np.array([0.02, 0, 0]).reshape(1, 1, 3, 1), np.array([-2.55])])
    return Predictor(model)


def shaded(make_pair, person, shade, of_it_hand):
    """A photo of 32 x 32: 8 columns of hand, then columns in the shade, the first of which are hand as well."""
    image = painted(columns(32, 32, 8))
    image[:, 8 : 8 + shade] = (140, 0, 0)
    sample = make_pair(image, columns(32, 32, 8 + of_it_hand), f"{person}.png")
    return dataclasses.replace(sample, person=person)


def test_another_threshold_than_a_half_is_shipped_where_each_person_gains(shade_seer, make_pair):
    pairs = [shaded(make_pair, "01", shade=8, of_it_hand=0), shaded(make_pair, "02", shade=4, of_it_hand=0)]
    threshold, choice = shipped_threshold(shade_seer, pairs)
    assert threshold == choice["best"] == 0.57, "the lowest from which the shade is wall"
    assert choice["iou_at_half"] == pytest.approx((8 / 16 + 8 / 12) / 2) and choice["iou_at_best"] == 1
    assert choice["gain"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert (choice["low"], choice["high"]) == pytest.approx((1 / 3, 1 / 2)), "02 twice, or 01 twice"


def test_a_half_is_shipped_where_the_best_threshold_is_better_for_one_person_and_worse_for_another(
    shade_seer, make_pair
):
    pairs = [shaded(make_pair, "01", shade=8, of_it_hand=0), shaded(make_pair, "02", shade=4, of_it_hand=4)]
    threshold, choice = shipped_threshold(shade_seer, pairs)
    assert threshold == 0.5 and choice["best"] == 0.57
    assert choice["gain"] == pytest.approx((1 / 2 - 1 / 3) / 2) and choice["low"] == pytest.approx(-1 / 3)


def test_no_samples_to_tune_on_are_refused(red_seer):
    with pytest.raises(InputError, match="no samples"):
        tune_threshold(Predictor(red_seer), [])


# The headline numbers, by hand


@pytest.fixture
def report():
    """Two photos of person 01, one of 02, each of 100 pixels."""
    counts = [  # tp, fp, fn, tn
        ("01", 20, 0, 0, 80),  # IoU 1, F1 1; background 1
        ("01", 10, 10, 0, 80),  # IoU 1/2, F1 2/3; background 8/9
        ("02", 10, 0, 30, 60),  # IoU 1/4, F1 2/5; background 2/3
    ]
    table = pd.DataFrame(
        [
            dict(person=p, gesture="A", tp=tp, fp=fp, fn=fn, tn=tn, iou=iou, f1=f1, boundary_px=px)
            for (p, tp, fp, fn, tn), iou, f1, px in zip(
                counts, (1, 1 / 2, 1 / 4), (1, 2 / 3, 2 / 5), (0.0, 3.0, float("nan"))
            )
        ]
    )
    return Report(table, 0.5)


def test_summary_by_hand(report):
    summary = report.summary()
    low, high = summary.pop("iou_low"), summary.pop("iou_high")
    assert summary == pytest.approx(
        {
            "photos": 3,
            "persons": 2,
            "iou": (1 + 1 / 2 + 1 / 4) / 3,
            "f1": (1 + 2 / 3 + 2 / 5) / 3,
            "worst_person": "02",
            "worst_person_iou": 1 / 4,
            "worst_person_f1": 2 / 5,
            "iou_pooled": 40 / 80,
            "miou": ((1 + 1 / 2 + 1 / 4) / 3 + (1 + 8 / 9 + 2 / 3) / 3) / 2,
            "boundary_px": 1.5,
            "threshold": 0.5,
        }
    )
    # of two persons, drawn twice: 02 twice, both, or 01 twice
    assert (low, high) == pytest.approx((1 / 4, 3 / 4))


def test_gains_are_of_the_same_photos(report):
    better = Report(report.table.assign(image=["a", "b", "c"], iou=[1, 3 / 4, 3 / 4]), 0.5)
    worse = Report(report.table.assign(image=["a", "b", "c"]), 0.6)
    gain, low, high = better.gain_over(worse)
    assert gain == pytest.approx((0 + 1 / 4 + 1 / 2) / 3)
    assert (low, high) == pytest.approx((1 / 8, 1 / 2)), "01 twice, or 02 twice"
    with pytest.raises(InputError, match="different photos"):
        better.gain_over(Report(worse.table.iloc[::-1], 0.6))


def test_the_worst_person_has_the_f1_of_that_person_though_another_has_a_lower_one(report):
    table = report.table.assign(iou=[0.02, 1.0, 0.5], f1=[0.04, 1.0, 0.67])
    assert list(table.person) == ["01", "01", "02"]
    summary = Report(table, 0.5).summary()
    assert (summary["worst_person"], summary["worst_person_iou"], summary["worst_person_f1"]) == ("02", 0.5, 0.67)


def test_by_person_shows_the_worst_first(report):
    table = report.by("person")
    assert list(table.index) == ["02", "01"]
    assert list(table.iou) == [1 / 4, 3 / 4] and list(table.photos) == [1, 2]
    assert list(report.by("gesture").photos) == [3]


def scores_of(persons):
    return pd.DataFrame([{"person": p, "iou": iou} for p, ious in persons.items() for iou in ious])


def test_the_interval_contains_the_mean_and_is_wider_where_persons_differ_more():
    rng = np.random.default_rng(0)
    widths = []
    for spread in (0.01, 0.05, 0.1):
        table = scores_of({k: rng.normal(0.8 + spread * (k % 3 - 1), 0.02, 5 + k) for k in range(9)})
        low, high = person_interval(table)
        assert low < table.iou.mean() < high
        widths.append(high - low)
    assert widths == sorted(widths)


def test_the_interval_is_a_point_where_all_persons_are_equal():
    assert person_interval(scores_of({p: [0.5, 0.7, 0.9] for p in "abc"})) == pytest.approx((0.7, 0.7))


def test_the_interval_hangs_on_persons_not_on_photos():
    few, many = ({p: [score] * n for p, score in (("a", 0.6), ("b", 0.8), ("c", 0.9))} for n in (2, 200))
    assert person_interval(scores_of(few)) == pytest.approx(person_interval(scores_of(many)))


def test_the_interval_is_the_same_each_time(report):
    assert person_interval(report.table) == person_interval(report.table)
