"""The machine: its GPU, the number format that is fast on it, and a record of it beside every measured figure."""

import datetime
import importlib
import importlib.metadata
import json
import os
import platform
import shlex
import sys
from pathlib import Path

from .data.gate import InputError
from .resume import write_whole

INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "bf16")
DTYPES = ("float32", "mixed_bfloat16", "mixed_float16")
PACKAGES = ("keras", "numpy", "opencv-python-headless", "ipywidgets", "jupyterlab")


def backend_of_keras() -> str:
    """tensorflow, jax or torch; imports Keras."""
    import keras

    return keras.backend.backend()


def gpu() -> dict | None:
    """The GPU that Keras's backend sees: name, and CUDA compute capability, such as 8.0; 0 for others than NVIDIA's.

    None where there is no GPU.
    """
    backend = backend_of_keras()
    if backend == "jax":
        import jax

        for device in jax.devices():
            if device.platform == "gpu":
                capability = str(getattr(device, "compute_capability", ""))  # of AMD's, a name such as gfx90a
                number = float(capability) if capability.replace(".", "").isdigit() else 0.0
                return {"name": device.device_kind, "capability": number}
        return None
    if backend == "torch":
        import torch

        if not torch.cuda.is_available():
            return None
        return {"name": torch.cuda.get_device_name(), "capability": _number(torch.cuda.get_device_capability())}
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    if not devices:
        return None
    details = tf.config.experimental.get_device_details(devices[0])
    return {"name": details.get("device_name", "GPU"), "capability": _number(details.get("compute_capability", (0, 0)))}


def _number(version: tuple[int, int]) -> float:
    """(8, 6) as 8.6."""
    return float("{}.{}".format(*version))


def has_gpu() -> bool:
    """True if Keras's backend sees a GPU."""
    return gpu() is not None


def fast_dtype() -> str:
    """The fastest dtype policy that trains well here: bfloat16 where the hardware has it, else float32.

    Without bfloat16 instructions, mixed precision is slower: many times so on a CPU, and on a GPU older than NVIDIA's
    Ampere, such as Colab's T4, it only adds casts (https://github.com/openxla/xla/issues/12429). There
    ``HANDSEG_DTYPE=mixed_float16`` may be faster, and trains as well; the variable is heeded on any machine.

    Raises:
        InputError: ``HANDSEG_DTYPE`` is none of `DTYPES`.
    """
    if wanted := os.environ.get("HANDSEG_DTYPE"):
        if wanted not in DTYPES:
            raise InputError(f"HANDSEG_DTYPE={wanted}: take one of {', '.join(DTYPES)}, or unset it.")
        return wanted
    if device := gpu():
        return "mixed_bfloat16" if device["capability"] >= 8 else "float32"
    cpu = Path("/proc/cpuinfo")
    has_bf16 = cpu.exists() and any(flag in cpu.read_text() for flag in ("avx512_bf16", "amx_bf16"))
    return "mixed_bfloat16" if has_bf16 and backend_of_keras() == "tensorflow" else "float32"


def machine() -> dict:
    """The machine, without its name: what a figure measured on it hangs on.

    Of its instruction sets those that count here, and the dtype in which the course trains on it: two cores with
    bfloat16 are not any two cores.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    device, (name, flags) = gpu(), processor()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": name,
        "instruction_sets": [flag for flag in INSTRUCTION_SETS if flag in flags],
        "cores": cores,
        **({"gpu": device["name"]} if device else {}),
        "dtype": fast_dtype(),
    }


def processor() -> tuple[str, list[str]]:
    """The processor's name, and its instruction sets where the system tells them (Linux)."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine(), []
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}
    return fields.get("model name") or platform.machine(), fields.get("flags", fields.get("Features", "")).split()


def versions() -> dict:
    """Versions of Python, of Keras's backend, and of the packages that figures depend on."""
    backend = backend_of_keras()  # it is asked itself, for a package of TensorFlow may have another name
    versions = {"python": platform.python_version(), backend: importlib.import_module(backend).__version__}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return versions


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
