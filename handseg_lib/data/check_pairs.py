"""Looks for what goes wrong in a data set before it goes wrong in a network: in silence."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from textwrap import shorten

import cv2
import numpy as np
import pandas as pd

from .. import plots
from .files import read_grey, read_image, read_mask
from .folders import match
from .gate import InputError, as_list, of_kind, readable
from .samples import Sample, Split, tags_differ, turned_as_photo

# Thumbnails are of one photo up to this mean difference, in grey levels, and as a share of their contrast, which is
# their standard deviation. In HGR1, a photo saved again at half its size differs by at most 1.3, and 0.044 of the
# contrast; the closest two of different photos by 2.7, and 0.098. In the dark, a photo saved again differs by as much
# of its little contrast as another photo: there, one has to have the other's mask too, up to this difference. And
# where two masks differ, the photos may not: there stands the small hand by which frames of one camera differ.
SAME, SAME_CONTRAST, SAME_MASK, SAME_THERE = 1.5, 0.06, 0.01, 6.0
COLUMNS = ["file", "fault", "what to do"]


@dataclass(frozen=True, eq=False)
class PairCheck:
    """What `check_pairs` found.

    Attributes:
        table: DataFrame with columns ``file``, ``fault`` and ``what to do``; a row for each fault, none if all is well.
        checked: how many samples were looked at.
        suspects: the samples in the table, each with its first fault.
    """

    table: pd.DataFrame
    checked: int
    suspects: list[tuple[Sample, str]]

    def __str__(self) -> str:
        head = f"{self.checked} pairs checked, {len(self.table) or 'no'} fault{'s' * (len(self.table) != 1)} found."
        return head if self.table.empty else f"{head}\n{self.table.to_string(index=False)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = str(self).partition("\n")[0]
        with pd.option_context("display.max_colwidth", None):  # what to do is never cut short
            return f"<p>{head}</p>" + ("" if self.table.empty else self.table.to_html(index=False))

    def figure(self, most: int = 8) -> plots.AltFigure:
        """Shows the first ``most`` suspects, each photo with its mask drawn in as far as it can be read."""
        if not (shown := self.suspects[:most]):
            fig, ax = plots.figure(f"No picture: {self}", width=4, height=0.6)
            ax.text(0.5, 0.5, str(self).partition("\n")[0], ha="center", va="center")
            ax.axis("off")
            return fig
        listed = "; ".join(f"{sample.name}: {fault}" for sample, fault in shown)
        return plots.images(
            [_picture(sample) for sample, _ in shown],
            [f"{sample.name}\n{_short(fault)}" for sample, fault in shown],
            alt=f"Suspects, {len(shown)} of {len(self.suspects)}, as photos with their masks filled in blue: {listed}.",
        )


def check_pairs(
    data: Iterable[Sample] | Split | Mapping[str, Iterable[Sample]] | str | Path,
    masks: str | Path | None = None,
    skin: str | tuple = "black",
) -> PairCheck:
    """Checks a data set, and changes no file.

    It looks for unpaired files, sizes that differ, masks that are not binary, inverted, empty or turned otherwise than
    their photo, duplicates, people who are in more than one part of a split.

    Args:
        data: samples; a split of them, or a dict of its parts; or the folder of the photos.
        masks: the folder of the masks, if ``data`` is a folder.
        skin: what those masks have where there is skin, ``"black"`` or ``"white"``, or a tuple of labels, as for
            `read_mask`.

    Returns:
        A `PairCheck`. It prints as a table that says of each fault what to do.

    Raises:
        InputError: a folder is missing or empty; ``skin`` is something else.
    """
    rows: list[tuple[str, str, str]] = []
    if isinstance(data, str | Path):
        if masks is None:
            raise InputError(f"{data}: where are its masks? Give their folder too: check_pairs(images, masks).")
        pairs, alone = match(data, masks)
        rows += [(_name(path), "no partner", "Add the other file, or move this one away.") for path in alone]
        data = [Sample(image, mask, "01", "hand", skin) for _, image, mask in pairs]
    parts = data._asdict() if isinstance(data, Split) else data if isinstance(data, Mapping) else {"": data}
    way_out = "Give samples, a split of them, or two folders."
    parts = {name: as_list("data", part, way_out) for name, part in parts.items()}
    samples = [of_kind("data", sample, Sample, way_out) for part in parts.values() for sample in part]
    looks = [_look(sample) for sample in samples]
    faults = [(sample, row) for sample, look in zip(samples, looks) for row in look.rows]
    faults += _duplicates(samples, looks)
    suspects = {id(sample): (sample, fault) for sample, (_, fault, _) in reversed(faults)}
    rows += [row for _, row in faults] + _shared(parts)
    return PairCheck(pd.DataFrame(rows, columns=COLUMNS), len(samples), list(suspects.values())[::-1])


@dataclass(frozen=True)
class _Look:
    """What is kept of a sample after one look at its pixels."""

    rows: list[tuple[str, str, str]]
    thumbnail: np.ndarray | None = None  # float32 (576,), 0-255
    outline: np.ndarray | None = None  # the mask's thumbnail, float32 (576,), 0-1; all nan if nothing is marked
    mask: bytes | None = None  # hash of the mask; None if nothing is marked in it


def _look(sample: Sample) -> _Look:
    """Reads a sample and judges it by itself."""
    try:
        image, mask = sample.read()
    except InputError as error:
        return _Look([_row(sample, error)])
    marked = blake2b(mask.tobytes() + str(mask.shape).encode()).digest() if 0 < mask.mean() < 1 else None
    faults = _mask_faults(mask, read_grey(sample.mask, sample.skin), sample.skin)
    turned = turned_as_photo(sample, mask)
    if marked and turned is not None and turned.shape == mask.shape and _overlap(image, turned) < _overlap(image, mask):
        faults.append(tags_differ(sample))
    outline = mask if marked else np.full(mask.shape, np.nan)
    thumbnails = _thumbnail(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)), _thumbnail(outline)
    return _Look([(_name(sample.mask), *fault) for fault in faults], *thumbnails, marked)


def _thumbnail(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture.astype(np.float32), (24, 24), interpolation=cv2.INTER_AREA).ravel()


def _overlap(image: np.ndarray, mask: np.ndarray) -> float:
    """How much the colours (bins of 16) of a photo's two parts are the same, 0-1: least where a mask lies on its hand.

    In HGR1, it is less for every mask as it is than turned round or mirrored; of the photos without their colours,
    for 98 in 100.
    """
    bins = (image.astype(np.int32) // 16) @ (256, 16, 1)
    hand, wall = (np.bincount(bins[mask == part], minlength=4096) / (mask == part).sum() for part in (1, 0))
    return float(np.minimum(hand, wall).sum())


def _row(sample: Sample, error: InputError) -> tuple[str, str, str]:
    """A row of what the reader says of a file: its path, colon, what is wrong, and in a last sentence what to do."""
    paths = map(Path, (sample.mask, sample.image))
    file = next((path for path in paths if str(error).startswith(readable(f"{path}: "))), None)
    if file is None:  # it is about an argument
        raise error
    fault, _, remedy = str(error).removeprefix(readable(f"{file}: ")).rpartition(". ")
    return _name(file), fault, remedy


def _name(path: Path) -> str:
    """A file's name with its folder, which tells photo from mask."""
    return readable("/".join(Path(path).parts[-2:]))


def _mask_faults(mask: np.ndarray, grey: np.ndarray, skin: str | tuple) -> list[tuple[str, str]]:
    """What is wrong with a mask (H, W) of {0, 1}, read from these grey values (H, W)."""
    faults = []
    between = (grey > grey.min()) & (grey < grey.max())
    if between.any() and not isinstance(skin, tuple):
        fault = f"not binary: {100 * between.mean():.3g} % of its pixels are neither the darkest nor the brightest"
        faults.append((fault, "Is it a mask? If only its outline is soft, it will do: the reader cuts it at half."))
    share, border = mask.mean(), np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean()
    if share < 0.001:
        faults.append(("empty: no skin is marked", "Draw the mask, or move the pair away."))
    elif share + border > 1:  # at most 0.71 in HGR1, and at least 1.29 if its masks are turned round
        fault = f"inverted, it seems: {100 * share:.3g} % is skin, and so is {100 * border:.3g} % of the border"
        other = {"black": "skin='white'", "white": "skin='black'"}.get(str(skin), "which labels are skin")
        faults.append((fault, f"Look at it. Invert this mask, or if all are like it, say {other}."))
    return faults


def _picture(sample: Sample) -> np.ndarray:
    """A suspect's photo uint8 (H, W, 3) with its mask drawn in, as far as they can be read."""
    try:
        image = read_image(sample.image)
    except InputError:
        return np.full((100, 100, 3), 230, np.uint8)
    try:
        mask = read_mask(sample.mask, sample.skin)
    except InputError:
        return image
    # a mask of another size is stretched over the photo: it shows whether it is this photo's at all
    mask = cv2.resize(mask, image.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return plots.overlay(image, mask, strength=0.6)  # strong: which side is filled tells an inverted one


def _short(fault: str) -> str:
    """The beginning of a fault, for a title."""
    return shorten(re.split("[,:(]", fault)[0], 32, placeholder=" ...")


def _duplicates(samples: list[Sample], looks: list[_Look]) -> list[tuple[Sample, tuple[str, str, str]]]:
    """Photos that show the same, in whatever format and size, and masks that are used for two photos."""
    faults, first = [], {}
    twins = _twins(looks)
    for j, (sample, look) in enumerate(zip(samples, looks)):
        if j in twins:
            fault = f"the same photo as {_name(samples[twins[j]].image)}"
            faults.append((sample, (_name(sample.image), fault, "Keep one of them: two would count twice.")))
        elif look.mask and (i := first.setdefault(look.mask, j)) != j:
            fault = f"the same mask as {_name(samples[i].mask)}, but another photo"
            faults.append((sample, (_name(sample.mask), fault, "Find out whose mask it is; draw the other one.")))
    return faults


def _twins(looks: list[_Look]) -> dict[int, int]:
    """Finds photos that look like an earlier one: {its place: the earlier one's}."""
    read = [i for i, look in enumerate(looks) if look.thumbnail is not None]
    order = sorted(read, key=lambda i: looks[i].thumbnail.mean())
    photos = np.array([looks[i].thumbnail for i in order]).reshape(-1, 576)
    masks = np.array([looks[i].outline for i in order]).reshape(-1, 576)
    twins: dict[int, int] = {}
    levels, contrast = photos.mean(1), photos.std(1)
    for place, i in enumerate(order):
        near = np.s_[place + 1 : np.searchsorted(levels, levels[place] + SAME)]  # farther ones cannot be alike
        apart = np.abs(photos[near] - photos[place]).mean(1)
        alike = apart < SAME_CONTRAST * np.minimum(contrast[near], contrast[place])
        moved = np.abs(masks[near] - masks[place])  # where one mask has a hand and the other has none
        alike |= moved.mean(1) < SAME_MASK
        moved = np.nan_to_num(moved)
        there = (np.abs(photos[near] - photos[place]) * moved).sum(1) / np.maximum(moved.sum(1), 1e-9)
        for later in np.flatnonzero(alike & (apart < SAME) & (there < SAME_THERE)) + place + 1:
            j = order[later]
            twins[max(i, j)] = min(i, j, twins.get(max(i, j), i))
    return twins


def _shared(parts: dict[str, list[Sample]]) -> list[tuple[str, str, str]]:
    """People who are in more than one part of a split."""
    rows = []
    for person in sorted({sample.person for part in parts.values() for sample in part}):
        photos = {name: sum(sample.person == person for sample in part) for name, part in parts.items()}
        where = " and ".join(f"{name} ({count})" for name, count in photos.items() if count)
        if where.count(" and "):
            remedy = "Give all photos of a person to one part; split_by_person does."
            rows.append((f"person {person}", f"in more than one part: {where}", remedy))
    return rows
