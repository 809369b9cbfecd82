"""Leave one person out: every person is once the one never seen, and every photo is scored once.

With twelve persons that is twelve trainings, so it is done fold by fold: a killed run goes on where it stopped.
"""

import math
import re
import shutil
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from tqdm import tqdm

from ..data.gate import InputError
from ..data.samples import Sample, Split, fingerprint, split_by_person
from ..predictor import Predictor
from ..resume import alone_in, damaged, insist_on, read_kept, write_kept
from .report import Report, evaluate, tune_threshold


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
        apply: what runs the folds: ``map``, one after the other, or that of `cluster.workers`, several at once, in any
            order. A worker that does not see ``out`` works in a folder of its own, and its folds are written here.

    Returns:
        The report of all photos, each by the network that never saw its person, cut at the threshold that fold's
        validation persons chose; its ``threshold`` is the mean of them. And the seconds of training for each person.

    Raises:
        InputError: ``out`` holds folds of other settings or data, or damaged ones, another process is at work in it, or
            there are fewer than four persons.
    """
    out, splits = Path(out), folds(samples)
    settings = settings | {"data": fingerprint(samples)}
    files = {person: out / f"{name}.json" for person, name in file_names(splits).items()}
    with alone_in(out):
        for file in files.values():  # before anything is trained
            if file.exists():
                insist_on(settings, _read(file)["settings"], file)
        missing = {person: split for person, split in splits.items() if not files[person].exists()}
        run = partial(_fold, learn, settings)
        todo = apply(run, [files[person] for person in missing], missing.values())
        for fold in tqdm(todo, total=len(missing), unit="person", disable=not missing):
            file = files[fold["rows"][0]["person"]]
            if not file.exists():
                write_kept(file, fold)
        done = {person: _read(file) for person, file in files.items()}
    table = pd.DataFrame([row for fold in done.values() for row in fold["rows"]])
    threshold = sum(fold["threshold"] for fold in done.values()) / len(done)
    return Report(table, threshold), {person: fold["seconds"] for person, fold in done.items()}


def file_names(persons: Iterable[str]) -> dict[str, str]:
    """For each person a name for files, without a suffix, that every system allows and tells from the others'.

    It is the person's own where it can be. To Windows, ``con`` is no file's name and ``anna.`` is ``anna``; to many
    disks, ``A`` and ``a`` are one.
    """
    persons = list(persons)
    same = Counter(unicodedata.normalize("NFC", person).casefold() for person in persons)

    def name(person: str) -> str:
        alone = same[unicodedata.normalize("NFC", person).casefold()] == 1
        plain = re.fullmatch(r"\w([\w .-]{0,60}[\w-])?", person)
        if alone and plain and not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", person, re.IGNORECASE):
            return person
        checksum = zlib.crc32(person.encode(errors="surrogateescape"))
        return f"{re.sub('[^A-Za-z0-9]+', '_', person)[:30]}-{checksum:08x}"

    return {person: name(person) for person in persons}


def _read(file: Path) -> dict:
    """A finished fold."""
    fold = read_kept(file)
    if missing := {"settings", "threshold", "seconds", "rows"} - fold.keys():
        raise damaged(file, f"it has no {missing.pop()}")
    return fold


def _fold(learn: Callable, settings: dict, file: Path, split: Split) -> dict:
    """Trains without one person and scores that person's photos, to the fold's file; gives what is in it."""
    if not file.parent.is_dir():  # another machine's
        with TemporaryDirectory() as folder:
            return _fold(learn, settings, Path(folder, file.name), split)
    # one that was given up for lost may still be at it, and then it will have been done
    with alone_in(file.parent, f".lock-{file.stem}", math.inf):
        if file.exists():
            fold = _read(file)
            insist_on(settings, fold["settings"], file)
            return fold
        state = file.with_name(f"fold-{file.stem}")
        model, history = learn(split, state)
        threshold, _ = tune_threshold(Predictor(model), split.val)
        report = evaluate(Predictor(model, threshold), split.test)
        fold = {"settings": settings, "threshold": threshold, "seconds": round(history.seconds, 1)}
        fold |= {"rows": report.table.to_dict("records")}
        write_kept(file, fold)
        shutil.rmtree(state, ignore_errors=True)  # 12 networks with their optimizers fill a disk
        return fold
