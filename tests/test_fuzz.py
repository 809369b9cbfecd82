"""A short run of the fuzz: some inputs for each door, and that its own watch is not blind. The long run is
``python -m benchmarks.fuzz``."""

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from fuzz_doors import DOORS, calls, kit, outcome
from hypothesis import given, settings
from hypothesis import strategies as st

import handseg_lib as hs
from benchmarks import fuzz
from handseg_lib.data.gate import as_masks, as_photo, number, what, whole

SLOW = {"states": 2, "cards": 1, "callback_sets": 1, "command_lines": 6, "models": 8}
good = pytest.mark.filterwarnings("ignore")


@good
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_whatever_comes_is_used_or_refused_in_one_line(door, tmp_path):
    for chance in range(SLOW.get(door.__name__, 30)):
        how = outcome(door, np.random.default_rng([7, chance]), tmp_path / str(chance))
        assert how in ("used", "refused"), f"{door.__name__} {chance}: {how}"


# Whatever value an argument has: hypothesis looks for the smallest one that fails

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
shapes = st.lists(st.integers(0, 5), max_size=4).map(tuple)
arrays = st.builds(
    lambda shape, kind, fill: np.full(shape, fill).astype(kind),
    shapes,
    st.sampled_from(["u1", "?", "i8", "f4", "f8", "U3", "O"]),
    st.sampled_from([0, 1, 2, 255, 256, 0.5, -1]),
)
anything = plain | arrays | st.lists(plain, max_size=3) | st.tuples(plain, plain) | st.dictionaries(st.text(), plain)
some = settings(max_examples=100, deadline=None, database=None)


@good
@some
@given(st.data())
def test_an_argument_may_be_anything(data):
    function, right = calls()[data.draw(st.sampled_from(sorted(calls())))]
    wrong = data.draw(st.sampled_from(sorted(right)))
    value = data.draw(anything)
    with tempfile.TemporaryDirectory() as place:
        how = outcome(lambda *_: lambda: function(**right | {wrong: value}), None, Path(place))
    assert how in ("used", "refused")


@some
@given(anything)
def test_a_number_that_is_let_in_is_one(value):
    """Whatever is not refused is a number within its ends, and may be counted and compared with."""
    for check, ends in ((whole, (3, 7)), (number, (0.25, 7, 1))):
        try:
            assert ends[0] <= check("n", value, *ends) <= ends[1]
        except hs.InputError as error:
            assert str(error).startswith("n=") and len(str(error)) < 250


@some
@given(anything)
def test_a_photo_and_a_mask_that_are_let_in_are_ones(value):
    try:
        photo = as_photo(value)
        assert photo.dtype == np.uint8 and photo.ndim == 3 and photo.shape[2] == 3 and photo.size
    except hs.InputError:
        pass
    try:
        (mask,) = as_masks(mask=value)
        assert mask.dtype == np.uint8 and mask.ndim == 2 and set(np.unique(mask)) <= {0, 1}
    except hs.InputError:
        pass


@some
@given(anything)
def test_any_value_has_a_name_in_one_short_line(value):
    error = hs.InputError(what(value))
    assert str(error).isprintable() and 0 < len(what(value)) < 120


# The watch


def writes_beside(rng, place):
    return lambda: (place / "beside.txt").write_text("x")


def writes_into_the_target(rng, place):
    return lambda: (place / "target" / "a.txt").write_text("x")


def spoils_what_was_given(rng, place):
    (place / "given" / "a.txt").write_text("x")
    return lambda: os.truncate(place / "given" / "a.txt", 0)


def stumbles(rng, place):
    return lambda: [][1]


def speaks_in_two_lines(rng, place):
    def call():
        error = hs.InputError("one")
        error.args = ("one\ntwo",)
        raise error

    return call


FAULTS = {
    writes_beside: "writes open",
    writes_into_the_target: "used",
    spoils_what_was_given: "writes os.truncate",
    stumbles: "IndexError in test_fuzz.py",
    speaks_in_two_lines: "refused unclearly",
}


@pytest.mark.parametrize("door", FAULTS, ids=lambda door: door.__name__)
def test_the_watch_sees_what_is_wrong(door, tmp_path):
    assert outcome(door, np.random.default_rng(0), tmp_path).startswith(FAULTS[door])


def bad_work(link):
    """A process that dies of one input, and hangs at another."""
    link.send("ready")
    while asked := link.recv():
        os._exit(3) if asked == "die" else time.sleep(60) if asked == "hang" else link.send(asked)


@pytest.mark.slow
def test_a_process_that_dies_or_hangs_is_counted_and_replaced():
    watched = fuzz.Watched(bad_work)
    assert watched.ask("well") == "well"
    assert watched.ask("die") == "crashes with exit code 3"
    assert watched.ask("hang", limit=0.2) == "hangs for more than 0.2 s"
    assert watched.ask("well") == "well"
    watched.process.kill()


def test_the_long_run_goes_through_every_door():
    long = fuzz.plan(5000)
    assert len(long) >= 5000 and {name for name, _ in long} == {door.__name__ for door in DOORS}
    assert {name for name, _ in fuzz.plan(10)} == {door.__name__ for door in DOORS}


def test_the_kit_is_made_once():
    assert kit() is kit() and Path(kit().home, "small.keras").is_file()
