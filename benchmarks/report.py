"""Writes docs/results.md, and the figures in README.md and the other pages, from benchmarks/results/*.json.

    python -m benchmarks.report [--check]

Says which sentences the figures no longer bear out (see figures.py); the exit code is then 1. With --check nothing is
written, and it is 1 as well if a page is out of step with the records.
"""

import json
import re
import sys
from pathlib import Path

from . import RESULTS, figures, seats
from .figures import CARD

ROOT = RESULTS.parents[1]
BLOCK = re.compile(r"(<!-- results -->\n).*?(<!-- /results -->)", re.DOTALL)
PART = re.compile(r"(<!-- (cost|store|cluster|peers) -->\n).*?(<!-- /\2 -->)", re.DOTALL)
BACKENDS = ("tensorflow", "jax", "torch")
HGR1 = 899  # photos
CHANGE = "| {change:+.3f} | {low:+.3f} to {high:+.3f} | {worse_persons} "


def load(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text())


def pixels(value: float | None) -> str:
    """A distance; where a mask has no outline, there is none."""
    return "none" if value is None else f"{value:.1f}"


def results_page() -> str:
    record, card = load("test_persons"), json.loads(CARD.read_text("utf-8"))
    figures = record["figures"]
    rows = "\n".join(
        f"| {row['person']} | {row['photos']} | {row['iou']:.3f} | {row['f1']:.3f} | {row['boundary_px']:.1f} |"
        for row in record["rows"]
    )
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return f"""# Results

The figures here are read from JSON files in `benchmarks/results/`, which the command beside each writes.
This page is made of them by `python -m benchmarks.report`.

## People never seen

A U-Net with the pretrained ResNet50 encoder, trained on seven persons of HGR1; persons 04 and 11 chose the epoch;
persons 02, 05 and 09, {figures["photos"]} photos, chose nothing, and are scored each time that this network is trained
anew. It is scored as `load_predictor()` gives it, cut at {figures["threshold"]}, each photo at its own size; the scores
are averaged over photos.

| hand IoU | F1 | 95 % interval of IoU | worst person's IoU | outline off by (median) |
|---|---|---|---|---|
| {figures["mean_iou"]:.3f} | {figures["mean_f1"]:.3f} | {figures["iou_low"]:.3f} to {figures["iou_high"]:.3f} \
| {figures["worst_person_iou"]:.3f} (person {figures["worst_person"]}) | {figures["boundary_px"]:.1f} px |

| person | photos | IoU | F1 | boundary, px |
|---|---|---|---|---|
{rows}

The interval resamples persons. Of three it can say little more than that they differ. With a second look, at the
mirror image (`Predictor(model, mirror=True)`), the IoU is {figures["mirrored_iou"]:.3f}.

- Network: it learned from photos of {figures["size"]} px, and looks at photos of {card["size"]} px. Training: \
{figures["training_epochs"]} epochs, {figures["training_seconds"] / 60:.0f} minutes, validation not counted.
- Commands: `{command(record, figures["training_command"])}`, then
  `python scripts/make_course_model.py runs/course`, then `{command(record)}`.
- Scored on: {machine(record)}. {record["date"]}.
- Versions: {versions}.

{larger()}
{strangers()}
{leftover()}
{doubt()}
{elsewhere()}
{choices()}
{race()}
{colours()}
{known()}
{speed()}
{feeding()}
{drawings()}
{killed()}
{mutated()}
{sliders()}
{lessons()}{classes()}"""


def machine(record: dict) -> str:
    """The machine in words; records of before November 2026 do not name the processor."""
    told = record["machine"]
    words = "{system}, {cores} cores".format(**told)
    if "processor" in told:
        sets = ", ".join(told["instruction_sets"])
        words += f" of {told['processor']} ({sets}), {told['dtype']}"
    return words + (f", {told['gpu']}" if "gpu" in told else "")


def larger() -> str:
    record = load("test_persons_gpu")
    figures = record["figures"]
    persons = ", ".join(f"{row['iou']:.3f} ({row['person']})" for row in record["rows"])
    return f"""### On a GPU

The recipe of the laboratory alone, without other rooms, at {figures["size"]} px, {figures["training_epochs"]} epochs: a
hand IoU of {figures["mean_iou"]:.3f} on the test persons,
F1 {figures["mean_f1"]:.3f}, after {figures["training_seconds"]:.0f} seconds of training,
validation not counted. By person: {persons}. (`{command(record, figures["training_command"])}`, then
`{command(record)}`; {machine(record)}, {backend(record)}, {record["date"]}.)
"""


def backend(record: dict) -> str:
    """What Keras computed with."""
    return next(f"{name} {version}" for name, version in record["versions"].items() if name in BACKENDS)


def command(record: dict, text: str | None = None) -> str:
    """How to measure it again, with the backend where it is not TensorFlow."""
    name = backend(record).split()[0]
    return ("" if name == "tensorflow" else f"KERAS_BACKEND={name} ") + (text or record["command"])


def strangers() -> str:
    record = load("lopo")
    figures = record["figures"]
    seconds = [row["training_seconds"] for row in record["rows"]]
    lost = HGR1 - figures["photos"]
    left_behind = f" Left behind when HGR1 was copied to that machine: {lost}." if lost else ""
    rows = "\n".join(
        f"| {row['person']} | {row['photos']} | {row['iou']:.3f} | {row['f1']:.3f} | {row['f1_2px']:.3f} "
        f"| {pixels(row['boundary_px'])} | {row['offset_px']:+.1f} |"
        for row in record["rows"]
    )
    return f"""## Each person once the stranger

Leave one person out: twelve trainings, each scored on the person it never saw; the next two persons chose epoch and
threshold. The networks see {figures["size"]} px; {figures["photos"]} of HGR1's {HGR1} photos are scored, at their own
size.

| hand IoU | F1 | 95 % interval of IoU | worst person's F1 | outline off by (median) |
|---|---|---|---|---|
| {figures["mean_iou"]:.3f} | {figures["mean_f1"]:.3f} | {figures["iou_low"]:.3f} to {figures["iou_high"]:.3f} \
| {figures["worst_person_f1"]:.3f} (person {figures["worst_person"]}) | {figures["boundary_px"]:.1f} px |

| person | photos | IoU | F1 | F1, 2 px forgiven | boundary, px | offset, px |
|---|---|---|---|---|---|---|
{rows}

"2 px forgiven" does not count an error within 2 px of the true edge. The offset has a sign: below zero, the network
draws inside the label. (`{command(record)}`, {record["date"]}; {machine(record)},
{backend(record)}. A fold's training took {min(seconds) / 60:.0f} to {max(seconds) / 60:.0f} minutes, with as many at
once as `--workers` says.{left_behind})
"""


def leftover() -> str:
    record = load("audit")
    figures = record["figures"]
    tables = {}
    for row in record["rows"]:
        tables.setdefault(row["table"], []).append(row)
    kinds = "\n".join(f"| {row['kind']} | {row['photos']} | {row['of_the_loss']:.0%} |" for row in tables["kinds"])
    looked = "\n".join(
        f"| {row['whose']} | {row['what']} | {row['photos']} | {row['of_the_loss']:.0%} |"
        for row in tables["looked_at"]
    )
    slices = "\n".join(
        f"| {row['slice']} | {row['third']} | {row['from']:.2f} to {row['to']:.2f} | {row['photos']} "
        f"| {row['persons']} | {row['iou']:.3f} | {pixels(row['boundary_px'])} |"
        for row in tables["slices"]
    )
    return f"""## Whose error is it?

What is left of the error above, sorted (`{record["command"]}`, {record["date"]}). No label was edited. Mean F1 is
{figures["f1"]:.3f}; with 2 px forgiven it is {figures["f1_2px"]:.3f}, so that {figures["forgiven"]:.0%} of what is
missing lies along the outline, where growing all labels by one pixel already costs {figures["one_pixel"]:.3f}.

| prevailing error of a photo | photos | share of what is missing |
|---|---|---|
{kinds}

There are {figures["to_look_at"]} photos with an F1 below 0.95 whose error is more than the outline's;
{figures["looked_at"]} were looked at, one by one. (90 of them beside the mask of another network that had never seen
the person. How many pixels this one has wrong, and whether near the edge or far from it, was counted when it was
scored.)

| whose error | what it is | photos | share of what is missing in all photos |
|---|---|---|---|
{looked}

Without the photos whose label is wrong, the mean F1 is {figures["sound_f1"]:.3f}, and with 2 px forgiven
{figures["sound_f1_2px"]:.3f}; the worst person is then {figures["sound_worst_person"]}, with
{figures["sound_worst_person_f1_2px"]:.3f}. A network that errs along the outline and against those labels
as this one does, and nowhere else, would have a mean F1 of {figures["f1_of_no_other_error"]:.3f}, and
{figures["worst_person_f1_of_no_other_error"]:.3f} on its worst person, \
{figures["worst_person_of_no_other_error"]}, with nothing forgiven: so much these labels leave
to be won. All of this is generous: the 2 px forgive the network's outline, too, where a label is wrong the network may
err as well, and only photos with a low F1 were looked at.

Does it get worse where the hand is small, the photo dark, the skin dark, the background of the skin's colours? Thirds
of the photos; `hand` is its share of the photo, `brightness` its mean (0-255), `tone` the individual typology
angle of the skin as photographed (degrees, light skin has more), `background` the overlap of its colours with the
hand's (0-1). Persons and slices go together, with twelve persons: a slice is a question, not yet an answer.

| slice | third | from, to | photos | persons | IoU | boundary, px |
|---|---|---|---|---|---|---|
{slices}
"""


def doubt() -> str:
    record = load("doubt")
    figures = record["figures"]
    return f"""### Does the network know when it is wrong?

The course's model on the {figures["photos"]} photos of the test persons (`{record["command"]}`, {record["date"]}): its
disagreement with its own answer to the mirrored photo ranks the photos by error with a correlation of
{figures["spearman"]:.2f} (Spearman), and puts a photo of the worst tenth before another with probability
{figures["auroc"]:.2f}. Its probabilities are off by {figures["calibration_error"]:.3f} on average (expected calibration
error).
"""


def elsewhere() -> str:
    """Two networks in two worlds."""
    record, other = load("rooms"), load("rooms_laboratory")
    figures = record["figures"]
    hands = "\n".join(
        f"| {row['photos_of']} | {network} | {row['iou']:.3f} | {row['worst_photo_iou']:.3f} | {row['poor_photos']} "
        f"| {row['recall']:.3f} | {row['precision']:.3f} |"
        for both in zip(record["rows"], other["rows"])
        for network, row in zip(("first", "second"), both)
        if "iou" in row
    )
    no_hands = "\n".join(
        f"| {row['photos_of']} | {row['photos']} | {row['false_hand']:.1%} | {row['false_hand_grey']:.1%} "
        f"| {new['false_hand']:.1%} | {new['false_hand_grey']:.1%} |"
        for row, new in zip(record["rows"], other["rows"])
        if "false_hand" in row
    )
    return f"""## In other rooms

Two networks in two worlds: on HGR1's test persons, in the laboratory, and on {figures["photos"]} photos of hands in
offices ([data card](data_card.md)), of which neither learnt anything; each in colour and in grey. The first is the
one that `load_predictor()` gives, cut at {figures["threshold"]}. The second has never left the laboratory (`python -m
handseg_lib train --profile full --out runs/laboratory`). The recipe was chosen by the office and the validation
persons, so the office is no test. Recall is the share of a photo's hand that is found, precision the share of what is
called hand that is one, 0 where nothing is; means over photos (`{command(record)}`, and with `--run runs/laboratory
--name rooms_laboratory`, {record["date"]}).

| photos of | network | IoU | worst photo's IoU | photos below {figures["poor"]} | recall | precision |
|---|---|---|---|---|---|---|
{hands}

And of pictures without any hand, this share is called hand:

| picture of | how many | first | in grey | second | in grey |
|---|---|---|---|---|---|
{no_hands}
{rooms_choices()}"""


def rooms_choices() -> str:
    """What each part of the recipe that leaves the laboratory is worth."""
    record = load("rooms_ablation")
    figures = record["figures"]
    rows = "\n".join(
        f"| {row['variant']} | {row['val_iou']:.3f} | {row['val_grey_iou']:.3f} | {row['office_iou']:.3f} "
        f"| {row['office_grey_iou']:.3f} | {row['office_recall']:.2f} | {row['office_precision']:.2f} "
        f"| {row['false_hand_face']:.1%} | {row['false_hand_flower']:.1%} | {row['false_hand_drawn']:.1%} |"
        for row in record["rows"]
    )
    return f"""
What each part of the recipe is worth, in small: one network learned in the laboratory at {figures["size"]} pixels for
{figures["home_epochs"]} epochs, and each variant went on from it for {figures["away_epochs"]}, one training each, so
that a few points may be chance (`{record["command"]}`, {record["date"]}). IoU on the validation persons and the office,
and the share of pictures without a hand that is called hand.

| variant | laboratory | in grey | office | in grey | recall | precision | face | flower | drawn rooms |
|---|---|---|---|---|---|---|---|---|---|
{rows}
"""


def choices() -> str:
    record = load("ablation")
    figures = record["figures"]
    rows = "\n".join(
        f"| {row['variant']} | {row['iou']:.3f} | {row['worst_person_iou']:.3f} "
        + ("| | | " if row == record["rows"][0] else CHANGE.format(**row))
        + f"| {row['cpu_seconds'] / 60:.0f} |"
        for row in record["rows"]
    )
    lights = "\n".join(
        f"| {row['variant']} | {row['iou']:.3f} | {row['iou_lit']:.3f} |" for row in record["rows"] if "iou_lit" in row
    )
    return f"""## What each choice is worth

The recipe, one thing changed at a time (`{record["command"]}`, {record["date"]}). Only the {figures["persons"]} persons
who are not test persons take part, {figures["photos"]} photos, in three folds: six learn, three are scored, so that
each is scored once by a network that never saw them. The trainings are small: {figures["size"]} px, {figures["epochs"]}
epochs, seeds: {figures["seeds"]}. A change is a hint for the full size. Its interval resamples persons; where it holds
zero, nine persons cannot tell. "Worse off" counts those of the nine who are.

| what is changed | IoU | worst person | change, mean of persons | 95 % interval | worse off | processor minutes |
|---|---|---|---|---|---|---|
{rows}

Why colours change at all: all of HGR1 has much the same light, and other rooms do not. The same photos, a quarter of
them each made darker, given deeper shadows, a warm tint or a cold one:

| colours | IoU | IoU in another light |
|---|---|---|
{lights}
"""


def race() -> str:
    record = load("time_to_quality")
    figures, rows = record["figures"], ""
    names = {"article": "the article's", "ours": "ours", "ours_128": "ours", "ours_128_frozen": "ours, encoder frozen"}
    for recipe, name in names.items():
        epochs = [row for row in record["rows"] if row["recipe"] == recipe]
        seconds = figures[f"{recipe}_seconds_to_target"]
        rows += (
            f"| {name}, {figures[f'{recipe}_size']} px | {len(epochs)} | {sum(row['seconds'] for row in epochs):.0f} "
            f"| {max(row['val_iou'] for row in epochs):.3f} | {figures[f'{recipe}_test_iou']:.3f} "
            f"| {'never' if seconds is None else round(seconds)} |\n"
        )
    return f"""## How soon is it as good?

The article's recipe and ours, from the same ImageNet weights, on the same seven training persons, one after the other
on the same {record["machine"]["cores"]} cores (`{record["command"]}`, {record["date"]}). After each epoch they are
scored on the validation persons, at the photos' own size, while the clock stands still. The article's best epoch has an
IoU of {figures["target_iou"]:.3f}, after {figures["published_seconds"]:.0f} seconds; it trains on for
{figures["published_seconds_whole"]:.0f} in all, before it knows which was the best. The soonest of ours
({names[figures["ours"]]}, {figures[figures["ours"] + "_size"]} px) has as much after
{figures["ours_seconds"]:.0f} seconds:
{figures["ratio"]:.1f} times as soon as the article's best epoch,
{figures["ratio_whole"]:.1f} times as soon as its whole training. {busy(figures["load_before"])}

| recipe | epochs | seconds in all | best validation IoU | test IoU | seconds to {figures["target_iou"]:.3f} |
|---|---|---|---|---|---|
{rows}"""


def speed() -> str:
    record = load("latency")
    figures = record["figures"]
    columns = {
        "network": "",
        "ms_alone": ".0f",
        "ms_in_a_batch": ".0f",
        "seconds_to_first_mask": ".1f",
        "megabytes": ".0f",
        "megabytes_of_memory": ".0f",
        "f1": ".4f",
        "rooms_iou": ".3f",
    }
    rows = "\n".join(
        "| " + " | ".join(format(row[name], form) if name in row else "" for name, form in columns.items()) + " |"
        for row in record["rows"]
    )
    return f"""## From photo to mask

Milliseconds a photo of {figures["photo"]} pixels, changes of size included, one at a time and in batches of
{figures["batch"]} (`{record["command"]}`, {record["date"]}, {record["machine"]["cores"]} cores). Each network has a
process of its own: seconds from its loading to the first mask, megabytes of its files and of the memory that the
process has taken at most. F1 is of HGR1's test persons, rooms' IoU of the office set.
{busy(figures["load_before"])} {quickest(figures)}

| network | ms alone | ms in a batch | seconds to first mask | MB on disk | MB of memory | F1 | rooms' IoU |
|---|---|---|---|---|---|---|---|
{rows}
{camera()}"""


def camera() -> str:
    record = load("camera")
    figures = record["figures"]
    return f"""
With a film of drawn hands as its camera, Chromium draws {figures["page_masks_per_second"]:.1f} masks a second on the
[page for the browser](page.md), at {figures["page_size"]} px on the processor. In JupyterLab, `hs.explore.live` draws
{figures["live_masks_per_second"]:.1f} a second with Keras, and {figures["live_export_masks_per_second"]:.1f} with an
export in eight bits (`{record["command"]}`, {record["date"]}). The page has loaded {figures["page_megabytes"]:.1f} MB
before its first mask.
{busy(figures["load_before"])}
"""


def quickest(figures: dict) -> str:
    """What is gained and lost by the quickest form."""
    if "best_form" not in figures:  # a record of before there were any
        return ""
    beside = f", {figures['ratio_smp']:.1f} times as fast as smp's in ONNX Runtime" if figures["ratio_smp"] else ""
    return f"""The quickest form that loses at most 0.003 of F1 is {figures["best_form"]} in \
{figures["best_dtype"]}: {figures["ratio_published"]:.1f} times as fast as the article's network in Keras{beside}.
It loses {figures["f1_lost"]:.4f} of F1 and {figures["rooms_iou_lost"]:.4f} of the rooms' IoU. On the command line,
`predict` of one photo takes {figures["predict_seconds"]:.1f} seconds with it, from start to end."""


def colours() -> str:
    record = load("baselines")
    rows = "\n".join(
        f"| {row['method']} | {row['iou']:.3f} | {row['iou_low']:.3f} to {row['iou_high']:.3f} | {row['f1']:.3f} "
        f"| {row['worst_person_iou']:.3f} | {pixels(row['boundary_px'])} | {1000 * row['cpu_seconds_per_photo']:.1f} |"
        for row in record["rows"]
    )
    return f"""## What colour alone can do

Classical methods on the same {record["figures"]["photos"]} photos, scored the same way (`{record["command"]}`,
{record["date"]}). The Bayes histogram counts the colours of the training persons; the validation persons choose its
threshold. GrabCut starts from it, works on photos of which no side is longer than 320 px, and keeps the largest piece.

| method | IoU | 95 % interval | F1 | worst person's IoU | boundary, px | processor ms a photo |
|---|---|---|---|---|---|---|
{rows}
"""


def known() -> str:
    record = load("known_people")
    rows = "\n".join("| {person} | {photos} | {known:.3f} | {stranger:.3f} |".format(**row) for row in record["rows"])
    return f"""## What knowing the person is worth

The colour table of the Bayes histogram on {record["figures"]["photos"]} photos of HGR1, each tested twice: by a table
that has counted other photos of the same person among its own, and by one that has counted as many of other persons
(`{record["command"]}`, {record["date"]}).

| person | photos | IoU when known | IoU as a stranger |
|---|---|---|---|
{rows}
| mean of persons | {record["figures"]["photos"]} | {record["figures"]["known_iou"]:.3f} \
| {record["figures"]["stranger_iou"]:.3f} |
"""


def feeding() -> str:
    record = load("input_pipeline")
    rows = "\n".join(f"| {row['pipeline']} | {row['ms_per_photo']:.2f} |" for row in record["rows"])
    return f"""## Feeding the network

Milliseconds per photo, augmented, in batches of 16 at {record["figures"]["size"]} px, on one core, in one run
(`{record["command"]}`, {record["date"]}).

| batches | ms per photo |
|---|---|
{rows}
"""


def drawings() -> str:
    record, ablation = load("drawn_to_real"), load("drawn_ablation")
    figures, shorter = record["figures"], ablation["figures"]
    rows = "\n".join(
        f"| {row['without']} | {row['iou']:.3f} | {row['worst_person_iou']:.3f} | {row['drawn_val_iou']:.3f} |"
        for row in ablation["rows"]
    )
    missed = min(ablation["rows"][1:], key=lambda row: row["iou"])["without"]
    return f"""## From drawings to photos

A U-Net has only ever seen drawn hands: {figures["drawn_photos"]} of them as they are drawn, then these and twelve
persons more put into drawn and photographed rooms, {figures["epochs"]} epochs in all at {figures["size"]} px. It
reaches a hand IoU of **{figures["iou"]:.3f}** on the {figures["photos"]} photos of HGR1's test persons,
{figures["worst_person_iou"]:.3f} on the worst of them, and {figures["office_iou"]:.3f} on the office set. On drawn
persons that it has not seen it had {figures["drawn_val_iou"]:.3f} before it left for the rooms: the difference is what
drawings do not show. (`{record["command"]}`, {record["date"]}, {figures["training_seconds"] / 60:.0f} minutes of
training.)

What helps drawings? A training without rooms, shorter ({shorter["drawn_photos"]} drawn hands,
{shorter["epochs"]} epochs, {shorter["size"]} px), one thing taken away at a time, scored on the {shorter["photos"]}
photos of the nine persons who are not test persons (`{ablation["command"]}`, {ablation["date"]}). One seed each: a
difference below 0.01 says little. What is missed most: {missed}.

| taken away | IoU on photos | worst person | IoU on drawn persons |
|---|---|---|---|
{rows}
"""


def killed() -> str:
    record = load("kills")
    figures = record["figures"]
    return f"""## Killed and resumed

{figures["kills"]} times a training was killed, at moments drawn by lot, and the same command given again, in
{figures["trainings"]} trainings of {figures["epochs"]} epochs (`{record["command"]}`, {record["date"]}). After
{figures["resumed"]} of the kills it came to the undisturbed training's figures in every epoch, and to its weights, to
the last bit.
"""


def mutated() -> str:
    record = load("mutants")
    figures = record["figures"]
    rows = "\n".join(f"| `{row['module']}` | {row['mutants']} | {row['killed']} |" for row in record["rows"])
    return f"""## Would the tests notice?

The heart of the library was changed on purpose, in {figures["mutants"]} small ways drawn by lot, one at a time, such as
`<` for `<=` or 2 for 1; the tests of the module ran on each. They noticed {figures["killed"]}, {figures["share"]:.1%}
(`{record["command"]}`, {record["date"]}).

| module | changes | noticed |
|---|---|---|
{rows}
"""


def busy(load: float) -> str:
    """What a reader should know of the machine: the average number of processes at work before a benchmark began."""
    if load < 0.5:
        return "The machine was idle before it began."
    return f"The machine was busy with other work (load average {load:.1f} before it began), which slows all of this."


def sliders() -> str:
    record = load("widget_latency")
    figures = record["figures"]
    rows = "\n".join(
        f"| {row['widget']} | {row['control']} | {row['by']} | {'yes' if row['network'] else 'no'} "
        f"| {row['median_ms']:.0f} | {row['slowest_ms']:.0f} |"
        for row in record["rows"]
    )
    return f"""## The sliders

Milliseconds from a key, or from the mouse button's release, to the new pictures, 256 px wide, in Chromium, kernel and
browser on the same {record["machine"]["cores"]} cores (`{record["command"]}`, {record["date"]}); medians of
{figures["moves"]} moves. "Network" says whether a move needs a pass: explore's and fool's of the whole network,
cut_skips's of the decoder. {busy(figures["load_before"])}

| widget | control | by | network | median, ms | slowest, ms |
|---|---|---|---|---|---|
{rows}

A slider dragged fast, {figures["drag_steps"]} moves of the mouse: at most {figures["drag_redraws"]} pictures are drawn,
at most {figures["drag_redraws_after_release"]} of them after the release; the last one shows the last value, \
{figures["drag_last_ms"]:.0f} ms after it (median).
"""


def lessons() -> str:
    record = load("memory")
    rows = "\n".join(
        f"| {row['lesson']} | {row['wall_seconds'] / 60:.1f} | {row['cpu_seconds'] / 60:.1f} | {row['peak_gib']:.1f} |"
        for row in record["rows"]
    )
    return f"""## What a lesson costs

Each lesson in a kernel of its own, its exercises solved, on drawn hands with the profile quick
(`{record["command"]}`, {record["date"]}, {record["machine"]["cores"]} cores). The memory is what the kernel holds of
its own. The libraries' files come on top, some 0.4 GiB, which the system drops where memory is scarce.

| lesson | minutes | processor minutes | GiB |
|---|---|---|---|
{rows}
{outline()}"""


def outline() -> str:
    record = load("first_outline")
    figures = record["figures"]
    return f"""
Lesson 00 shows the first outline of a network of the learner's own {figures["seconds_to_outline"]:.0f} seconds after
the page was opened in JupyterLab, the hands drawn on the way, and the last one after
{figures["seconds_to_last_epoch"]:.0f} (`{record["command"]}`, {record["date"]}, {record["machine"]["cores"]} cores).
"""


def classes() -> str:
    if not (RESULTS / "seats.json").exists():
        return ""
    record = load("seats")
    figures = record["figures"]
    rows = "\n".join(
        f"| {row['lesson']} | {row['median_gib']:.1f} | {row['peak_gib']:.1f} | {row['cpu_seconds'] / 60:.1f} "
        f"| {row['cpu_seconds'] / row['minutes'] / 60:.2f} |"
        for row in record["rows"]
    )
    return f"""
## {figures["seats"]} seats at once

{figures["seats"]} kernels at the same time, each at another lesson, exercises solved, in the profile quick. A kernel
that holds more than {figures["limit_gib"]:g} GiB is killed, and {figures["killed"]} were (`{record["command"]}`,
{record["date"]}; {machine(record)}). Memory is what a kernel and its processes hold of their own, at its median over
the lesson and at its peak. Cores: the processor minutes, spread over the minutes that a learner takes.

| lesson | GiB, median | GiB, peak | processor minutes a seat | cores a seat |
|---|---|---|---|---|
{rows}
"""


def cost_block() -> str:
    """What hub/config.yaml sets aside for classes, as a table."""
    config = seats.load_config()
    rows = [(count, *seats.set_aside(count, config)) for count in seats.CLASSES]
    lines = [f"| {count} | {cores:g} | {gib:g} | {cores:g} C + {gib:g} G |" for count, cores, gib in rows]
    head = "| seats | cores | GiB | an hour, if a core costs C an hour and a GiB costs G |\n|---|---|---|---|\n"
    return head + "\n".join(lines) + "\n"


def store_block() -> str:
    """Loose files, a store and memory beside each other, and how the work grows with the pixels."""
    record = load("store")
    figures = record["figures"]
    return f"""\
{figures["photos"]:,} drawn pictures of {figures["size"]} px were written as loose files, a JPEG and a mask each, and as
a store (`{command(record)}`, {record["date"]}; {machine(record)}):

| | loose files | a store | memory |
|---|---|---|---|
| files | {figures["loose_files"]:,} | {figures["store_files"]} | |
| GB, and what they take on the disk | {figures["loose_gb"]:.1f}, {figures["loose_gb_on_disk"]:.1f} \
| {figures["store_gb"]:.1f} | {figures["ram_gb"]:.1f} |
| read a second, kept by the system | {figures["warm_files_per_second"]:,.0f} files \
| {figures["warm_store_photos_per_second"]:,.0f} photos | |
| read a second, from the disk | {figures["cold_files_per_second"]:,.0f} files \
| {figures["cold_store_photos_per_second"]:,.0f} photos | |
| a photo, augmented | {figures["loose_ms"]:.2f} ms | {figures["store_ms"]:.2f} ms | {figures["ram_ms"]:.2f} ms |
| memory that it takes | | {figures["resident_mb"]:.0f} MB | {1000 * figures["ram_gb"]:,.0f} MB |

A photo from the store takes {figures["ratio_ram"]:.2f} times as long as one from memory. To write the store took
{figures["write_ms"]:.1f} ms a photo, so a million of this size takes
{figures["write_ms"] / 3.6:.1f} hours of one core, once. To augment takes {figures["ms_per_megapixel"]:.1f} ms for each
megapixel, and {figures["ms_fixed"]:.2f} ms for each photo whatever its size.
"""


def cluster_block() -> str:
    """What a second worker wins, for trainings and for predictions."""
    record = load("cluster")
    figures = record["figures"]
    one, two = figures["photos_a_second_one"], figures["photos_a_second_two"]
    return f"""\
A cluster of this machine, each worker with one core (`{command(record)}`, {record["date"]}; {machine(record)}):

| | one worker | two workers | share of the time |
|---|---|---|---|
| leave one out, six drawn persons | {figures["lopo_seconds_one"]:.0f} s | {figures["lopo_seconds_two"]:.0f} s \
| {figures["lopo_ratio"]:.2f} |
| predict {figures["photos"]:,} photos (one worker: a fifth of them) | {one:.1f} a second \
| {two:.1f} a second | {one / two:.2f} |
"""


def peers_block() -> str:
    """Lines and seconds of the same job with the nearest peer."""
    record = load("peers")
    figures = record["figures"]
    rows = "\n".join(f"| {row['peer']} | {row['lines']} | {row['seconds']:.0f} |" for row in record["rows"])
    return f"""\
The same small job with both, two epochs at {figures["size"]} px on {figures["photos"]} drawn hands, scored on a person
never seen (`{command(record)}`, {record["date"]}, {record["machine"]["cores"]} cores, both in float32; the scripts are
in `benchmarks/same_job`):

| | lines | seconds |
|---|---|---|
{rows}

The peer takes {figures["times_ours"]:.1f} times as long, import included. The two do not do the same work: the peer
trains all of a ResNet50 from the first step on; here the fifth stage is left out, and the first epoch trains the
decoder alone. What either gains by more epochs is not measured. The scores are not compared, for the peer's
weights of ImageNet have to be fetched, and were not.
"""


def parts() -> dict[str, str]:
    """What stands in the pages between two marks of this name; of a record that is not there yet, nothing."""
    made = {"cost": cost_block, "store": store_block, "cluster": cluster_block, "peers": peers_block}
    there = {path.stem for path in RESULTS.glob("*.json")} | {"cost"}
    return {name: block() if name in there else "" for name, block in made.items()}


def readme_block() -> str:
    names = ("test_persons", "rooms", "time_to_quality", "lopo")
    figures, rooms, race, strangers = (load(name)["figures"] for name in names)
    return (
        f"- **hand IoU {figures['mean_iou']:.3f}**, F1 {figures['mean_f1']:.3f}, worst person "
        f"{figures['worst_person_iou']:.3f}, on {figures['photos']} photos of three people never seen, after "
        f"{figures['training_seconds'] / 60:.0f} minutes on two CPU cores\n"
        f"- on {rooms['photos']} photos of hands in offices, a world that it has not seen: IoU {rooms['iou']:.2f}, and "
        f"{rooms['iou_grey']:.2f} without their colours\n"
        f"- the article that the course grew out of: {race['article_test_iou']:.3f} after "
        f"{race['published_seconds_whole'] / 60:.0f} minutes on two cores; the course passes its best validation score "
        f"after {race['ours_seconds']:.0f} seconds, at 128 px with the encoder frozen\n"
        f"- with each of the {strangers['persons']} persons once the stranger, learned in the laboratory alone, at "
        f"{strangers['size']} px: F1 "
        f"{strangers['mean_f1']:.3f} ([how it was measured](docs/results.md))\n"
    )


def pages() -> dict[Path, str]:
    """Every page that holds measured figures, as it should be."""
    readme, known = ROOT / "README.md", figures.records()
    docs = [path for path in sorted((ROOT / "docs").rglob("*.md")) if path.parent.name != ".ipynb_checkpoints"]
    texts = {path: path.read_text("utf-8") for path in [readme, *docs]}
    texts[readme] = BLOCK.sub(lambda match: match[1] + readme_block() + match[2], texts[readme])
    texts[ROOT / "docs" / "results.md"] = results_page()
    blocks = parts()
    texts = {path: PART.sub(lambda match: match[1] + blocks[match[2]] + match[3], text) for path, text in texts.items()}
    return {path: figures.refresh(text, known) for path, text in texts.items()}


def read_again() -> list[str]:
    """The sentences of pages that the measured figures no longer bear out."""
    return figures.read_again(pages(), ROOT)


def main() -> None:
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv and stale:
        raise SystemExit(f"Out of step with benchmarks/results: {', '.join(p.name for p in stale)}")
    for path in stale:
        path.write_text(pages()[path], "utf-8")
        print(path.relative_to(ROOT))
    if claims := read_again():
        raise SystemExit("\n".join(claims))


if __name__ == "__main__":
    main()
