"""Leave one person out: every person is once the one never seen, and every photo is scored once.

With twelve persons that is twelve trainings, so it is done fold by fold: a killed run goes on where it stopped.
"""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from .data import InputError, Sample, Split, fingerprint, split_by_person
from .evaluate import Report, evaluate, tune_threshold
from .predictor import Predictor
from .resume import insist_on, write_whole


def folds(samples: Sequence[Sample]) -> dict[str, Split]:
    """For each person, the split that tests on that person alone; the next two in order, as in a ring, validate.

    Raises:
        InputError: there are fewer than four persons.
    """
    persons = sorted({sample.person for sample in samples})
    if len(persons) < 4:
        raise InputError(
            f"{len(persons)} persons: leaving one out takes at least four, one to test, two to validate, one to learn "
            "from. Say who is who (pair's person=), or add photos of others."
        )
    ring = persons + persons
    return {
        person: split_by_person(samples, test=(person,), val=tuple(ring[i + 1 : i + 3]))
        for i, person in enumerate(persons)
    }


def leave_one_out(
    samples: Sequence[Sample], learn: Callable, out: str | Path, settings: dict, apply: Callable = map
) -> tuple[Report, dict]:
    """Trains and scores once for each person.

    Args:
        samples: the whole data set.
        learn: ``learn(split, folder)`` trains on ``split.train``, chooses by ``split.val``, keeps in ``folder`` what it
            needs to go on after a kill, and returns the model and its ``History``, as ``recipe.learn`` does.
        out: folder for what is finished; call again with the same arguments to go on.
        settings: what ``learn`` was told. A later call with others is refused.
        apply: what runs the folds: ``map``, one after the other, or a pool's ``map``, several at once.

    Returns:
        The report of all photos, each by the network that never saw its person, cut at the threshold that fold's
        validation persons chose; its ``threshold`` is the mean of them. And the seconds of training for each person.

    Raises:
        InputError: ``out`` holds folds of other settings or data, there are fewer than four persons, or a person's name
            cannot name a file.
    """
    out, splits = Path(out), folds(samples)
    for person in splits:
        if not re.fullmatch(r"\w[\w .-]*", person):
            raise InputError(f"person {person!r}: a fold's file is named by the person. Use letters and digits.")
    settings = settings | {"data": fingerprint(samples)}
    files = {person: out / f"{person}.json" for person in splits}
    for file in files.values():  # before anything is trained
        if file.exists():
            insist_on(settings, json.loads(file.read_text())["settings"], file)
    missing = {person: split for person, split in splits.items() if not files[person].exists()}
    run = partial(_fold, learn, out, settings)
    for _ in tqdm(apply(run, missing, missing.values()), total=len(missing), unit="person", disable=not missing):
        pass
    done = {person: json.loads(file.read_text()) for person, file in files.items()}
    table = pd.DataFrame([row for fold in done.values() for row in fold["rows"]])
    threshold = sum(fold["threshold"] for fold in done.values()) / len(done)
    return Report(table, threshold), {person: fold["seconds"] for person, fold in done.items()}


def _fold(learn: Callable, out: Path, settings: dict, person: str, split: Split) -> None:
    """Trains without one person and scores that person's photos, to the fold's file."""
    state = out / f"fold-{person}"
    model, history = learn(split, state)
    threshold, _ = tune_threshold(Predictor(model), split.val)
    report = evaluate(Predictor(model, threshold), split.test)
    found = {"settings": settings, "threshold": threshold, "seconds": round(history.seconds, 1)}
    write_whole(out / f"{person}.json", json.dumps(found | {"rows": report.table.to_dict("records")}))
    shutil.rmtree(state, ignore_errors=True)  # 12 networks with their optimizers fill a disk
