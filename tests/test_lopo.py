"""Leave one person out: nobody is scored by a network that saw them, and a kill costs no finished fold."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import unicodedata
from dataclasses import asdict, replace

import keras
import numpy as np
import pytest
from conftest import save_pair
from PIL import Image

from handseg_lib import History, InputError
from handseg_lib.__main__ import main
from handseg_lib.course.profile import PROFILES
from handseg_lib.data import hgr1
from handseg_lib.data.augment import Augmentation
from handseg_lib.evaluation.lopo import file_names, folds, leave_one_out

SETTINGS = {"size": 32}


@pytest.fixture
def few(samples):
    """The samples of persons 01 to 05."""
    return [sample for sample in samples if sample.person <= "05"]


class Learner:
    """A network that only tells red from blue, and a count of how often it was asked; may be interrupted."""

    def __init__(self, interrupt_at=None):
        self.asked, self.interrupt_at = [], interrupt_at

    def __call__(self, split, folder):
        person = split.test[0].person
        if person == self.interrupt_at:
            raise KeyboardInterrupt
        self.asked.append(person)
        photo = keras.Input((32, 32, 3))
        see = keras.layers.Conv2D(1, 1, activation="sigmoid")
        model = keras.Model(photo, see(photo))
        see.set_weights([np.array([0.05, 0, -0.05]).reshape(1, 1, 3, 1), np.zeros(1)])
        folder.mkdir(parents=True)
        (folder / "weights").write_bytes(b"much")
        return model, History([{"seconds": 1.5}])


def test_each_person_is_left_out_once_and_the_next_two_validate(samples):
    all_folds = folds(samples)
    assert list(all_folds) == [f"{number:02d}" for number in range(1, 13)]
    for person, split in all_folds.items():
        people = [{sample.person for sample in part} for part in split]
        assert people[2] == {person} and len(people[0]) == 9 and not people[0] & people[1]
    assert {sample.person for sample in all_folds["11"].val} == {"12", "01"}


def test_too_few_persons_are_refused(samples):
    with pytest.raises(InputError, match="at least four"):
        folds([sample for sample in samples if sample.person <= "03"])


def test_every_photo_is_scored_once(few, tmp_path):
    report, seconds = leave_one_out(few, Learner(), tmp_path, SETTINGS)
    assert sorted(report.table.image) == sorted(sample.image.name for sample in few)
    assert report.summary()["persons"] == 5 and report.summary()["iou"] > 0.8
    assert seconds == dict.fromkeys(["01", "02", "03", "04", "05"], 1.5)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()], "weights of a finished fold are dropped"


def test_the_threshold_is_the_validation_persons_and_not_the_strangers(tmp_path):
    """Here it costs the stranger everything: the others' walls have the probability of this one's hand, 0.62."""
    mask = np.zeros((64, 64), np.uint8)
    mask[16:48, 16:48] = 1
    for person in ("01", "02", "03", "04"):
        hand, wall = ((130, 0, 120), (60, 0, 130)) if person == "01" else ((210, 0, 120), (130, 0, 120))
        image = np.where(mask[..., None] == 1, hand, wall).astype(np.uint8)
        save_pair(tmp_path / "data", f"A_P_hgr1_id{person}_1.png", image, mask)
    leave_one_out(hgr1.load(tmp_path / "data"), Learner(), tmp_path / "out", SETTINGS)
    stranger, other = (json.loads((tmp_path / "out" / f"{person}.json").read_text()) for person in ("01", "02"))
    assert stranger["threshold"] > 0.62 and stranger["rows"][0]["iou"] == 0
    assert other["threshold"] > 0.62 and other["rows"][0]["iou"] > 0.9


def test_an_interrupted_run_goes_on_with_the_fold_it_stopped_in(few, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        leave_one_out(few, first := Learner(interrupt_at="03"), tmp_path, SETTINGS)
    assert first.asked == ["01", "02"]
    resumed, _ = leave_one_out(few, second := Learner(), tmp_path, SETTINGS)
    assert second.asked == ["03", "04", "05"]
    whole, _ = leave_one_out(few, Learner(), tmp_path / "whole", SETTINGS)
    assert resumed.table.equals(whole.table) and resumed.threshold == whole.threshold
    assert json.loads((tmp_path / "01.json").read_text())["rows"][0]["person"] == "01"


def test_what_else_is_in_the_folder_stays(few, tmp_path):
    (tmp_path / "01").mkdir()
    (tmp_path / "01" / "photo.jpg").write_bytes(b"dear")
    leave_one_out(few, Learner(), tmp_path, SETTINGS)
    assert (tmp_path / "01" / "photo.jpg").read_bytes() == b"dear" and len(list(tmp_path.iterdir())) == 6


ODD = ["a", "A", "con", "COM1.x", "anna", "anna.", "..", "../01", "a/b", " ", "", "x" * 300, "Zoë", "Zoe\u0308", "рука"]


def test_persons_names_become_file_names_that_every_system_tells_apart():
    """Windows has no file named con and takes anna. for anna; to many disks A is a, and two spellings of ë are one."""
    names = file_names(ODD)
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names.values()}) == len(ODD)
    for name in names.values():
        assert re.fullmatch(r"[\w -][\w .-]*[\w-]|\w", name) and len(f"fold-{name}.json".encode()) < 200
        assert not re.fullmatch("con|com1", name.partition(".")[0], re.IGNORECASE)
    assert file_names(["01", "anna", "Jean-Luc 2", "рука"]) == {n: n for n in ["01", "anna", "Jean-Luc 2", "рука"]}


def test_persons_whose_names_are_one_to_a_disk_have_files_of_their_own(few, tmp_path):
    named = dict(zip(["01", "02", "03", "04", "05"], ["a", "A", "../con", "con", "anna."]))
    odd = [replace(sample, person=named[sample.person]) for sample in few]
    report, _ = leave_one_out(odd, Learner(), tmp_path / "out", SETTINGS)
    assert set(report.table.person) == set(named.values()) and len(report.table) == len(few)
    assert len({path.name.casefold() for path in (tmp_path / "out").iterdir()}) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    leave_one_out(odd, None, tmp_path / "out", SETTINGS)  # finds them again


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "flipped"])
def test_a_damaged_fold_is_refused_before_anything_is_trained(few, tmp_path, damage):
    leave_one_out(few, Learner(), tmp_path, SETTINGS)
    fold = tmp_path / "03.json"
    fold.write_text(fold.read_text().replace('"seconds": 1.5', '"seconds": 2.5') if damage == "flipped" else damage)
    (tmp_path / "01.json").unlink()
    with pytest.raises(InputError, match=r"this state is damaged \(03.json: .* in another folder, or delete it"):
        leave_one_out(few, None, tmp_path, SETTINGS)


@pytest.mark.slow
def test_two_runs_at_once_in_one_folder_are_refused(few, tmp_path):
    class Second:
        def __call__(self, split, folder):
            leave_one_out(few, Learner(), tmp_path, SETTINGS)

    with pytest.raises(InputError, match=f"{tmp_path}: process {os.getpid()} on .* is at work in there"):
        leave_one_out(few, Second(), tmp_path, SETTINGS)


@pytest.mark.slow
def test_a_killed_run_leaves_no_training_behind(tmp_path):
    """It would train on, in the folder in which the next run goes on."""
    beats = tmp_path / "beats"
    code = f"""
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from handseg_lib.resume import end_with_parent
import time

def train():
    for beat in range(2000):
        Path({str(beats)!r}).write_text(str(beat))
        time.sleep(0.05)

if __name__ == "__main__":
    with ProcessPoolExecutor(1, get_context("spawn"), end_with_parent) as pool:
        pool.submit(train).result()
"""
    (tmp_path / "run.py").write_text(code)
    run = subprocess.Popen([sys.executable, tmp_path / "run.py"])
    wait_for(beats.exists)
    run.kill()
    run.wait()
    wait_for(lambda: time.time() - beats.stat().st_mtime > 2)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)


def test_folds_of_other_settings_or_data_are_refused(few, tmp_path):
    leave_one_out(few, Learner(), tmp_path, SETTINGS)
    corrected = tmp_path / few[0].mask.name  # one mask mended, all names and counts as they were
    Image.fromarray(few[0].read()[1] == 1).save(corrected)
    mended = [replace(few[0], mask=corrected), *few[1:]]
    for samples, settings in ((few, {"size": 64}), (few[:-1], SETTINGS), (mended, SETTINGS)):
        with pytest.raises(InputError, match="Give another folder"):
            leave_one_out(samples, Learner(), tmp_path, settings)
    leave_one_out(few[::-1], None, tmp_path, SETTINGS)


@pytest.mark.slow
def test_the_command_trains_what_is_not_finished(hands, tmp_path, monkeypatch, capsys):
    """The recipe itself, on the two of four persons whose folds are missing. A second call has nothing to train."""
    data, out = tmp_path / "data", tmp_path / "out"
    for sample in hgr1.load(hands):
        if sample.person <= "04":
            for path in (sample.image, sample.mask):
                (data / path.parent.name).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, data / path.parent.name)
    settings = asdict(replace(PROFILES["smoke"], epochs=1)) | {"seed": 0, "augment": repr(Augmentation())}
    leave_one_out(hgr1.load(data), Learner(), out, settings)
    for person in ("01", "02"):
        (out / f"{person}.json").unlink()
    command = ["evaluate", "--protocol", "lopo", "--data", str(data), "--profile", "smoke", "--epochs", "1"]
    command += ["--out", str(out), "--workers", "2", "--json"]
    # as a user calls it: what a worker is sent must not be of the module __main__
    done = subprocess.run([sys.executable, "-m", "handseg_lib", *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["persons"] == 4 and told["photos"] == 12 and 0 < told["iou"] <= 1
    for person in ("01", "02"):
        fold = json.loads((out / f"{person}.json").read_text())
        assert fold["seconds"] not in (0, 1.5) and {row["person"] for row in fold["rows"]} == {person}
    monkeypatch.setattr("handseg_lib.recipe.learn", leave_one_out)  # would fail if called
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out) == told
    assert main([*command, "--seed", "1"]) == 2
    assert main([*command, "--model", "some.keras"]) == 2
