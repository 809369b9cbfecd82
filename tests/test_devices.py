"""Many devices learn what one learns: in one process and in several, of which one may be killed.

JAX counts a CPU's cores as one device, unless XLA's flag says otherwise; so every training here is a process of its
own. They train the small network of ``test_training``, whose decoder has batch norm as the real one has.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from handseg_lib import InputError, Split, devices, recipe

HERE = Path(__file__).parent
CODE = """
import functools, json, os, signal, sys
from pathlib import Path

options = json.loads(sys.argv[1])
import handseg_lib as hs
from handseg_lib import __main__, devices, machine, recipe, state, training
devices.meet(options["devices"])
import jax, keras, numpy as np
from test_training import small_unet

seen, out, learn = [], Path(options["out"]), recipe.learn
recipe.build_unet = lambda size, weights="imagenet": small_unet(size)

class Watch(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        seen.append([])

    def on_train_batch_end(self, batch, logs=None):
        if options["kill"] == [self.epoch, batch]:
            os.kill(os.getpid(), signal.SIGKILL)

class Share(devices.Share):
    def rows(self, index):
        rows = super().rows(index)
        if seen and not self.evenly:
            seen[-1].append(rows.tolist())
        return rows

def learn_and_tell(*args, **more):
    model, history = learn(*args, **more)
    model.predict(np.zeros((1, 64, 64, 3), np.uint8), verbose=0)  # one process alone may use it
    np.savez(out / f"{options['name']}.npz", *model.get_weights())
    told = {"rows": history.rows, "seen": seen, "devices": jax.device_count(), "processes": jax.process_count()}
    (out / f"{options['name']}.json").write_text(json.dumps(told))
    return model, history

recipe.Share, recipe.fit = Share, functools.partial(training.fit, callbacks=[Watch()])
recipe.learn = learn_and_tell
if not devices.is_first():
    def refuse(*args):
        raise AssertionError("another process than the first writes")
    state.made_beside = state.write_kept = machine.write_record = __main__.made_beside = refuse
command = ["train", "--profile", "smoke", "--data", options["data"], "--out", str(out), "--epochs", "3"]
sys.exit(__main__.main(command + (["--devices", options["devices"]] if options["devices"] else [])))
"""

pytestmark = pytest.mark.slow


def start(photos, out, name, devices="all", count=1, process=None, kill=None):
    """Starts a process that trains three epochs, by the command line, on ``count`` devices of its own.

    ``process``: its number, of how many, and the port where they meet. ``kill``: after which epoch and batch it is
    killed.
    """
    out.mkdir(exist_ok=True)
    options = {"data": str(photos), "out": str(out), "name": name, "devices": devices, "kill": kill}
    env = {key: value for key, value in os.environ.items() if not key.startswith("KERAS_DISTRIBUTION")}
    env |= {"KERAS_BACKEND": "jax", "XLA_FLAGS": f"--xla_force_host_platform_device_count={count}"}
    env["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), str(HERE), env.get("PYTHONPATH", "")])
    if process:
        number, processes, port = process
        env |= {
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{port}",
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(processes),
            "KERAS_DISTRIBUTION_PROCESS_ID": str(number),
        }
    command = [sys.executable, "-c", CODE, json.dumps(options)]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def ended(*processes):
    """The exit codes of processes and what they wrote, as they end."""
    try:
        told = [process.communicate(timeout=900)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [process.returncode for process in processes], told


def whole(*processes):
    codes, told = ended(*processes)
    assert not any(codes), "\n".join(told)


def two_processes(photos, out, kill=None):
    """Starts two processes of one training on this machine; ``kill`` is for the second alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    one = start(photos, out, "one", process=(0, 2, port))
    return one, start(photos, out, "two", process=(1, 2, port), kill=kill), port


def weights(file):
    """The network's, and in a checkpoint the optimiser's numbers too."""
    with np.load(file) as arrays:
        return [arrays[key] for key in arrays.files]


def told(out, name):
    return json.loads((out / f"{name}.json").read_text())


def insist_on_the_same(ours, theirs):
    """Each kernel, bias and statistic of batch norm, within 1e-4 of its length."""
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs):
        assert np.linalg.norm(one - other) <= 1e-4 * np.linalg.norm(other) + 1e-9


@pytest.fixture(scope="module")
def photos(hands, tmp_path_factory):
    """21 photos of the training persons, 5 of the validation persons: batches of 4, and in the end 1 photo each."""
    folder = tmp_path_factory.mktemp("photos")
    shutil.copytree(hands, folder, dirs_exist_ok=True)
    for path in folder.glob("*/A_P_hgr1_id04_1.*"):
        path.unlink()
    return folder


@pytest.fixture(scope="module")
def alone(photos, tmp_path_factory):
    """The training on one device."""
    out = tmp_path_factory.mktemp("alone")
    whole(start(photos, out, "alone", devices=None))
    return out


def same_training(out, name, alone):
    insist_on_the_same(
        weights(out / f"{name}.npz"), weights(alone / "alone.npz")
    )  # of the best epoch, and of the last:
    insist_on_the_same(weights(out / "state" / "epoch-002.npz"), weights(alone / "state" / "epoch-002.npz"))
    ours, theirs = told(out, name)["rows"], told(alone, "alone")["rows"]
    assert [row["stage"] for row in ours] == [row["stage"] for row in theirs] == ["frozen", "tuned", "tuned"]
    for key in ("val_loss", "val_iou"):  # five photos, none of which counts more than another
        assert [row[key] for row in ours] == pytest.approx([row[key] for row in theirs], rel=1e-4)


def test_two_devices_learn_what_one_learns(photos, alone, tmp_path):
    whole(start(photos, tmp_path, "both", count=2))
    assert told(tmp_path, "both")["devices"] == 2
    same_training(tmp_path, "both", alone)
    for epoch in told(tmp_path, "both")["seen"]:
        *full, last = epoch[:6]  # Keras peeks at a batch before the next one begins
        assert [len(rows) for rows in full] == [4] * 5 and sorted([*sum(full, []), last[0]]) == list(range(21))
        assert last == [last[0]] * 2, "the photo that is left over goes to both"


def test_two_processes_learn_what_one_learns_and_the_first_writes(photos, alone, tmp_path):
    *processes, _ = two_processes(photos, tmp_path)
    whole(*processes)
    one, two = told(tmp_path, "one"), told(tmp_path, "two")
    assert one["devices"] == one["processes"] == 2
    for name in ("one", "two"):
        same_training(tmp_path, name, alone)
    for ours, theirs in zip(one["seen"], two["seen"], strict=True):
        assert [len(rows) for rows in ours[:6]] == [len(rows) for rows in theirs[:6]] == [2] * 5 + [1]
        assert ours[5] == theirs[5] and sorted(sum(ours[:6] + theirs[:5], [])) == list(range(21))
    assert (tmp_path / "model.keras").is_file() and (tmp_path / "train.json").is_file()
    names = sorted(path.name for path in (tmp_path / "state").iterdir())
    assert names[-1] == "history.json" and all(name.startswith("epoch-") for name in names[:-1])


def test_a_killed_process_is_started_again_and_the_training_goes_on(photos, alone, tmp_path):
    one, two, port = two_processes(photos, tmp_path, kill=[1, 1])
    assert ended(two)[0] == [-signal.SIGKILL]
    history = json.loads((tmp_path / "state" / "history.json").read_text())
    assert [row["epoch"] for row in history["rows"]] == [0]
    codes, said = ended(one, start(photos, tmp_path, "two", process=(1, 2, port)))
    assert codes == [0, 0], said
    assert "lost each other" in said[0] and "This one waits for them" in said[0] and "Traceback" not in said[0]
    assert len(told(tmp_path, "one")["seen"]) == 2, "of three epochs, one was done"
    for name in ("one", "two"):
        same_training(tmp_path, name, alone)


def test_a_killed_training_goes_on_with_another_number_of_devices(photos, alone, tmp_path):
    codes, _ = ended(start(photos, tmp_path, "killed", count=2, kill=[1, 1]))
    assert codes == [-signal.SIGKILL]
    whole(start(photos, tmp_path, "four", count=4, kill=None))
    assert told(tmp_path, "four")["devices"] == 4 and len(told(tmp_path, "four")["seen"]) == 2
    same_training(tmp_path, "four", alone)


def test_a_batch_that_three_devices_cannot_share_is_refused(photos, tmp_path):
    codes, (said,) = ended(start(photos, tmp_path, "three", count=3))
    assert codes == [2], said
    assert said.splitlines()[-1] == (
        "handseg_lib: batch_size=4: 3 devices cannot have equal parts of it. Take a multiple of 3, such as 6."
    )


def test_another_backend_is_refused_before_photos_are_read():
    with pytest.raises(InputError, match="needs JAX, and Keras runs on tensorflow here.*KERAS_BACKEND=jax"):
        recipe.learn(Split([], [], []), "nowhere", 32, 4, 2, 1, devices="all")
    with pytest.raises(InputError, match="devices='al'.*Did you mean 'all'"):
        devices.meet("al")
