"""The profile: how much the course does, from a test's few seconds to a GPU's best.

``HANDSEG_PROFILE=smoke|quick|full`` chooses; without it, full where there is a GPU and HGR1, else
quick. A notebook asks the profile for sizes and data and never branches on it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from .. import machine
from ..data import drawn, hgr1
from ..data.gate import InputError, of_kind
from ..data.samples import Sample


@dataclass(frozen=True)
class Profile:
    """How much the course does.

    Attributes:
        name: smoke, quick or full.
        size: side of the network's square photos, in pixels.
        batch_size: photos in a batch.
        epochs, frozen_epochs: of ``training.fit``.
        per_person: at most so many photos of each person; None for all.
    """

    name: str
    size: int
    batch_size: int
    epochs: int
    frozen_epochs: int
    per_person: int | None

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
        Profile("full", size=224, batch_size=16, epochs=8, frozen_epochs=1, per_person=None),
    )
}


def current(name: str | None = None) -> Profile:
    """The profile of that name, of ``HANDSEG_PROFILE``, or the one that fits this machine.

    Raises:
        InputError: there is no profile of that name.
    """
    of_kind("name", name, (str, type(None)), f"Give one of {', '.join(PROFILES)}.")
    name = name or os.environ.get("HANDSEG_PROFILE") or ("full" if machine.has_gpu() and hgr1.available() else "quick")
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
    thinned = []
    for start, group in enumerate(groups.values()):
        count = min(per_person, len(group))
        thinned += [group[(i * len(group) // count + start) % len(group)] for i in range(count)]
    return thinned
