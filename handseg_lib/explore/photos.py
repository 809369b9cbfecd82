"""The photos and masks of a data set, to leaf through."""

import functools
from collections.abc import Sequence

from .. import plots
from ..data.gate import InputError, number, of_kind
from ..data.samples import Sample, as_samples
from .view import Drawing, View, choice, keep, pages, slider

ALL = "all"


def browse(samples: Sequence[Sample]) -> View:
    """Leafs through samples, of one person or gesture where you choose so.

    Args:
        samples: what to show.

    Raises:
        InputError: there are no samples.
    """
    samples = as_samples(samples, "browse")
    shown = functools.lru_cache(1)(keep)  # of one photo, as long as it is shown
    controls = {
        "number": slider("photo", 1, 1, len(samples)),
        "person": choice("person", [ALL, *sorted({sample.person for sample in samples})]),
        "gesture": choice("gesture", [ALL, *sorted({sample.gesture for sample in samples})]),
        "strength": slider("overlay strength", 0.25, 0.0, 1.0, 0.05),
    }

    def chosen() -> list[Sample]:
        person, gesture = controls["person"].value, controls["gesture"].value
        return [s for s in samples if person in (ALL, s.person) and gesture in (ALL, s.gesture)]

    def start_again(change) -> None:
        controls["number"].value = 1
        controls["number"].max = max(1, len(chosen()))

    def draw(number, person, gesture, strength) -> Drawing:
        pool = chosen()
        if not pool:
            raise InputError(
                f"No photo shows person {person} with gesture {gesture}. Choose another person or gesture."
            )
        return draw_sample(shown(pool[number - 1]), strength, f"photo {number} of {len(pool)}")

    for name in ("person", "gesture"):  # before the view's own observers, which draw
        controls[name].observe(start_again, "value")
    return View(draw, controls, pages(controls["number"]))


def draw_sample(sample: Sample, strength: float = 0.25, text: str = "") -> Drawing:
    """Draws what ``browse`` shows: a photo, its mask, and the mask on the photo.

    Args:
        sample: the photo and its mask.
        strength: of the mask's fill, 0-1.
        text: to begin the line below with.
    """
    of_kind("sample", sample, Sample, "Give one of a list of samples: samples[0].")
    number("strength", strength, 0, 1, such_as=0.25)
    image, mask = sample.read()
    height, width = mask.shape
    share = mask.mean()
    facts = [text, sample.name, f"{width} x {height} pixels", f"{share:.0%} hand"]
    return Drawing(
        [image, mask, plots.overlay(image, mask, strength=strength)],
        [f"person {sample.person}, gesture {sample.gesture}", "mask: hand white", "mask on the photo"],
        alt=f"Person {sample.person}, gesture {sample.gesture}: the photo, its mask, {share:.0%} hand, "
        "and the mask filled and outlined in blue on the photo.",
        text=" | ".join(filter(None, facts)),
    )
