"""Published figures are measured ones."""

import json
import re
import shutil

import pytest

from benchmarks import RESULTS, figures, report

ROOT = RESULTS.parents[1]
LESSONS = sorted((ROOT / "lessons").glob("[0-9]*_*.py"))
# the headline figures that others rely on, of each benchmark that has been run
HEADLINES = {
    "test_persons": {"mean_f1", "mean_iou", "worst_person_iou"},
    "test_persons_gpu": {"mean_f1", "mean_iou", "training_seconds", "size"},
    "lopo": {"mean_f1", "mean_iou", "worst_person_f1", "boundary_px", "persons", "size"},
    "audit": {"f1", "f1_2px", "forgiven", "looked_at"},
    "doubt": {"spearman", "auroc", "calibration_error"},
    "ablation": {"iou", "size", "epochs", "persons", "photos"},
    "time_to_quality": {"target_iou", "published_seconds", "ours_seconds", "ratio", "ratio_whole"},
    "latency": {"best_ms", "ratio_published", "f1_lost"},
    "camera": {"page_masks_per_second", "live_masks_per_second", "live_export_masks_per_second", "page_megabytes"},
    "first_outline": {"seconds_to_page", "seconds_to_outline", "seconds_to_last_epoch"},
    "rooms_ablation": {"size", "home_epochs", "away_epochs", "rooms", "trainings"},
    "kills": {"kills", "resumed"},
    "input_pipeline": {"ms_per_photo", "ratio_published"},
    "drawn_to_real": {"iou", "office_iou"},
    "baselines": {"photos", "best", "best_iou", "best_f1"},
    "fuzz": {"inputs", "failures"},
    "widget_latency": {"median_ms", "median_ms_network"},
    "memory": {"max_gib", "lessons"},
    "store": {"photos", "ratio_ram", "resident_mb"},
    "cluster": {"lopo_ratio", "lopo_same", "photos", "photos_missing", "client_mb_grown"},
    "mutants": {"mutants", "killed", "share"},
    "peers": {"photos", "size", "epochs", "times_ours"},
    "seats": {"seats", "limit_gib", "killed", "lessons", "peak_gib"},
    "scaling": {"gpu_photos_per_second", "store_gb", "pixel_exponent", "lopo_grown"},
    "rooms": {"iou", "iou_grey", "false_hand_face", "hgr1_iou", "hgr1_iou_grey", "worst_iou", "poor_photos"},
}


# Records


@pytest.mark.parametrize("name", HEADLINES)
def test_a_record_says_how_to_measure_it_again(name):
    record = json.loads((RESULTS / f"{name}.json").read_text())
    assert record.keys() >= {"name", "command", "date", "machine", "versions", "figures", "rows"}
    assert record["figures"].keys() >= HEADLINES[name]
    assert record["command"].startswith("python -m ")


@pytest.mark.parametrize("path", RESULTS.glob("*.json"), ids=lambda path: path.stem)
def test_a_record_of_today_says_on_what(path):
    record = json.loads(path.read_text())
    if record["date"] >= "2026-11-29":  # older ones did not keep it
        assert record["machine"].keys() >= {"processor", "instruction_sets", "dtype"}


def test_a_lesson_fits_into_two_gib():
    rows = json.loads((RESULTS / "memory.json").read_text())["rows"]
    assert {row["lesson"] for row in rows} == {path.stem[:2] for path in LESSONS}
    assert max(row["peak_gib"] for row in rows) < 1.9, "Jupyter needs 0.1 of the 2"
    (training,) = [row for row in rows if row["lesson"] == "06"]
    assert training["peak_gib"] <= 1.6, "six trainings, and nothing of the first is left at the last"


# Pages and lessons (test_lessons.py holds the notebooks to the lessons, figures included)


def test_pages_hold_what_was_measured():
    for path, text in report.pages().items():
        assert path.read_text("utf-8") == text, f"{path.name} is out of step: run make figures"


def test_what_is_said_in_words_still_holds():
    texts = report.pages() | {path: path.read_text("utf-8") for path in LESSONS}
    assert sum(len(figures.HOLDS.findall(re.sub(r"^# ", "", text, flags=re.M))) for text in texts.values()) > 20
    assert figures.read_again(texts, ROOT) == []


# A score with three digits that no record holds, and what it is
NOT_MEASURED_HERE = {
    "model_card.md": ("0.940",),  # what the threshold of before scored
    "06_training.py": ("0.999",),  # an example of a probability
}


@pytest.mark.parametrize("path", [*LESSONS, *sorted(report.pages())], ids=lambda path: path.name)
def test_no_measured_score_is_typed(path):
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        text = "\n".join(re.findall(r"^#(?! <!--).*", text, flags=re.M))
    text = figures.IN_A_LESSON.sub("", figures.ON_A_PAGE.sub("", report.BLOCK.sub("", text)))
    if path.name != "results.md":  # which is written whole
        found = set(re.findall(r"(?<![\d.])0\.[89]\d\d\b(?!\d)", text))
        assert found <= set(NOT_MEASURED_HERE.get(path.name, ())), "take it from its record: see benchmarks/figures.py"


# How figures come into texts


@pytest.fixture
def known(tmp_path) -> dict:
    """A record of two rows and a card."""
    record = {"name": "race", "date": "2026-01-02", "figures": {"iou": 0.95}, "rows": [{"who": "a b", "iou": 0.8765}]}
    (tmp_path / "race.json").write_text(json.dumps(record))
    (tmp_path / "card.txt").write_text('{"size": 224, "test": {"iou": 0.9}}')
    return figures.records(tmp_path, tmp_path / "card.txt")


@pytest.mark.parametrize(
    "text, told",
    [
        ("{{race.iou:.3f}}", "0.950"),
        ('{{ race["a b"].iou:.2f }} of {{card.size}}', "0.88 of 224"),
        ("{{100 * race.iou:.0f}} % and {{race.date}}", "95 % and 2026-01-02"),
        ("{{card.test.iou:+.1f}}", "+0.9"),
        ("{{sum(row.iou for row in race.rows):.1f}}", "0.9"),
        ('{{table(race.rows, ("who?", "who"), ("IoU", "iou"))}}', "| who? | IoU |\n| --- | --- |\n| a b | 0.8765 |"),
        ("one\n<!-- holds: race.iou > 1 -->\ntwo", "one\ntwo"),
        ("no figure: {x}", "no figure: {x}"),
    ],
)
def test_a_placeholder_becomes_its_figure(known, text, told):
    assert figures.fill(text, known) == told


def test_a_table_has_no_empty_field():
    """A dash where one row has no figure; no column that no row has."""
    rows = [figures.Figures("a row", row) for row in ({"who": "a", "ms": 3}, {"who": "b"})]
    lines = ["| who | ms |", "| --- | --- |", "| a | 3 |", "| b | – |"]
    assert figures.table(rows, ("who", "who"), ("ms", "ms"), ("MB", "megabytes")).split("\n") == lines


def test_a_page_keeps_its_placeholders(known):
    page = "IoU <!-- {{race.iou:.3f}} -->0.123<!-- . -->, size <!-- {{card.size}} --><!-- . -->"
    fresh = "IoU <!-- {{race.iou:.3f}} -->0.950<!-- . -->, size <!-- {{card.size}} -->224<!-- . -->"
    assert figures.refresh(page, known) == fresh == figures.refresh(fresh, known)


@pytest.mark.parametrize("text", ["{{race.f1}}", "{{chase.iou}}", '{{race["c"].iou}}', "{{race.iou:d}}"])
def test_an_unknown_figure_stops_the_build(known, text):
    with pytest.raises(figures.FigureError):
        figures.fill(text, known)


def test_a_claim_that_no_longer_holds_is_named_with_its_line(known):
    text = (
        "# one\n# <!-- holds: race.iou > 0.9 -->\n# <!-- holds: race.iou > 0.96 -->\n<!-- holds: len(race.rows) > 1 -->"
    )
    assert figures.broken(text, known) == [(3, "race.iou > 0.96"), (4, "len(race.rows) > 1")]


def test_other_figures_change_every_page_that_tells_them(tmp_path, monkeypatch):
    """As if the network had been trained anew, and had become worse."""
    shutil.copytree(RESULTS, tmp_path / "results")
    path = tmp_path / "results" / "test_persons.json"
    record = json.loads(path.read_text())
    record["figures"] |= {"mean_iou": 0.123, "iou_low": 0.111}
    path.write_text(json.dumps(record))
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    pages = {page.name: text for page, text in report.pages().items()}
    assert "hand IoU 0.123" in pages["README.md"] and "| 0.123 |" in pages["results.md"]
    worse = figures.records(tmp_path / "results")
    lesson = next(path for path in LESSONS if path.name.startswith("08")).read_text("utf-8")
    assert "| the course's network | 0.123 | 0.111 to" in figures.fill(lesson, worse)
    assert {claim for _, claim in figures.broken(lesson, worse)} >= {
        "test_persons.iou_low > max(row.iou_low for row in baselines.rows)",
        "lopo.mean_iou < test_persons.mean_iou",
    }
