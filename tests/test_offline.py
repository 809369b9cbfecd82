"""The lessons on a borrowed machine: no network, and nothing but one cache that may be written."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's namespaces")
def test_a_lesson_runs_without_a_network_where_only_a_cache_can_be_written():
    """One lesson here; all of them once a week, by the same script."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "offline_course.py", "01"], capture_output=True, text=True
    )
    if done.returncode == 99 or done.stderr.startswith("unshare: "):
        pytest.skip(f"no namespaces here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0 and "01_photos_and_masks: ran" in done.stdout, done.stdout + done.stderr
