"""The audit: what a photo is like, what kind of error it is, whether the network knew. All worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from handseg_lib import InputError, Report, evaluate, metrics, tune_threshold
from handseg_lib.data.samples import describe
from handseg_lib.evaluation import audit
from handseg_lib.evaluation.baselines import Baseline

SKIN, WALL = (210, 150, 120), (60, 90, 130)


def block(top, bottom, left, right, height=40, width=60):
    mask = np.zeros((height, width), np.uint8)
    mask[top:bottom, left:right] = 1
    return mask


def painted(mask, skin=SKIN, wall=WALL):
    return np.where(mask[..., None] == 1, skin, wall).astype(np.uint8)


# What a photo is like


def test_brightness_is_the_mean_luma():
    assert describe(np.full((4, 4, 3), 100, np.uint8), block(0, 2, 0, 4, 4, 4))["brightness"] == 100


def test_tone_is_the_typology_angle_of_the_skin_alone():
    """(210, 150, 120) is L* 67.2, b* 24.8: arctan(17.2 / 24.8) = 34.7 degrees; the wall has no part in it."""
    mask = block(10, 30, 10, 30)
    tones = [describe(painted(mask, wall=wall), mask)["tone"] for wall in (WALL, (255, 255, 255))]
    assert tones[0] == tones[1] == pytest.approx(34.7, abs=0.5)
    dark = describe(painted(mask, skin=(80, 50, 35)), mask)["tone"]
    light = describe(painted(mask, skin=(240, 210, 195)), mask)["tone"]
    assert dark < -30 and light > 55


@pytest.mark.parametrize(
    "skin, angle", [((150, 150, 220), 90), ((30, 30, 60), -90), ((200, 200, 200), 90), ((40, 40, 40), -90)]
)
def test_skin_without_yellow_has_the_tone_at_its_limit(skin, angle):
    """In a blue light b* is negative, where a full circle's angle jumps from -180 to 180: dark skin counted as light.

    (150, 150, 220) is L* 64, b* -36; (30, 30, 60) is L* 12, b* -18. Of greys b* is 0, but for rounding.
    """
    mask = block(10, 30, 10, 30)
    assert describe(painted(mask, skin=skin), mask)["tone"] == pytest.approx(angle, abs=0.1)


def test_a_photo_is_described_whatever_numbers_its_mask_is_written_in():
    """A mask of 0 and 255 once had no tone at all."""
    mask = block(10, 30, 10, 30)
    expected = describe(painted(mask), mask)
    assert not np.isnan(list(expected.values())).any()
    for same in (mask * 255, mask.astype(bool), mask[..., None] * 1.0):
        assert describe(painted(mask), same) == expected


def test_a_photo_is_described_by_its_own_mask_only():
    mask = block(10, 30, 10, 30)
    with pytest.raises(InputError, match="photo 40 x 60, true 60 x 40"):
        describe(painted(mask), mask.T)
    with pytest.raises(InputError, match="true is float64 with 0.4 in it"):
        describe(painted(mask), mask * 0.4)
    with pytest.raises(InputError, match=r"float64 \(40, 60, 3\)"):
        describe(painted(mask) / 255, mask)


def test_background_is_the_overlap_of_the_colours():
    mask = block(0, 40, 0, 30)
    image = painted(mask)
    assert describe(image, mask)["background"] == 0
    image[:, 30:45] = SKIN  # half of the wall
    assert describe(image, mask)["background"] == pytest.approx(1 / 2)
    image[:] = SKIN
    assert describe(image, mask)["background"] == pytest.approx(1)


def test_a_photo_of_nothing_or_of_skin_alone_has_no_overlap():
    empty, full = block(0, 0, 0, 0), block(0, 40, 0, 60)
    told = describe(painted(empty), empty)
    assert np.isnan(told["tone"]) and np.isnan(told["background"])
    assert np.isnan(describe(painted(full), full)["background"])


# What kind of error it is


@pytest.fixture
def table(make_pair):
    """Four photos of a block of 20 x 30 pixels, and answers that are right, too wide, cut off, and doubled."""
    true = block(10, 30, 10, 40)
    answers = {
        "right": true,
        "wide": block(8, 32, 8, 42),  # two pixels all round
        "cut": block(10, 30, 10, 25),
        "speck": true | block(0, 5, 50, 60),
    }
    rows = []
    for name, answer in answers.items():
        sample = make_pair(painted(true), true, f"A_P_hgr1_id01_{name}.png")
        rows.append(evaluate(Baseline(name, lambda image, answer=answer: answer), [sample]).table)
    return pd.concat(rows).assign(name=list(answers)).set_index("name", drop=False)


def test_each_error_gets_its_kind_and_the_worst_comes_first(table):
    sorted_ = audit.disagreements(table)
    assert sorted_.kind.to_dict() == {"right": "none", "wide": "outline", "cut": "missed", "speck": "false"}
    assert list(sorted_.name) == ["cut", "wide", "speck", "right"]
    assert table.fp_far["wide"] == 4 * 3, "of each corner, three pixels are more than 2 px from the hand"
    assert sorted_.f1_2px["wide"] == pytest.approx(2 * 600 / (2 * 600 + 12))
    # of the 20 x 15 missed pixels two columns and, at top and bottom, two rows are near an edge
    assert table.fn_far["cut"] == 16 * 13 and sorted_.f1_2px["cut"] == pytest.approx(2 * 392 / (2 * 392 + 208))
    assert table.fp_far["speck"] == 50


def test_outlines_tell_on_which_side_a_label_is(table):
    two = table.loc[["right", "wide"]].assign(person=["01", "02"])
    told = audit.outlines(two)
    assert list(told.index) == ["02", "01"] and list(told.photos) == [1, 1]
    assert told.offset_px.to_dict() == {"01": 0, "02": 2}
    strict, tolerant = 2 * 600 / (600 + 24 * 34), 2 * 600 / (2 * 600 + 12)
    assert (told.f1["02"], told.f1_2px["02"]) == pytest.approx((strict, tolerant))
    assert told.forgiven.to_dict() == pytest.approx({"01": 0, "02": (tolerant - strict) / (1 - strict)})


def test_one_photo_that_went_wrong_does_not_move_a_persons_offset(table):
    three = table.loc[["wide", "wide", "wide"]].assign(person="02", offset_px=[2.0, 1.0, 90.0])
    assert audit.outlines(three).offset_px["02"] == 2


# Whether the network knew


def test_reliability_counts_what_is_there(make_pair):
    """20 pixels were given 0.25, 5 of them hand; 20 were given 1, all of them hand."""
    hand = np.full((4, 10), 0.25, np.float32)
    hand[:, 5:] = 1
    true = block(0, 4, 5, 10, 4, 10)
    true[0, :5] = 1
    told = audit.reliability(lambda image: hand, [make_pair(painted(true), true)], bins=4)
    assert list(told.pixels) == [0, 20, 0, 20]
    assert told.probability[1] == told.hand[1] == 0.25 and told.probability[3] == told.hand[3] == 1
    assert np.isnan(told.hand[0]) and list(told.low) == [0, 0.25, 0.5, 0.75]
    assert audit.calibration_error(told) == 0
    assert audit.calibration_error(told.assign(hand=[np.nan, 0.75, np.nan, 1])) == pytest.approx(0.25)


@pytest.mark.parametrize("ask", [audit.reliability, tune_threshold])
@pytest.mark.parametrize(
    "answer, found",
    [
        (np.full((4, 10), 255.0), "from 255 to 255"),
        (np.linspace(-3, 3, 40).reshape(4, 10), "from -3 to 3"),  # before the sigmoid
        (np.full((4, 10), np.nan), "from nan to nan"),
        (np.full((2, 5), 0.5), r"\(2, 5\)"),
    ],
)
def test_an_answer_that_is_no_probability_is_refused(ask, answer, found, make_pair):
    sample = make_pair(painted(block(0, 4, 5, 10, 4, 10)), block(0, 4, 5, 10, 4, 10))
    with pytest.raises(InputError, match=f"{sample.image.name}: the answer is .*{found}"):
        ask(lambda image: answer, [sample])


def test_a_probability_that_rounding_took_past_1_is_one(make_pair):
    true = block(0, 4, 5, 10, 4, 10)
    sample = make_pair(painted(true), true)
    sure = np.nextafter(true.astype(np.float32), np.float32([2, -2])[1 - true])  # above 1, below 0
    assert list(audit.reliability(lambda image: sure, [sample], bins=2).pixels) == [20, 20]
    assert tune_threshold(lambda image: sure, [sample])[1].iou.eq(1).all()


class LeftSeer:
    """Finds hand in the left columns of any photo, whatever is there: it contradicts itself on the mirror image."""

    threshold = 0.5

    def __init__(self, upto):
        self.upto = upto

    def __call__(self, image):
        return block(0, image.shape[0], 0, self.upto, *image.shape[:2]).astype(np.float32)


@pytest.mark.parametrize("upto, expected", [(10, 0), (7, 1 - 4 / 10), (5, 1)])
def test_doubt_is_what_the_mirror_image_contradicts(upto, expected):
    """Of 10 columns, 7 are found: in the mirror image the other 7, of which 4 are the same."""
    seer, image = LeftSeer(upto), np.zeros((4, 10, 3), np.uint8)
    assert audit.doubt(seer, image, seer(image) >= 0.5) == pytest.approx(expected)


def test_doubts_stand_beside_the_errors(make_pair):
    true = block(0, 4, 0, 10, 4, 10)
    told = audit.doubts(LeftSeer(7), [make_pair(painted(true), true)])
    assert told.doubt[0] == pytest.approx(0.6) and told.error[0] == pytest.approx(0.3)


def test_ranking_by_hand():
    table = pd.DataFrame({"doubt": [0.1, 0.2, 0.3, 0.4, 0.5], "error": [0.0, 0.01, 0.02, 0.9, 0.03]})
    told = audit.ranks_errors(table, worst=0.2)
    assert told["spearman"] == pytest.approx(1 - 6 * (1 + 1) / (5 * 24))
    assert told["auroc"] == pytest.approx(3 / 4), "one of the four others is doubted more"
    assert audit.ranks_errors(table.assign(doubt=table.error))["auroc"] == 1
    assert np.isnan(audit.ranks_errors(table.assign(error=0.0))["auroc"])


@pytest.mark.parametrize("function", [audit.reliability, audit.doubts])
def test_no_samples_are_refused(function):
    with pytest.raises(InputError, match="no samples"):
        function(LeftSeer(3), [])


# The scores behind it


def test_the_offset_has_the_sign_of_the_side():
    true = block(10, 30, 10, 40)
    for grown in (-3, -1, 0, 1, 3):
        pred = block(10 - grown, 30 + grown, 10 - grown, 40 + grown)
        assert metrics.offset_px(true, pred) == grown
        assert metrics.boundary_px(true, pred) == abs(grown)
    assert np.isnan(metrics.offset_px(true, block(0, 0, 0, 0)))


@pytest.mark.parametrize("grown, right", [(0, True), (1, True), (2, True), (3, False), (-2, True), (-3, False)])
def test_what_is_forgiven_lies_within_the_band(grown, right):
    true = block(0, 40, 10, 40)
    forgiven = metrics.forgive(true, block(0, 40, 10 - grown, 40 + grown))
    assert np.array_equal(forgiven, true) == right
    assert forgiven.sum() == true.sum() + (0 if right else np.sign(grown) * 2 * 40), "two columns are too far"


def test_the_photos_edge_is_no_edge_and_an_empty_mask_has_none():
    true = block(0, 40, 0, 30)
    assert metrics.forgive(true, block(5, 40, 0, 30)).sum() < true.sum()
    empty, some = block(0, 0, 0, 0), block(0, 1, 0, 1)
    assert np.array_equal(metrics.forgive(empty, some), some)


# Slices


def test_slices_are_thirds_of_the_photos():
    table = pd.DataFrame(
        {"hand": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], "tone": [1.0] * 5 + [np.nan], "person": list("aabbcc")}
    )
    table = table.assign(iou=table.hand, f1=table.hand, boundary_px=1.0)
    told = Report(table, 0.5).slices(("hand", "tone"))
    by_hand = told[told.slice == "hand"]
    assert list(by_hand.third) == ["low", "middle", "high"] and list(by_hand.photos) == [2, 2, 2]
    assert list(by_hand.iou) == pytest.approx([0.15, 0.35, 0.55])
    assert list(by_hand["from"]) == [0.1, 0.3, 0.5] and list(by_hand["to"]) == [0.2, 0.4, 0.6]
    assert list(told[told.slice == "tone"].photos) == [5], "one value for all makes one group"
