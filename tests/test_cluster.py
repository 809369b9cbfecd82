"""The cluster: whoever does a task, it comes to the same, and a lost worker costs no more than what it was at."""

import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

import distributed  # noqa: F401  # of the extra `cluster`, which make lock locks
import errands
import numpy as np
import onnx
import psutil
import pytest
from conftest import draw_blob
from errands import wait_for
from PIL import Image

from handseg_lib import InputError, cluster, outputs
from handseg_lib.__main__ import main
from handseg_lib.data import drawn, hgr1
from handseg_lib.evaluation.lopo import leave_one_out
from handseg_lib.export_file import write_card

HERE = Path(__file__).parent
pytestmark = pytest.mark.slow


class Dask:
    """A scheduler and its workers, processes of their own, as Dask's own commands start them."""

    def __init__(self, folder: Path):
        self.folder, self.processes, self.address = folder, {}, ""
        folder.mkdir()

    def begin(self, name: str, *command, prefix=(), **settings) -> subprocess.Popen:
        # elsewhere than the test, with what it can import, and quick to notice who is lost
        env = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent), *sys.path])} | settings
        with open(self.folder / f"{name}.log", "w") as log:
            command = [*prefix, sys.executable, "-m", *map(str, command), "--no-dashboard"]
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, env=env)
        return self.processes[name]

    def scheduler(self, host: str = "127.0.0.1", **settings) -> str:
        self.begin("scheduler", "distributed.cli.dask_scheduler", "--host", host, "--port", 0, **settings)
        self.address = self.logged("scheduler", r"Scheduler at: +(tcp\S+)\n")[1]
        return self.address

    def worker(self, name: str, preload: str = "", nanny: bool = False, prefix=()) -> subprocess.Popen:
        """One worker with one thread; ``preload`` is code that it runs first."""
        command = ["distributed.cli.dask_worker", self.address, "--nthreads", 1, "--name", name]
        command += ["--nanny" if nanny else "--no-nanny", "--local-directory", self.folder / f"{name}-local"]
        if preload:
            (self.folder / f"{name}.py").write_text(preload)
            command += ["--preload", self.folder / f"{name}.py"]
        process = self.begin(name, *command, prefix=prefix)
        self.logged(name, r"Registered to: +tcp")
        return process

    def logged(self, name: str, pattern: str) -> re.Match:
        """The line that ``name`` writes to its log, waited for as long as it runs."""
        log, end = self.folder / f"{name}.log", time.monotonic() + 300
        while not (found := re.search(pattern, log.read_text())):
            assert self.processes[name].poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        return found

    def end(self) -> None:
        scheduler = self.processes.pop("scheduler", None)
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if scheduler:
            scheduler.kill()  # asked to end, it would take ten seconds
            scheduler.wait()


@pytest.fixture
def dask(tmp_path):
    """A scheduler, yet without workers."""
    dask = Dask(tmp_path / "dask")
    try:
        dask.scheduler()
        yield dask
    finally:
        dask.end()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)


def in_background(function, *arguments) -> threading.Thread:
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


# A map


def numbers_of(cluster_or_not: str, dask: Dask) -> dict:
    """The arguments of cluster.workers for this process, for two others, or for a cluster."""
    if cluster_or_not == "cluster":
        dask.worker("a")
        return {"scheduler": dask.address}
    return {"count": {"here": 1, "two": 2}[cluster_or_not]}


@pytest.mark.parametrize("where", ["here", "two", "cluster"])
def test_it_is_a_map(dask, where):
    with cluster.workers(**numbers_of(where, dask)) as apply:
        assert list(apply(errands.square, range(20))) == [number * number for number in range(20)]
        assert list(apply(max, [1, 5], [3, 4])) == [3, 5]
        assert list(apply(errands.square, [])) == []
        with pytest.raises(InputError, match="^1: no$"):
            list(apply(errands.refuse, [1, 2]))


@pytest.mark.parametrize("where", ["two", "cluster"])
def test_it_looks_ahead_only_so_far(dask, where, monkeypatch):
    """A million tasks, or as many results, would fill the memory of whoever asks."""
    monkeypatch.setattr(cluster, "AHEAD", 10)
    looked_at = itertools.count()
    with cluster.workers(**numbers_of(where, dask)) as apply:
        results = apply(errands.square, looked_at)
        assert [next(results) for _ in range(30)] == [number * number for number in range(30)]
        results.close()
    assert next(looked_at) <= 30 + 10


@pytest.mark.parametrize("in_order, first", [(True, 0), (False, 1)])
def test_results_come_in_order_or_as_they_are_done(in_order, first, tmp_path):
    with cluster.workers(count=2, in_order=in_order) as apply:
        results = apply(errands.after, [0, 1], [tmp_path / "go", None])
        opens = threading.Timer(3, (tmp_path / "go").touch)
        opens.start()
        assert next(results) == first and next(results) == 1 - first


def test_a_cluster_takes_a_notebooks_function(dask):
    dask.worker("a")
    with cluster.workers(dask.address) as apply:
        assert list(apply(lambda number: number + len(dask_name), range(3))) == [6, 7, 8]


dask_name = "a name"


# Processes


@pytest.mark.parametrize("nanny", [False, True], ids=["alone", "nanny"])
def test_a_training_has_a_process_of_its_own_and_other_tasks_have_the_workers(dask, nanny):
    """With a nanny, Dask's worker is a daemon, which may have no children by itself."""
    dask.worker("a", nanny=nanny)
    with cluster.workers(dask.address) as apply:
        (worker,) = set(apply(errands.process, range(5)))
    with cluster.workers(dask.address, fresh=True) as apply:
        assert len({worker, os.getpid(), *apply(errands.process, range(2))}) == 4
    with cluster.workers(fresh=True) as apply:
        assert len({os.getpid(), *apply(errands.process, range(2))}) == 3


@pytest.mark.parametrize("where", ["two", "cluster"])
def test_a_process_that_is_killed_is_told_and_the_worker_stays(dask, where):
    with pytest.raises(InputError, match="killed from outside, most likely for want of memory.*what is finished stays"):
        with cluster.workers(**numbers_of(where, dask), fresh=True) as apply:
            list(apply(errands.die, [1]))
    if where == "cluster":
        with cluster.workers(dask.address) as apply:
            assert list(apply(errands.square, [3])) == [9]


def test_a_task_that_costs_each_worker_its_life_is_given_up(tmp_path):
    dask = Dask(tmp_path / "dask")
    try:
        dask.scheduler(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
        dask.worker("a")
        with pytest.raises(InputError, match="1 workers were lost with the same task; the last one was killed"):
            with cluster.workers(dask.address) as apply:
                list(apply(errands.die, [1]))
    finally:
        dask.end()


def test_a_scheduler_that_is_lost_is_told(dask, tmp_path):
    dask.worker("a")
    with pytest.raises(InputError, match="the scheduler is gone"):
        with cluster.workers(dask.address) as apply:
            results = apply(errands.touch, [1, 2], [tmp_path / "begun", tmp_path / "more"])
            assert next(results) == 1
            results = apply(errands.after, [1], [tmp_path / "never"])
            threading.Timer(1, dask.processes["scheduler"].kill).start()
            next(results)


# Who may help


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=re.escape('pip install "handseg[cluster]"')):
        with cluster.workers("tcp://127.0.0.1:8786"):
            pass


def test_where_no_scheduler_answers_it_says_so(impatient):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    for wrong in (address, "nonsense://x", "tcp://127.0.0.1:port"):
        with pytest.raises(InputError, match=f"^{wrong}: no Dask scheduler answers there .*Start one: dask scheduler"):
            with cluster.workers(wrong):
                pass


def test_a_scheduler_without_workers_is_told(dask, impatient):
    with pytest.raises(InputError, match=f"it has no worker. Start some: dask worker {dask.address} --nthreads 1"):
        with cluster.workers(dask.address):
            pass


def test_workers_of_this_machine_and_of_a_scheduler_at_once_are_refused():
    with pytest.raises(InputError, match="Leave --workers away"):
        with cluster.workers("tcp://127.0.0.1:8786", count=2):
            pass


OTHERS = {
    "library": ("import handseg_lib; handseg_lib.__version__ = '0.0.9'", "has handseg_lib 0.0.9, and you have"),
    "Python": ("from handseg_lib import errand; errand.SAME['Python'] = '3.1'", "has Python 3.1, and you have 3"),
    "none": ("import sys; sys.modules['handseg_lib'] = None", "has no such handseg_lib .*Install the same one"),
}


@pytest.mark.parametrize("preload, words", OTHERS.values(), ids=OTHERS)
def test_a_worker_of_another_version_is_named_before_anything_is_done(dask, preload, words):
    dask.worker("a")
    dask.worker("other", preload)
    with pytest.raises(InputError, match=r"^tcp://127.0.0.1:\d+: this worker " + words):
        with cluster.workers(dask.address):
            pytest.fail("it began")


def test_a_worker_of_another_version_that_comes_late_does_nothing(dask, tmp_path):
    dask.worker("a")
    with pytest.raises(InputError, match="this worker has handseg_lib 0.0.9"):
        with cluster.workers(dask.address, in_order=False) as apply:
            come = in_background(dask.worker, "other", OTHERS["library"][0])
            list(apply(errands.after, range(8), itertools.repeat(tmp_path / "go")))
    (tmp_path / "go").touch()
    come.join()


# Paths and files


def test_a_path_leads_to_the_same_file_from_the_workers_folder(dask, tmp_path, monkeypatch):
    dask.worker("a")
    monkeypatch.chdir(tmp_path)
    Path("here.txt").write_text("this one")
    with cluster.workers(dask.address) as apply:
        assert list(apply(errands.read, [Path("here.txt")])) == ["this one"]


BLIND = "from handseg_lib import errand; errand.look = lambda sizes: (errand.SAME, True)"


@pytest.mark.parametrize("fresh", [False, True], ids=["worker", "process"])
def test_files_that_a_worker_does_not_see_are_sent(dask, tmp_path, fresh):
    """Two of one name, in two folders, stay two; and who comes late has them as well."""
    files = [tmp_path / "data" / name for name in ("x/a.txt", "y/a.txt")]
    for file in files:
        file.parent.mkdir(parents=True)
        file.write_text(file.parent.name)
    first = dask.worker("a", BLIND)
    with cluster.workers(dask.address, fresh=fresh, files=files) as apply:
        shutil.rmtree(tmp_path / "data")
        assert list(apply(errands.read, files)) == ["x", "y"]
        dask.worker("late")
        first.kill()
        assert list(apply(errands.read, files)) == ["x", "y"]


# Trainings

RECIPE = {"size": 64, "batch_size": 4, "epochs": 1, "frozen_epochs": 1, "seed": 0}
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}  # or sums may come in another order


@pytest.mark.parametrize(
    "how, numbers, fresh",
    [
        pytest.param(errands.learn_nothing, {}, False, id="nothing is learnt"),
        pytest.param(errands.learn_by_recipe, RECIPE, True, id="the recipe"),
    ],
)
def test_leave_one_out_is_the_same_to_the_last_bit_when_workers_go_and_come(
    dask, tmp_path, monkeypatch, how, numbers, fresh
):
    """One worker is killed in the middle of a fold, and another one comes late: only that fold is done twice."""
    for name, value in ONE_THREAD.items():
        monkeypatch.setenv(name, value)
    drawn.write(tmp_path / "data", persons=6, gestures=drawn.GESTURES[:3], takes=1, size=96)
    samples, begun = hgr1.load(tmp_path / "data"), tmp_path / "begun"
    with cluster.workers(fresh=fresh) as apply:
        alone, _ = leave_one_out(samples, partial(how, **numbers), tmp_path / "alone", numbers, apply)
    begun.mkdir()
    workers = {dask.worker(name).pid: dask.processes[name] for name in ("a", "b")}

    def kill_one_and_bring_another():
        held = held_by(begun)
        worker = workers[psutil.Process(held).ppid() if fresh else held]
        worker.kill()
        worker.wait()
        dask.worker("late")
        (begun / "go").touch()

    killer = in_background(kill_one_and_bring_another)
    learn = partial(errands.learn, begun, how, **numbers)
    with cluster.workers(dask.address, fresh=fresh, in_order=False) as apply:
        shared, _ = leave_one_out(samples, learn, tmp_path / "shared", numbers, apply)
    killer.join()
    assert shared.table.equals(alone.table)
    assert shared.threshold == alone.threshold and shared.summary() == alone.summary()
    starts = Counter(path.name.partition("-")[0] for path in begun.glob("*-*"))
    assert sorted(starts.values()) == [1, 1, 1, 1, 1, 2]
    assert len(list((tmp_path / "shared").iterdir())) == 6, "nothing is left beside the folds"
    held = held_by(begun)
    assert not psutil.pid_exists(held) or psutil.Process(held).status() == "zombie", "its training goes on"


def held_by(begun: Path) -> int:
    """The process of the training that stays at its beginning."""
    wait_for(begun / "held")
    while not (held := (begun / "held").read_text()).endswith("\n"):
        time.sleep(0.01)
    return int(held)


def test_folds_of_a_worker_that_does_not_see_the_folder_are_written_here(tmp_path, samples):
    few = [sample for sample in samples if sample.person <= "04"]

    def elsewhere(run, files, splits):
        return map(run, [tmp_path / "of another machine" / file.name for file in files], splits)

    report, seconds = leave_one_out(few, errands.learn_nothing, tmp_path / "out", {}, elsewhere)
    alone, _ = leave_one_out(few, errands.learn_nothing, tmp_path / "alone", {})
    assert report.table.equals(alone.table) and seconds == dict.fromkeys(["01", "02", "03", "04"], 1.5)
    for person in ("01", "02", "03", "04"):
        assert (tmp_path / "out" / f"{person}.json").read_text() == (tmp_path / "alone" / f"{person}.json").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"out", "alone"}


def test_a_fold_that_another_worker_is_still_at_is_waited_for(tmp_path, samples):
    """After Ctrl-C a worker ends what it has begun; the next run takes that, and does not train beside it."""
    few = [sample for sample in samples if sample.person <= "04"]
    leave_one_out(few, errands.learn_nothing, tmp_path / "out", {})
    fold, kept = tmp_path / "out" / "01.json", (tmp_path / "out" / "01.json").read_text()
    fold.unlink()
    other = tmp_path / "other.py"
    other.write_text(OTHER.format(out=str(tmp_path / "out"), fold=str(fold), kept=kept))
    with subprocess.Popen([sys.executable, other], stdout=subprocess.PIPE, cwd=HERE.parent) as working:
        assert working.stdout.readline() == b"begun\n"
        report, _ = leave_one_out(few, None, tmp_path / "out", {})  # would fail if called
    assert len(report.table) == len(few) and fold.read_text() == kept


OTHER = """
import time
from pathlib import Path
from handseg_lib.resume import alone_in

with alone_in(Path({out!r}), ".lock-01"):
    print("begun", flush=True)
    time.sleep(4)
    Path({fold!r}).write_text({kept!r})
"""


# Photos


@pytest.fixture
def sees_red(tmp_path):
    """An export that calls hand what is more red than blue. It needs no Keras: so a worker has it at once."""
    weights = onnx.numpy_helper.from_array(np.float32([[0.05], [0], [-0.05]]), "weights")
    nodes = [
        onnx.helper.make_node("MatMul", ["photo", "weights"], ["red"]),
        onnx.helper.make_node("Sigmoid", ["red"], ["hand"]),
    ]
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 32, 32, channels])
        for name, channels in (("photo", 3), ("hand", 1))
    ]
    graph = onnx.helper.make_graph(nodes, "red", ends[:1], ends[1:], [weights])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "model" / "red.onnx"
    path.parent.mkdir()
    onnx.save(model, path)
    write_card(path, {"size": 32, "threshold": 0.5, "precision": "float32"})
    return path


@pytest.fixture
def photos(tmp_path):
    """A folder of 200 photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(200):
        Image.fromarray(draw_blob(number)[0]).save(folder / f"{number:03d}.jpg")
    return folder


SLOW = """
import functools, time
from pathlib import Path
import errands
from handseg_lib import outputs
write = getattr(outputs._write, "__wrapped__", outputs._write)  # Dask runs this twice

@functools.wraps(write)
def slow(predictor, maker, photo, files):
    errands.begin(Path({begun!r}), photo.stem)
    time.sleep(0.02)
    return write(predictor, maker, photo, files)

outputs._write = slow
"""


def test_predict_has_each_photo_once_though_a_worker_is_killed_and_one_comes_late(
    dask, sees_red, photos, tmp_path, capfd
):
    (begun := tmp_path / "begun").mkdir()
    preload = SLOW.format(begun=str(begun))
    for name in ("a", "b"):
        dask.worker(name, preload)

    def kill_one_and_bring_another():
        while len(list(begun.iterdir())) < 50:
            time.sleep(0.01)
        dask.processes["a"].kill()
        dask.worker("late", preload)

    killer = in_background(kill_one_and_bring_another)
    command = ["predict", str(photos), "--model", str(sees_red), "--json"]
    assert main([*command, "--out", str(tmp_path / "shared"), "--scheduler", dask.address]) == 0
    killer.join()
    shared = json.loads(capfd.readouterr().out)
    assert main([*command, "--out", str(tmp_path / "alone")]) == 0
    alone = json.loads(capfd.readouterr().out)
    assert list(shared["hand_share"].items()) == list(alone["hand_share"].items()) and len(shared["hand_share"]) == 200
    assert [path.name for path in sorted((tmp_path / "shared").iterdir())] == [
        path.name for path in sorted((tmp_path / "alone").iterdir())
    ]
    for path in (tmp_path / "alone").iterdir():
        assert path.read_bytes() == (tmp_path / "shared" / path.name).read_bytes()
    starts = Counter(path.name.partition("-")[0] for path in begun.iterdir())
    twice = [name for name, count in starts.items() if count > 1]
    assert len(starts) == 200 and len(twice) <= 1, "only what the lost worker was at"
    assert main([*command, "--out", str(tmp_path / "shared"), "--scheduler", dask.address]) == 0
    assert json.loads(capfd.readouterr().out)["finished_before"] == 200


def test_a_photo_that_a_lost_worker_had_finished_is_not_done_again(sees_red, photos, tmp_path):
    """It was killed before it could say so; whoever has the task next finds the note in the mask."""
    (out := tmp_path / "out").mkdir()
    files = [out / "000_overlay.jpg", out / "000_mask.png"]
    task = (sees_red, outputs.checksum_of_model(sees_red), "the model", False, "000", photos / "000.jpg", files)
    first = outputs.write(*task)
    before = [file.stat().st_mtime_ns for file in files]
    assert outputs.write(*task) == (first[0], pytest.approx(first[1]), "")
    assert [file.stat().st_mtime_ns for file in files] == before


def test_predict_shares_out_to_processes_of_this_machine(sees_red, photos, tmp_path, capfd):
    (photos / "broken.jpg").write_bytes(b"no photo")
    command = ["predict", str(photos), "--model", str(sees_red), "--json", "--workers", "2"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 1
    told, errors = capfd.readouterr()
    assert len(json.loads(told)["hand_share"]) == 200 and "broken.jpg" in errors


def test_a_worker_without_the_folder_or_with_another_model_does_no_photo(sees_red, photos, tmp_path):
    """It would write its results where nobody looks for them, or other ones."""
    task = ("the model", False, "000", photos / "000.jpg")
    files = [tmp_path / "nowhere" / "000_overlay.jpg", tmp_path / "nowhere" / "000_mask.png"]
    with pytest.raises(InputError, match="nowhere: .* sees no such folder"):
        outputs.write(sees_red, outputs.checksum_of_model(sees_red), *task, files)
    files[0].parent.mkdir()
    with pytest.raises(InputError, match=r"red\.onnx: on .* it is another model"):
        outputs.write(sees_red, "00000000", *task, files)
    assert not list(files[0].parent.iterdir())


# Machines


def ip(*words: str) -> bool:
    return subprocess.run(["ip", *words], capture_output=True).returncode == 0


@pytest.fixture
def two_machines(tmp_path):
    """Two network namespaces on one bridge: to a program, two machines. The prefixes of commands that run there."""
    ours, names = f"hs{os.getpid() % 10000}", ("a", "b")
    made = sys.platform == "linux" and shutil.which("ip") and ip("link", "add", ours, "type", "bridge")
    try:
        if made:
            made = ip("addr", "add", "10.213.0.1/24", "dev", ours) and ip("link", "set", ours, "up")
        for number, name in enumerate(names, 2):
            there, cable = f"{ours}{name}", f"{ours}{name}0"
            made = (
                made
                and ip("netns", "add", there)
                and ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", there)
                and ip("link", "set", cable, "master", ours, "up")
                and ip("-n", there, "addr", "add", f"10.213.0.{number}/24", "dev", "eth0")
                and ip("-n", there, "link", "set", "eth0", "up")
                and ip("-n", there, "link", "set", "lo", "up")
            )
        if not made:
            pytest.skip("no network namespaces may be made here (it takes Linux, root, and ip)")
        yield [["ip", "netns", "exec", f"{ours}{name}"] for name in names]
    finally:
        for name in names:
            ip("netns", "delete", f"{ours}{name}")
        ip("link", "delete", ours)


def test_two_machines_without_a_folder_in_common_train_and_a_lost_one_is_replaced(two_machines, tmp_path, samples):
    few = [sample for sample in samples if sample.person <= "04"]
    files = [file for sample in few for file in (sample.image, sample.mask)]
    data, ours = few[0].image.parent.parent, tmp_path / "ours"
    ours.mkdir()
    dask = Dask(tmp_path / "dask")
    try:
        dask.scheduler("10.213.0.1")
        for name, prefix in zip("ab", two_machines):
            hidden = f'mount -t tmpfs none {data} && exec "$@"'
            dask.worker(name, prefix=[*prefix, "unshare", "-m", "sh", "-c", hidden, "sh"])
        with cluster.workers(dask.address, files=files) as apply:
            there = set(apply(errands.address, range(20), itertools.repeat(0.1)))
            assert there == {"10.213.0.2", "10.213.0.3"}
            dask.processes["a"].kill()
            report, _ = leave_one_out(few, errands.learn_nothing, ours / "out", {}, apply)
    finally:
        dask.end()
    alone, _ = leave_one_out(few, errands.learn_nothing, tmp_path / "alone", {})
    assert report.table.equals(alone.table)
