"""The capstone: leaves that are drawn, and a rubric that notices what is missing in a piece of work."""

import dataclasses

import numpy as np
import pytest

import handseg_lib as hs
from handseg_lib.data import leaves
from handseg_lib.evaluation.baselines import Baseline


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return leaves.load(plants=5, takes=3, size=96, cache=tmp_path_factory.mktemp("leaves"))


def test_a_leaf_is_drawn_again_from_the_same_numbers():
    image, mask = leaves.draw(1, 1)
    assert image.shape == (160, 160, 3) and image.dtype == mask.dtype == np.uint8 and mask.shape == (160, 160)
    assert all(np.array_equal(one, other) for one, other in zip((image, mask), leaves.draw(1, 1)))
    for other in ((2, 1), (1, 2), (1, 1, 5)):
        assert not np.array_equal(mask, leaves.draw(*other)[1])


def test_leaves_are_a_data_set_without_a_fault(drawn):
    assert len(drawn) == 15 and sorted({s.person for s in drawn}) == ["01", "02", "03", "04", "05"]
    assert hs.check_pairs(drawn).table.empty
    for sample in drawn:
        mask = sample.read()[1]
        assert set(np.unique(mask)) == {0, 1} and 0.03 < mask.mean() < 0.6


def test_leaves_are_drawn_once(tmp_path, monkeypatch):
    first = leaves.load(1, 1, size=32, cache=tmp_path)
    monkeypatch.setattr(leaves, "draw", None)
    assert leaves.load(1, 1, size=32, cache=tmp_path) == first


@pytest.fixture(scope="module")
def work(drawn):
    """A capstone that meets every demand: the network knows the true masks, but for a corner."""
    split = hs.split_by_person(drawn, test=("04", "05"), val=("03",))
    known = {image.tobytes(): mask for image, mask in (sample.read() for sample in drawn)}

    def method(image):
        found = known[image.tobytes()].copy()
        found[:32, :32] = 0
        return found

    predictor = Baseline("knows", method)
    report = hs.evaluate(predictor, split.test)
    summary = report.summary()
    keys = {"iou": "iou", "low": "iou_low", "high": "iou_high", "worst": "worst_person_iou"}
    claim = {name: round(summary[key], 2) for name, key in keys.items()}
    worst = report.table.sort_values("iou", kind="stable").image[:3]
    notes = {name: f"the upper left of {name} is missing" for name in worst}
    return {"split": split, "predictor": predictor, "report": report, "claim": claim, "notes": notes}


def unmet(**work) -> str:
    return " | ".join(hs.rubric(**work).table.query("not met").demand)


def test_good_work_meets_every_demand(work):
    found = hs.rubric(**work)
    assert found.passed and "NO" not in repr(found) and "9 of 9 demands are met" in repr(found)


def test_a_network_that_finds_little_does_not_pass(work, drawn):
    """It beats a lazy answer and a table of colours, as one with an IoU of 0.2 once did, and all else is filled in."""
    known = {image.tobytes(): mask for image, mask in (sample.read() for sample in drawn)}

    def half(image):
        found = known[image.tobytes()].copy()
        found[:, np.flatnonzero(np.cumsum(found.sum(0)) > 0.6 * found.sum())] = 0
        return found

    predictor = Baseline("half", half)
    report = hs.evaluate(predictor, work["split"].test)
    assert 0.5 < hs.evaluate(predictor, work["split"].val).table.iou.mean() < 0.65
    poor = work | {"predictor": predictor, "report": report}
    assert "The validation photos reach the goal, an IoU of 0.8" in unmet(**poor)
    assert "They have 0.5" in repr(hs.rubric(**poor)) or "They have 0.6" in repr(hs.rubric(**poor))
    assert "reach the goal" not in unmet(**poor, goal=0.5)


def test_the_test_photos_are_not_looked_at_until_the_report_is_of_them(work):
    """Else every look at the rubric while somebody still changes things would be a look at the test."""
    split, looked_at = work["split"], []

    def method(image):
        looked_at.append(image.tobytes())
        return work["predictor"](image)

    predictor = Baseline("looks", method)
    test = {sample.read()[0].tobytes() for sample in split.test}
    on_val = work | {"predictor": predictor, "report": hs.evaluate(predictor, split.val)}
    assert unmet(**on_val).startswith("The report is of this network, and of the test photos")
    assert looked_at and not test & set(looked_at)
    assert "The report" not in unmet(**work | {"predictor": predictor}) and test <= set(looked_at)


@pytest.mark.parametrize("goal", [0, 0.2, 1.5, "high", None])
def test_a_goal_that_asks_for_nothing_is_refused(work, goal):
    with pytest.raises(hs.InputError, match="goal=.*use a number from 0.5 to 1"):
        hs.rubric(**work, goal=goal)


def test_each_fault_is_found_and_told(work):
    split, report = work["split"], work["report"]
    turned = [dataclasses.replace(split.train[0], skin="black"), *split.train[1:]]
    assert "no fault" in unmet(**work | {"split": split._replace(train=turned)})
    shared = split._replace(train=[*split.train, dataclasses.replace(split.train[0], person="04")])
    assert "two parts" in unmet(**work | {"split": shared})
    one = split._replace(test=[s for s in split.test if s.person == "04"])
    assert "at least two" in unmet(**work | {"split": one})
    lazy = Baseline("lazy", lambda image: np.ones(image.shape[:2]))
    assert "laziest" in unmet(**work | {"predictor": lazy}) and "table of colours" in unmet(
        **work | {"predictor": lazy}
    )
    assert unmet(**work | {"predictor": lazy}).startswith("The report is of this network")
    assert unmet(**work | {"claim": work["claim"] | {"worst": 0.99}}).startswith("The claim")
    assert "note of its own" in unmet(**work | {"notes": dict.fromkeys(work["notes"], "bad")})
    for last in ("the upper left is missing", "The upper left  is missing"):
        same = dict(zip(work["notes"], ["the upper left is missing", "the leaf is green as grass", last]))
        told = repr(hs.rubric(**work | {"notes": same}))
        assert "8 of 9" in told and "Two notes are the same" in told, "one sentence does not stand for two photos"
    told = repr(hs.rubric(**work | {"notes": {}, "claim": {}}))
    assert told.count("NO ") == 2 and report.table.image.iloc[report.table.iou.argmin()] in told
