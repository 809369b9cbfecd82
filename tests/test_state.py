"""What a training leaves in its folder: whole or refused, of one run, and written by one process at a time."""

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_training import RECIPE, SIZE, Kill, Watch, small_unet

from handseg_lib import Batches, InputError, fit, state
from handseg_lib.__main__ import main
from handseg_lib.resume import alone_in, made_beside, read_kept, write_kept

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def parts(samples):
    return [[s for s in samples if s.person in persons] for persons in (("01", "03", "06"), ("04", "11"))]


@pytest.fixture(scope="module")
def train(parts):
    """Trains a small network, or goes on, as a new process would: ``train(folder, **arguments)``."""

    def run(out, **more):
        data = Batches(parts[0], SIZE, 4, augment=True), Batches(parts[1], SIZE, 4)
        return fit(small_unet(), *data, **{**RECIPE, "frozen_epochs": 3, **more}, out=out)

    return run


@pytest.fixture(scope="module")
def killed_once(train, tmp_path_factory):
    out = tmp_path_factory.mktemp("killed")
    with pytest.raises(KeyboardInterrupt):
        train(out, callbacks=[Kill(2)])
    return out


@pytest.fixture
def killed(killed_once, tmp_path):
    """The folder of a training that was killed in its third epoch."""
    return shutil.copytree(killed_once, tmp_path / "killed")


# Damage


def rewrite(folder, **changes):
    """Writes the last epoch's file anew, with changed arrays; None drops one."""
    path = folder / "epoch-001.npz"
    with np.load(path) as arrays:
        arrays = {**arrays, **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def flipped(folder):
    raw = bytearray((folder / "epoch-001.npz").read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / "epoch-001.npz").write_bytes(raw)


def nan(folder):
    with np.load(folder / "epoch-001.npz") as arrays:
        spoilt = arrays["weight0"] * np.nan
    rewrite(folder, weight0=spoilt)


def truncated(folder):
    raw = (folder / "epoch-001.npz").read_bytes()
    (folder / "epoch-001.npz").write_bytes(raw[: len(raw) // 2])


def empty(folder):
    (folder / "epoch-001.npz").write_bytes(b"")


def text(folder):
    (folder / "epoch-001.npz").write_text("weights")


def without_optimizer(folder):
    rewrite(folder, optimizer0=None)


def without_the_optimizers_end(folder):
    with np.load(folder / "epoch-001.npz") as arrays:
        last = sum(name.startswith("optimizer") for name in arrays) - 1
    rewrite(folder, **{f"optimizer{last}": None})


def missing(folder):
    (folder / "epoch-001.npz").unlink()


def folder_for_weights(folder):
    missing(folder)
    (folder / "epoch-001.npz").mkdir()


def no_json(folder):
    (folder / "history.json").write_text('{"recipe": ')


def empty_history(folder):
    (folder / "history.json").write_text("")


def folder_for_a_history(folder):
    (folder / "history.json").unlink()
    (folder / "history.json").mkdir()


def list_history(folder):
    (folder / "history.json").write_text("[1, 2]")


def history_of_something_else(folder):
    (folder / "history.json").write_text('{"visited": ["a"]}')


def better_history(folder):
    (folder / "history.json").write_text(
        (folder / "history.json").read_text().replace('"val_iou": 0.', '"val_iou": 0.9')
    )


DAMAGE = [flipped, nan, truncated, empty, text, without_optimizer, without_the_optimizers_end, missing]
DAMAGE += [folder_for_weights, no_json, empty_history, folder_for_a_history, list_history]
DAMAGE += [history_of_something_else, better_history]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda function: function.__name__)
def test_a_damaged_state_is_refused_with_one_message(killed, train, damage):
    damage(killed)
    before = {path: path.is_dir() or path.read_bytes() for path in killed.iterdir()}
    with pytest.raises(InputError) as error:
        train(killed)
    told = str(error.value)
    assert told.startswith(f"{killed}: this state is damaged (") and told.endswith(
        "anew in another folder, or delete it."
    )
    assert ("history.json" if "history" in damage.__name__ or damage is no_json else "epoch-001.npz") in told
    assert "\n" not in told and {path: path.is_dir() or path.read_bytes() for path in killed.iterdir()} == before


def test_a_damaged_best_epoch_is_found_at_once_and_not_after_hours(killed, train):
    kept = read_kept(killed / "history.json")
    kept["rows"][0]["val_iou"] = 1.0  # so that the best is not the last
    write_kept(killed / "history.json", kept)
    (killed / "epoch-000.npz").unlink(missing_ok=True)
    with pytest.raises(InputError, match="damaged .epoch-000.npz: it is missing"):
        train(killed)


def before_checksums(folder):
    """Makes a state what it was before states had checksums and told of patience, of parameters and of the network."""
    kept = read_kept(folder / "history.json")
    kept = {"recipe": {n: v for n, v in kept["recipe"].items() if n not in state.LATER}, "rows": kept["rows"]}
    (folder / "history.json").write_text(json.dumps(kept, indent=1))


@pytest.mark.slow
def test_a_state_of_an_older_version_is_gone_on_from(killed, train):
    before_checksums(killed)
    history = train(killed, callbacks=[watch := Watch()])
    assert len(watch.weights) == 2 and len(history.rows) == 4


SHOWS = [nan, truncated, empty, text, without_optimizer, without_the_optimizers_end, missing]


@pytest.mark.parametrize("damage", SHOWS, ids=lambda function: function.__name__)
def test_damage_that_shows_is_found_in_a_state_of_an_older_version_too(killed, train, damage):
    before_checksums(killed)
    damage(killed)
    with pytest.raises(InputError, match=r"this state is damaged \(epoch-001.npz: .*another folder, or delete it"):
        train(killed)


# Others' files, and kills while it writes


def test_nothing_is_deleted_that_the_run_did_not_write(train, tmp_path):
    dear = [tmp_path / name for name in ("epoch-100.npz", "epoch-best.npz", "epoch-000.txt")]
    for path in dear:
        path.write_bytes(b"dear")
    train(tmp_path, epochs=2)
    assert [path.read_bytes() for path in dear] == [b"dear"] * 3


def test_a_file_in_the_way_is_not_overwritten(train, tmp_path):
    (tmp_path / "epoch-001.npz").write_bytes(b"dear")
    with pytest.raises(InputError, match="epoch-001.npz: not of this training"):
        train(tmp_path)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("epoch-001.npz", b"dear")]


@pytest.mark.slow
def test_the_history_is_never_open_in_its_place(killed, train):
    """Were it written over, a kill in between would leave half of it; so what it was stays as it was, elsewhere."""
    before, kept = (killed / "history.json").read_bytes(), killed / "kept"
    os.link(killed / "history.json", kept)
    train(killed)
    assert kept.read_bytes() == before != (killed / "history.json").read_bytes()


def test_a_power_cut_finds_the_old_file_or_the_new_one_and_not_an_empty_one(tmp_path, monkeypatch):
    """What was not yet on the disk is lost with the power, and a name may be there before what it stands for."""
    path, disk, sync, replace = tmp_path / "a.txt", {}, os.fsync, os.replace

    def synced(descriptor):
        sync(descriptor)
        disk[os.fstat(descriptor).st_ino] = os.pread(descriptor, 1 << 20, 0)

    def replaced(part, whole):
        on_disk.append(disk.get(os.stat(part).st_ino, b""))
        replace(part, whole)

    on_disk = []
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    with made_beside(path) as part:
        part.write_bytes(b"all of it")
    assert on_disk == [b"all of it"] and path.read_bytes() == b"all of it"


@pytest.fixture(scope="module")
def whole(train, tmp_path_factory):
    return train(tmp_path_factory.mktemp("whole"), epochs=3)


# of the files that take their place: history at the start, then weights and history of each epoch
@pytest.mark.slow
@pytest.mark.parametrize("which, left", [(2, 3), (3, 2), (4, 2), (5, 1)])
def test_a_kill_after_a_file_took_its_place_costs_an_epoch_at_most(train, whole, tmp_path, monkeypatch, which, left):
    replace, calls = os.replace, []

    def strike(*args):
        replace(*args)
        calls.append(args)
        if len(calls) == which:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", strike)
        train(tmp_path, epochs=3)
    resumed = train(tmp_path, epochs=3, callbacks=[watch := Watch()])
    assert len(watch.weights) == left
    assert [row | {"seconds": 0} for row in resumed.rows] == [row | {"seconds": 0} for row in whole.rows]
    assert len(list(tmp_path.glob("epoch-*"))) <= 2


# Two at once


def hold(folder, held):
    """Holds a folder until it is killed."""
    with alone_in(folder):
        held.set()
        time.sleep(600)


@pytest.fixture
def other(tmp_path):
    """Another process that is at work in ``tmp_path``."""
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=hold, args=(tmp_path, held), daemon=True)
    process.start()
    assert held.wait(120)
    yield process
    process.kill()
    process.join()


@pytest.mark.slow
def test_a_second_training_in_a_folder_is_refused_and_told_of_the_first(other, train, tmp_path):
    with pytest.raises(InputError) as error:
        train(tmp_path)
    assert f"{tmp_path}: process {other.pid} on " in str(error.value) and "give another folder" in str(error.value)
    assert not (tmp_path / "history.json").exists()


@pytest.mark.slow
def test_the_command_refuses_a_folder_in_which_another_works(other, tmp_path, capfd):
    """From the start: what comes after the training, model.keras, is written in it too."""
    assert main(["train", "--profile", "smoke", "--out", str(tmp_path)]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert f"process {other.pid} on " in line


@pytest.mark.slow
def test_a_killed_process_leaves_no_lock(other, tmp_path):
    os.kill(other.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    other.join()
    with alone_in(tmp_path):
        assert "process" in (tmp_path / ".lock").read_text()
    assert os.name == "nt" or list(tmp_path.iterdir()) == []


def test_a_folder_is_free_after_an_error(tmp_path):
    for _ in range(2):
        with pytest.raises(KeyError), alone_in(tmp_path):
            raise KeyError


def test_a_finished_run_in_a_folder_that_may_only_be_read_is_loaded(train, tmp_path):
    history = train(tmp_path, epochs=1)
    (tmp_path / ".lock").mkdir()  # no file can be made here; a superuser's may be made anywhere else
    assert train(tmp_path, epochs=1).rows == history.rows


# No room

NO_ROOM = """
import resource, sys
from pathlib import Path
from test_training import *
from handseg_lib import hgr1
data = hgr1.load(sys.argv[1])
train, val = ([s for s in data if s.person in persons] for persons in (("01", "03"), ("04",)))
data, folder = (Batches(train, SIZE, 4), Batches(val, SIZE, 4)), Path(sys.argv[2])
model = small_unet()
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    fit(model, *data, epochs=1, out=folder)
except InputError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_where_there_is_no_room_the_file_is_named_and_nothing_half_stays(hands, tmp_path):
    """A limit on the size of files stands for a full disk: the system refuses to write on, in the middle of a file."""
    command = [sys.executable, "-c", NO_ROOM, str(hands), str(tmp_path / "run")]
    # coverage, which there would be no room for either, is not to watch
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(command, cwd=HERE, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    line = done.stdout.splitlines()[-1]
    assert line.startswith(str(tmp_path / "run" / "epoch-000.npz")) and "File too large" in line and "Make room" in line
    assert "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["history.json"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_a_model_for_which_there_is_no_room_is_no_traceback_either(tmp_path):
    code = f"""
import resource
import keras
from pathlib import Path
from handseg_lib import InputError
from handseg_lib.resume import made_beside
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(256)])
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    with made_beside(Path({str(tmp_path)!r}) / "model.keras") as part:
        model.save(part)
except InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path / 'model.keras'}: cannot be written" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_file_leaves_the_one_before(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(KeyboardInterrupt), made_beside(tmp_path / "a.txt") as part:
        part.write_text("ne")
        raise KeyboardInterrupt
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
