"""The doctor: what this machine has, what is broken on it, and the command that mends it.

It must be able to speak where Keras is what is broken, so it imports neither Keras nor what needs it: Keras is started
in a process of its own, and what comes of that is told.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

from .. import start
from . import checkup
from .checkup import BROKEN, NOTE, OK, Finding

PATIENCE = 300  # seconds for Keras to start; on a slow disk it may take one
ASK = (
    "import json, sys; sys.path.append({!r}); from handseg_lib.course import doctor; print(json.dumps(doctor.report()))"
)


def report(args=None) -> dict:
    """Says what this machine has, and what the course will do with it. Needs Keras."""
    import keras

    from .. import machine
    from ..data import hgr1
    from ..predictor import COURSE_MODEL
    from . import profile

    chosen, hardware, odd = profile.current(), machine.machine(), start.odd_settings()
    return {
        **hardware,
        **machine.versions(),
        "backend": keras.backend.backend(),
        "gpu": hardware.get("gpu", False),
        "dtype": machine.fast_dtype(),
        "keras_json": f"{start.keras_json()}: {', '.join(odd)}; the course passes over it" if odd else False,
        "hgr1": hgr1.available(),
        "course_model": COURSE_MODEL.is_file(),
        "profile": f"{chosen.name}: {chosen.size} px, {chosen.epochs} epochs",
    }


def examine() -> list[Finding]:
    """Examines this machine.

    Returns:
        What was found, each with ``check``, ``mark`` ("ok", "note" or "broken"), ``reason`` and ``remedy``, which is ""
        where the mark is "ok". ``pandas.DataFrame(hs.doctor.examine())`` makes a table of it.
    """
    found = []
    for check in (*checkup.ALL, keras_starts, gpu):
        try:
            found += check()
        except Exception as error:  # what one examination stumbles on must not hide what the others find
            reason = f"cannot be examined ({type(error).__name__}: {error})"
            found.append(Finding(check.__name__, BROKEN, reason, "See the other lines first"))
    return found


def examined(args) -> dict:
    """Examines this machine: a mark, a reason and a remedy for each check. Exit code 1 if something is broken."""
    found = examine()
    if not args.json:
        print(table(found))
    broken = [finding.check for finding in found if finding.mark == BROKEN]
    result: dict = {"broken": ", ".join(dict.fromkeys(broken)) or "nothing"}
    if args.json:
        result |= {"checks": [finding._asdict() for finding in found], **(asked()[0] or {})}
    return result


def table(found: list[Finding]) -> str:
    """The findings as text, one a line, a remedy on a line of its own below."""
    lines = []
    for finding in found:
        lines.append(f"{finding.mark:7} {finding.check:16} {finding.reason}")
        if finding.remedy:
            lines.append(f"{'':24} do: {finding.remedy}")
    return "\n".join(lines)


def exit_code(result: dict) -> int:
    """1 where something is broken."""
    return int(result["broken"] != "nothing")


# Keras


def keras_starts() -> Iterator[Finding]:
    """Whether Keras and its backend start, and the rest of the library with them."""
    facts, fault = asked()
    if facts:
        backend = facts["backend"]
        yield Finding("keras", OK, f"{facts['keras']} on {backend} {facts[backend]}, {facts['dtype']}")
    else:
        yield Finding("keras", BROKEN, fault, "Mend what is broken above; else: make env, or Colab")


def gpu() -> Iterator[Finding]:
    """Whether a GPU that is there is used."""
    facts, _ = asked()
    if facts and facts["gpu"]:
        yield Finding("gpu", OK, facts["gpu"])
    elif facts and shutil.which("nvidia-smi"):
        yield Finding("gpu", NOTE, f"there is one of NVIDIA's, and {facts['backend']} does not see it", "make gpu")
    elif facts:
        yield Finding("gpu", OK, "none; the course does not need one")


def asked() -> tuple[dict | None, str]:
    """The report, or None and what keeps it from being made."""
    if "handseg_lib.unet" in sys.modules:  # a notebook, in which Keras has started
        return report(), ""
    return _asked()


@cache
def _asked() -> tuple[dict | None, str]:
    """The report of a process of its own: where TensorFlow dies of a signal, this one lives on to say so."""
    command = [sys.executable, "-c", ASK.format(str(checkup.LIBRARY.parent))]
    environ = dict(os.environ)
    if any(
        finding.mark == BROKEN for finding in checkup.profile()
    ):  # which is told already, and is no fault of Keras's
        del environ["HANDSEG_PROFILE"]
    more: dict = {"capture_output": True, "text": True, "errors": "replace", "timeout": PATIENCE, "env": environ}
    try:
        done = subprocess.run(command, **more)
    except subprocess.TimeoutExpired:
        return None, f"it has not started within {PATIENCE} seconds"
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        causes = {"SIGILL": ": this processor cannot run TensorFlow", "SIGKILL": ", most likely for want of memory"}
        return None, f"its process ended by {name}{causes.get(name, '')}"
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    try:
        if done.returncode == 0:
            return json.loads(lines[-1]), ""
    except (ValueError, IndexError):
        pass
    return None, (lines or [f"its process ended with exit code {done.returncode}"])[-1]
