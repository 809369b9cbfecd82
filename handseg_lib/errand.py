"""The errand: a task that another process or machine does, what it takes along, and what must be the same there."""

import hashlib
import io
import multiprocessing
import os
import pickle
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from . import __version__
from .data.gate import InputError
from .resume import end_with_parent

SAME = {  # what would change a result
    "handseg_lib": __version__,
    "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
    "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "tensorflow"),
}
KILLED = (
    "was killed from outside, most likely for want of memory. Take fewer workers at once or a smaller --size; what is "
    "finished stays."
)


def processes(count: int, fresh: bool) -> ProcessPoolExecutor:
    """Processes of this machine; ``fresh``: a new one for each task."""
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, spawn, end_with_parent, max_tasks_per_child=1 if fresh else None)


# Where somebody asks for it


def sent(client, files: list[Path]) -> tuple[dict[str, str], object]:
    """Sends files to a Dask cluster, unless each of its workers sees all of them at their paths, with these sizes.

    Returns:
        For each path the name under which it was sent, and a future of the contents; or nothing.

    Raises:
        InputError: a worker has another version of what must be the same.
    """
    sizes, lacking = {os.path.abspath(file): os.path.getsize(file) for file in files}, False
    for worker, answer in client.run(look, sizes, on_error="return").items():
        if isinstance(answer, Exception):
            raise InputError(f"{worker}: this worker has no such handseg_lib ({answer}). Install the same one there.")
        insist_on_same(SAME, answer[0], worker)
        lacking |= answer[1]
    if not lacking:
        return {}, None
    folders = {folder: str(number) for number, folder in enumerate({os.path.dirname(path): 0 for path in sizes})}
    names = {path: f"{folders[os.path.dirname(path)]}/{os.path.basename(path)}" for path in sizes}
    contents = pickle.dumps({name: Path(path).read_bytes() for path, name in names.items()})
    with warnings.catch_warnings(action="ignore"):  # that this is much for a task
        return names, client.submit(bytes, contents, pure=False)  # the scheduler has it, whichever worker is lost


def packed(task: tuple, names: dict[str, str]) -> bytes:
    """A function and its arguments; each path in them is one that was sent, or leads there from any folder."""
    from cloudpickle import Pickler  # Dask's own; it takes along the functions of a notebook

    class Packer(Pickler):
        def persistent_id(self, value):
            if isinstance(value, Path):
                path = os.path.abspath(value)
                return names.get(path), path

    file = io.BytesIO()
    Packer(file).dump(task)
    return file.getvalue()


def runner() -> Callable:
    """What a worker is told to call, sent as code: the scheduler looks at it, and need not have the library."""

    def handseg(*told):
        from handseg_lib import errand

        return errand.run(*told)

    return handseg


# Where it is done


def look(sizes: dict[str, int]) -> tuple[dict, bool]:
    """What must be the same everywhere, and whether a file is lacking here."""
    return SAME, any(not os.path.isfile(path) or os.path.getsize(path) != size for path, size in sizes.items())


def insist_on_same(told: dict, mine: dict, worker: str) -> None:
    """Raises InputError where a worker's results may be others than those of whoever asks."""
    for name, value in told.items():
        if mine[name] != value:
            raise InputError(
                f"{worker}: this worker has {name} {mine[name]}, and you have {value}. Results would differ: start it "
                "with the same."
            )


def run(task: bytes, contents: bytes | None, told: dict, fresh: bool):
    """Does a task that was ``packed``, on a worker of Dask's."""
    from distributed import get_worker

    worker = get_worker()
    insist_on_same(told, SAME, worker.address)  # it may have come late
    folder = unpacked(contents, Path(worker.local_directory)) if contents else Path()
    if not fresh:
        return do(task, folder)
    # Dask makes its workers daemons, which Python lets have no children, for these would outlive them: ours do not
    multiprocessing.current_process()._config["daemon"] = False
    try:
        with processes(1, fresh=False) as pool:  # it ends with this task
            return pool.submit(do, task, folder).result()
    except BrokenProcessPool:
        raise InputError(f"{worker.address}: a process of this worker {KILLED}") from None


def do(task: bytes, folder: Path):
    """Does a task; ``folder`` has the files that were sent, if any were."""
    function, *arguments = _Unpacker(io.BytesIO(task), folder).load()
    return function(*arguments)


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, folder: Path):
        super().__init__(file)
        self.folder = folder

    def persistent_load(self, told):
        name, path = told
        return self.folder / name if name else Path(path)


LOCK = threading.Lock()


def unpacked(contents: bytes, home: Path) -> Path:
    """The folder of the files that were sent; the first task that comes writes it."""
    folder = home / f"handseg-{hashlib.sha256(contents).hexdigest()[:16]}"
    with LOCK:
        if not folder.is_dir():
            part = folder.with_suffix(".part")
            for name, content in pickle.loads(contents).items():
                (part / name).parent.mkdir(parents=True, exist_ok=True)
                (part / name).write_bytes(content)
            part.rename(folder)
    return folder
