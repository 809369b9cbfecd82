"""The doctor: what this machine has, and a record of it beside every figure."""

import datetime
import importlib
import importlib.metadata
import json
import os
import platform
import shlex
import sys
from pathlib import Path

import keras

from .. import start
from ..data import hgr1
from ..predictor import COURSE_MODEL
from ..resume import write_whole
from . import profile

INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "bf16")
PACKAGES = ("keras", "numpy", "opencv-python-headless", "ipywidgets", "jupyterlab")


def report(args=None) -> dict:
    """Says what this machine has, and what the course will do with it."""
    chosen, here, odd = profile.current(), machine(), start.odd_settings()
    return {
        **here,
        **versions(),
        "backend": keras.backend.backend(),
        "gpu": here.get("gpu", False),
        "dtype": profile.fast_dtype(),
        "keras_json": f"{start.keras_json()}: {', '.join(odd)}; the course passes over it" if odd else False,
        "hgr1": hgr1.available(),
        "course_model": COURSE_MODEL.is_file(),
        "profile": f"{chosen.name}: {chosen.size} px, {chosen.epochs} epochs",
    }


def machine() -> dict:
    """The machine, without its name: what a figure measured on it hangs on.

    Of its instruction sets those that count here, and the dtype in which the course trains on it: two cores with
    bfloat16 are not any two cores.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found, (name, flags) = profile.gpu(), processor()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": name,
        "instruction_sets": [flag for flag in INSTRUCTION_SETS if flag in flags],
        "cores": cores,
        **({"gpu": found["name"]} if found else {}),
        "dtype": profile.fast_dtype(),
    }


def processor() -> tuple[str, list[str]]:
    """The processor's name, and its instruction sets where the system tells them (Linux)."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine(), []
    told = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}
    return told.get("model name") or platform.machine(), told.get("flags", told.get("Features", "")).split()


def versions() -> dict:
    """Versions of Python, of Keras's backend, and of the packages that figures depend on."""
    backend = keras.backend.backend()  # asked itself, for a package of TensorFlow may have another name
    found = {"python": platform.python_version(), backend: importlib.import_module(backend).__version__}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def write_record(path: Path, figures: dict, rows: list[dict]) -> None:
    """Writes measured figures with what is needed to measure them again: command, date, machine, versions."""
    spec = sys.modules["__main__"].__spec__  # None when run as a file
    program = ["-m", spec.name.removesuffix(".__main__")] if spec else sys.argv[:1]
    record = {
        "name": path.stem,
        "command": shlex.join(["python", *program, *sys.argv[1:]]),
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "figures": figures,
        "rows": rows,
    }
    write_whole(path, json.dumps(record, indent=1) + "\n")
