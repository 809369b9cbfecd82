"""Published figures are measured ones."""

import json

import pytest

from benchmarks import RESULTS, report

# the headline figures that others rely on, of each benchmark that has been run
HEADLINES = {
    "test_persons": {"mean_f1", "mean_iou", "worst_person_iou"},
    "baselines": {"photos", "best", "best_iou", "best_f1"},
    "fuzz": {"inputs", "failures"},
    "widget_latency": {"median_ms", "median_ms_network"},
}


def test_pages_hold_what_was_measured():
    for path, text in report.pages().items():
        assert path.read_text() == text, f"{path.name} is out of step: run python -m benchmarks.report"


@pytest.mark.parametrize("name", HEADLINES)
def test_a_record_says_how_to_measure_it_again(name):
    record = json.loads((RESULTS / f"{name}.json").read_text())
    assert record.keys() >= {"name", "command", "date", "machine", "versions", "figures", "rows"}
    assert record["figures"].keys() >= HEADLINES[name]
    assert record["command"].startswith("python -m ")
