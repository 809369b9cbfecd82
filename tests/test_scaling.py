"""What a million photos take: the arithmetic, by hand, and that the record is computed from today's others."""

import json

import pytest

from benchmarks import RESULTS, figures, scaling

RATE = {
    "epochs": 10,
    "gpu_photos_per_second": 160,  # 16 photos in 100 ms
    "gradient_mb": 50,
    "augment_ms": 2,
    "decode_ms": 3,
    "kb_per_photo": 400,
}


def test_one_gpu_sends_nothing():
    row = scaling.training(RATE, 1, photos=576_000, inside=100, between=100)
    assert (row["machines"], row["global_batch"]) == (1, 16)
    assert (row["compute_ms"], row["send_ms"], row["efficiency"]) == (pytest.approx(100), 0, 1)
    assert row["hours"] == row["gpu_hours"] == pytest.approx(10)  # 5,760,000 photos at 160 a second
    assert row["cores"] == pytest.approx(0.32) and row["cores_decoding"] == pytest.approx(0.8)
    assert row["disk_mb_per_second"] == pytest.approx(64)


def test_gpus_of_one_machine_use_its_line_and_those_of_several_the_slower_one():
    """Each of n sends 2 (n - 1) / n times 50 MB: 87.5 MB of eight GPUs, 98.4 of 64."""
    eight = scaling.training(RATE, 8, photos=576_000, inside=50, between=10)
    assert eight["send_ms"] == pytest.approx(87.5 / 50)
    many = scaling.training(RATE, 64, photos=576_000, inside=50, between=10)
    assert many["machines"] == 8 and many["send_ms"] == pytest.approx(98.4375 / 1.25)
    assert many["efficiency"] == pytest.approx(100 / 178.75)
    assert many["gpu_hours"] == pytest.approx(10 / many["efficiency"])


def test_what_a_machine_supplies():
    """16 cores at 2 ms, and at 5; 2 GB and 1.25 GB a second, in photos of 400 kB."""
    rows = scaling.supply(RATE, cores=16, disk=2, network=10)
    assert [row["photos_per_second"] for row in rows] == pytest.approx([8000, 3200, 5000, 3125])
    assert rows[0]["gpus"] == pytest.approx(50)


def test_leaving_out_each_person_grows_with_the_square():
    """12 trainings on the photos of 9 persons, or 24 on those of 21."""
    assert scaling.leave_out(24, by=12) == pytest.approx(24 * 21 / (12 * 9))


def test_the_record_is_what_todays_records_give():
    record = json.loads((RESULTS / "scaling.json").read_text())
    found, rows = scaling.computed(figures.records(), scaling.parser().parse_args(["--json"]))
    assert record["figures"] == pytest.approx(found), "run: python -m benchmarks.scaling --json"
    assert record["rows"] == [pytest.approx(row) for row in rows]


def test_rates_are_those_of_the_records():
    """Epochs in which the encoder is frozen are shorter, and are not what a training grows by."""
    rate = scaling.rates(figures.records())
    race = json.loads((RESULTS / "time_to_quality.json").read_text())
    seconds = sorted(row["seconds"] for row in race["rows"] if row["recipe"] == "ours" and row["epoch"] > 1)
    assert rate["cpu_photos_per_second"] == pytest.approx(rate["training_photos"] / seconds[len(seconds) // 2])
    assert 500 < rate["training_photos"] < 600  # HGR1's, without five persons'
    assert rate["kb_per_photo"] == 4 * rate["size"] ** 2 / 1000
