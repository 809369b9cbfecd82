"""The profile: one setting chooses size, epochs and data."""

import collections

import pytest
import tensorflow as tf

from handseg_lib import InputError, machine
from handseg_lib.__main__ import main
from handseg_lib.course import doctor, profile
from handseg_lib.data import drawn, hgr1


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """No profile chosen and no HGR1 at hand; drawn hands are the first few, so that none are rendered by hundreds."""
    monkeypatch.delenv("HANDSEG_PROFILE", raising=False)
    monkeypatch.delenv("HANDSEG_HGR1", raising=False)
    monkeypatch.setattr(hgr1, "cache", lambda: tmp_path / "nothing")


def test_the_environment_chooses(monkeypatch):
    for name in ("smoke", "quick", "full"):
        monkeypatch.setenv("HANDSEG_PROFILE", name)
        assert profile.current().name == name


def test_a_name_given_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("HANDSEG_PROFILE", "full")
    assert profile.current("smoke").name == "smoke"


@pytest.mark.parametrize("gpu, data, name", [(1, 1, "full"), (1, 0, "quick"), (0, 1, "quick"), (0, 0, "quick")])
def test_without_a_choice_it_is_full_only_with_gpu_and_hgr1(monkeypatch, hands, gpu, data, name):
    monkeypatch.setattr(machine, "has_gpu", lambda: bool(gpu))
    if data:
        monkeypatch.setenv("HANDSEG_HGR1", str(hands))
    assert profile.current().name == name


@pytest.mark.parametrize("given", ["fast", "SMOKE"])
def test_an_unknown_profile_is_refused_with_those_there_are(monkeypatch, given):
    monkeypatch.setenv("HANDSEG_PROFILE", given)
    with pytest.raises(InputError) as error:
        profile.current()
    assert str(error.value).startswith(f"HANDSEG_PROFILE={given}:") and "smoke, quick, full" in str(error.value)


def test_profiles_grow_from_smoke_to_full():
    small, middle, large = profile.PROFILES.values()
    for name in ("size", "batch_size"):
        assert getattr(small, name) < getattr(middle, name) < getattr(large, name)
    steps = [p.epochs * (p.per_person or 78) / p.batch_size for p in (small, middle, large)]  # HGR1 has 78 a person
    assert steps == sorted(steps)
    assert small.per_person < middle.per_person and large.per_person is None
    assert all(p.size % 16 == 0 and p.frozen_epochs < p.epochs for p in profile.PROFILES.values())


@pytest.mark.parametrize("per_person", [1, 2, 3, 50])
def test_thin_keeps_every_person_and_at_most_so_many_of_each(samples, per_person):
    uneven = samples[:-2] + samples[:1]
    kept = profile.thin(samples[:-2], per_person)
    counts, before = (collections.Counter(s.person for s in chosen) for chosen in (kept, samples[:-2]))
    assert counts == {person: min(count, per_person) for person, count in before.items()}
    assert len(set(kept)) == len(kept) and set(kept) <= set(uneven)


def test_thin_keeps_all_where_there_is_no_limit(samples):
    assert profile.thin(samples, None) == samples


def test_thin_spreads_over_the_gestures(samples):
    assert len({sample.gesture for sample in profile.thin(samples, 1)}) == 3
    for person in ("01", "02", "03"):
        assert len({sample.gesture for sample in profile.thin(samples, 2) if sample.person == person}) == 2


# Which samples


@pytest.fixture
def few_drawn(monkeypatch, samples):
    monkeypatch.setattr(drawn, "load", lambda: samples[:6])
    return samples[:6]


def test_smoke_takes_drawn_hands_even_where_hgr1_is_at_hand(monkeypatch, few_drawn, hands):
    monkeypatch.setenv("HANDSEG_HGR1", str(hands))
    assert profile.PROFILES["smoke"].samples() == few_drawn


def test_quick_takes_hgr1_where_it_is_at_hand_and_else_drawn_hands(monkeypatch, few_drawn, hands, samples):
    assert profile.PROFILES["quick"].samples() == few_drawn
    monkeypatch.setenv("HANDSEG_HGR1", str(hands))
    assert len(profile.PROFILES["quick"].samples()) == len(samples)


def test_quick_does_not_take_drawn_hands_for_a_folder_that_is_not_there(monkeypatch, few_drawn, tmp_path):
    monkeypatch.setenv("HANDSEG_HGR1", str(tmp_path / "mistyped"))
    with pytest.raises(InputError, match="mistyped: no such folder"):
        profile.PROFILES["quick"].samples()
    assert main(["evaluate"]) == 2


def test_none_means_drawn_hands_even_where_hgr1_is_in_the_cache(monkeypatch, few_drawn, hands):
    monkeypatch.setattr(hgr1, "cache", lambda: hands)
    assert profile.PROFILES["quick"].samples() != few_drawn
    monkeypatch.setenv("HANDSEG_HGR1", "none")
    assert profile.PROFILES["quick"].samples() == few_drawn
    with pytest.raises(InputError, match="HANDSEG_HGR1=none: HGR1 is not wanted, and this needs it. Unset it"):
        profile.PROFILES["full"].samples()


def test_full_insists_on_hgr1(monkeypatch, few_drawn, hands, samples):
    with pytest.raises(InputError, match="HANDSEG_HGR1"):
        profile.PROFILES["full"].samples()
    monkeypatch.setenv("HANDSEG_HGR1", str(hands))
    assert profile.PROFILES["full"].samples() == samples


@pytest.mark.parametrize("name", profile.PROFILES)
def test_a_folder_given_is_taken_by_every_profile(few_drawn, hands, name):
    assert len(profile.PROFILES[name].samples(hands)) == 36


# What this machine has


def test_bfloat16_is_chosen_only_where_the_hardware_has_it(monkeypatch, tmp_path):
    class CpuInfo:
        text = None

        def __init__(self, path):
            assert path == "/proc/cpuinfo"

        def exists(self):
            return self.text is not None

        def read_text(self):
            return self.text

    monkeypatch.setattr(machine, "Path", CpuInfo)
    monkeypatch.setattr(machine, "gpu", lambda: None)
    for text, want in ((None, "float32"), ("flags: avx2 avx512f", "float32"), ("avx512_bf16", "mixed_bfloat16")):
        CpuInfo.text = text
        assert machine.fast_dtype() == want
    CpuInfo.text = None
    for capability, want in ((7.5, "float32"), (8.0, "mixed_bfloat16"), (0.0, "float32")):  # Colab's T4 has 7.5
        monkeypatch.setattr(machine, "gpu", lambda found=capability: {"name": "GPU", "capability": found})
        assert machine.fast_dtype() == want


def test_handseg_dtype_overrides_what_the_machine_says(monkeypatch):
    monkeypatch.setenv("HANDSEG_DTYPE", "mixed_float16")
    assert machine.fast_dtype() == "mixed_float16"
    monkeypatch.setenv("HANDSEG_DTYPE", "float16")
    with pytest.raises(InputError, match="HANDSEG_DTYPE=float16: take one of float32, mixed_bfloat16"):
        machine.fast_dtype()


def test_a_gpu_is_told_by_name_and_capability(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["one"] if kind == "GPU" else [])
    details = {"device_name": "Tesla T4", "compute_capability": (7, 5)}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda device: details)
    assert machine.gpu() == {"name": "Tesla T4", "capability": 7.5} and machine.has_gpu()
    assert machine.machine()["gpu"] == doctor.report()["gpu"] == "Tesla T4"
