"""The profile: how much the course does, from a test's few seconds to a GPU's best.

``HANDSEG_PROFILE=smoke|quick|full`` chooses; without it, full where there is a GPU and HGR1, else
quick. A notebook asks the profile for sizes and data and never branches on it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import keras

from . import drawn, hgr1
from .data import InputError, Sample


@dataclass(frozen=True)
class Profile:
    """
    Attributes:
        name: smoke, quick or full.
        size: side of the network's square photos, in pixels.
        batch_size: photos in a batch.
        epochs, frozen_epochs: of ``training.fit``.
        per_person: at most so many photos of each person; None for all.
        drawn: so many drawn persons train among the others.
        rooms: so many drawn rooms to put hands into; 0 leaves all hands where they were taken.
        closer: the trained network looks at photos so many times as large as those it learnt from. Augmentation
            shows it many hands smaller than they are; from closer by, a small hand is of a size that it knows well.
    """

    name: str
    size: int
    batch_size: int
    epochs: int
    frozen_epochs: int
    per_person: int | None
    drawn: int = 0
    rooms: int = 0
    closer: float = 1.0

    def samples(self, root: str | Path | None = None) -> list[Sample]:
        """The samples to work with: those in ``root``, else HGR1 where it is wanted, else drawn hands.

        The full profile insists on HGR1, and smoke on drawn hands.
        """
        if root is None and (self.name == "smoke" or (self.name == "quick" and not hgr1.wanted())):
            return thin(drawn.load(), self.per_person)
        return thin(hgr1.load(root), self.per_person)


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("smoke", size=64, batch_size=4, epochs=2, frozen_epochs=1, per_person=3),
        Profile("quick", size=128, batch_size=8, epochs=12, frozen_epochs=2, per_person=16),
        Profile(
            "full",
            size=192,
            batch_size=16,
            epochs=16,
            frozen_epochs=1,
            per_person=None,
            drawn=12,
            rooms=300,
            closer=4 / 3,
        ),
    )
}


def current(name: str | None = None) -> Profile:
    """The profile of that name, of ``HANDSEG_PROFILE``, or the one that fits this machine.

    Raises:
        InputError: there is no profile of that name.
    """
    name = name or os.environ.get("HANDSEG_PROFILE") or ("full" if has_gpu() and hgr1.available() else "quick")
    if name not in PROFILES:
        raise InputError(f"HANDSEG_PROFILE={name}: there is no such profile. Use {', '.join(PROFILES)}.")
    return PROFILES[name]


def thin(samples: list[Sample], per_person: int | None) -> list[Sample]:
    """Keeps at most ``per_person`` samples of each person, spread over the gestures, other ones for each person."""
    if per_person is None:
        return samples
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(sample.person, []).append(sample)
    kept = []
    for start, group in enumerate(groups.values()):
        count = min(per_person, len(group))
        kept += [group[(i * len(group) // count + start) % len(group)] for i in range(count)]
    return kept


def gpu() -> dict | None:
    """The GPU that Keras's backend sees: name, and CUDA compute capability, such as 8.0; 0 for others than NVIDIA's.

    None where there is no GPU.
    """
    backend = keras.backend.backend()
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
    told = tf.config.experimental.get_device_details(devices[0])
    return {"name": told.get("device_name", "GPU"), "capability": _number(told.get("compute_capability", (0, 0)))}


def _number(version: tuple[int, int]) -> float:
    """(8, 6) as 8.6."""
    return float("{}.{}".format(*version))


def has_gpu() -> bool:
    """True if Keras's backend sees a GPU."""
    return gpu() is not None


def fast_dtype() -> str:
    """The fastest dtype policy that trains well here: bfloat16 where the hardware has it, else float32.

    Without bfloat16 instructions, mixed precision is slower: many times so on a CPU, and on a GPU older than NVIDIA's
    Ampere, such as Colab's T4, it only adds casts (https://github.com/openxla/xla/issues/12429).
    """
    if found := gpu():
        return "mixed_bfloat16" if found["capability"] >= 8 else "float32"
    cpu = Path("/proc/cpuinfo")
    has_bf16 = cpu.exists() and any(flag in cpu.read_text() for flag in ("avx512_bf16", "amx_bf16"))
    return "mixed_bfloat16" if has_bf16 and keras.backend.backend() == "tensorflow" else "float32"
