"""The command line where the shell has closed a stream, the disk is full or nobody reads: its exit code is true."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="the shell of other systems has other words"),
]


def handseg(*words, streams="", unbuffered="", **options):
    """Runs a command, with the shell's words on its streams behind it: ``2>&-`` closes stderr."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered}
    shell = ["sh", "-c", f'exec "$@" {streams}', "sh", sys.executable, "-m", "handseg_lib", *map(str, words)]
    return subprocess.run(shell, env=env, text=True, stderr=subprocess.PIPE, **{"stdout": subprocess.PIPE} | options)


def test_with_stderr_closed_every_photo_is_done(tmp_path):
    """The progress bar, which appears after a second, has nowhere to go; it must not end the work."""
    for name in ("a.jpg", "b.jpg"):
        shutil.copy(ROOT / "docs" / "hands.jpg", tmp_path / name)
    done = handseg("predict", tmp_path, "--out", tmp_path / "out", "--json", streams="2>&-")
    assert done.returncode == 0 and done.stderr == ""
    assert len(json.loads(done.stdout)["hand_share"]) == 2 and len(list((tmp_path / "out").iterdir())) == 4


def test_with_stderr_closed_a_message_is_not_among_the_results(tmp_path):
    """To print to no stderr is to print to stdout, in Python."""
    done = handseg("check", tmp_path / "nowhere", tmp_path, "--json", streams="2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("words", [("quiz", "05", "--json"), ("quiz",)], ids=["short", "long"])
def test_a_full_stdout_is_told_and_is_no_success(words, unbuffered):
    done = handseg(*words, streams=">/dev/full", unbuffered=unbuffered)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("handseg_lib: what was found cannot be printed (No space left on device).")


def test_who_has_read_enough_hears_nothing_more():
    """As in ``handseg quiz | head``."""
    reader, writer = os.pipe()
    os.close(reader)
    done = handseg("quiz", stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (2, "")
