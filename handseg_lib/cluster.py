"""The cluster: many trainings or many photos are shared out to processes, of this machine or of others.

Others are reached through Dask: a scheduler hands out tasks, and workers do them. A task comes to the same whoever does
it, writes whole files, and may be done twice without harm; so where a worker is lost, another does its task again.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from . import errand
from .data.gate import InputError

AHEAD = 1000  # tasks that wait or are being done; those after them are not looked at yet, however many there are
PATIENCE = 30  # seconds in which a scheduler and its first worker must be there


@contextmanager
def workers(
    scheduler: str | None = None, count: int = 1, fresh: bool = False, in_order: bool = True, files: Iterable[Path] = ()
) -> Iterator[Callable]:
    """Gives a ``map`` that shares its tasks out to other processes.

    Args:
        scheduler: address of a Dask scheduler, such as ``"tcp://host:8786"``, whose workers do the tasks. None: this
            machine does them.
        count: so many processes of this machine; 1: none but this one.
        fresh: True to give each task a process of its own, for TensorFlow keeps for the next training what one has
            taken, and gives it back to the system only at the end.
        in_order: False to have each result as soon as it is there.
        files: what the tasks read. If a worker of the scheduler does not see one of them at its path, all are sent to
            each worker, once, and the paths in the tasks lead to them.

    Yields:
        ``apply(function, *lists)``, which gives the results one by one, as ``map`` does. With ``count`` processes, the
        function must be one of a module.

    Raises:
        InputError: Dask is not installed, no scheduler or no worker answers, a worker has other versions, or a task's
            process was killed. What a task raises is raised here.
    """
    if scheduler:
        if count > 1:
            raise InputError("--workers: with --scheduler its workers do the work, all of them. Leave --workers away.")
        with _connected(scheduler, list(files)) as submit:
            yield partial(_results, partial(submit, fresh), in_order)
    elif count == 1 and not fresh:
        yield map
    else:
        with errand.processes(count, fresh) as pool:
            try:
                yield partial(_results, pool.submit, in_order)
            except BrokenProcessPool:
                raise InputError(f"A process {errand.KILLED}") from None


def _results(submit: Callable[..., Future], in_order: bool, function: Callable, *lists: Iterable) -> Iterator:
    waiting: dict[Future, tuple] = {}
    done: SimpleQueue[Future] = SimpleQueue()

    def next_result():
        future = next(iter(waiting)) if in_order else done.get()
        del waiting[future]
        return future.result()

    try:
        for task in zip(*lists):
            future = submit(function, *task)
            waiting[future] = task
            if not in_order:
                future.add_done_callback(done.put)
            if len(waiting) == AHEAD:
                yield next_result()
        while waiting:
            yield next_result()
    finally:
        for future in waiting:
            future.cancel()


@contextmanager
def _connected(address: str, files: list[Path]) -> Iterator[Callable]:
    """Gives ``submit(fresh, function, *task)``, which returns a future of the workers' result."""
    try:
        import distributed
    except ImportError:
        raise InputError(
            '--scheduler: Dask is not installed here. Install it: pip install "handseg[cluster]"'
        ) from None
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except Exception as error:  # almost anything: a name that is none, a port where something else answers
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        raise InputError(
            f"{address}: no Dask scheduler answers there ({reason}). Start one: dask scheduler. It says its address."
        ) from None
    with client:
        try:
            client.wait_for_workers(1, PATIENCE)
        except TimeoutError:
            raise InputError(f"{address}: it has no worker. Start some: dask worker {address} --nthreads 1") from None
        names, contents = errand.sent(client, files)
        with suppress(KeyError):  # a scheduler without one
            print(f"handseg_lib: the scheduler's page is {client.dashboard_link}", file=sys.stderr)
        run, executor = errand.runner(), client.get_executor(pure=False)
        try:
            yield lambda fresh, *task: executor.submit(run, errand.packed(task, names), contents, errand.SAME, fresh)
        except distributed.KilledWorker as error:
            lost = f"{error.allowed_failures + 1} workers were lost with the same task"
            raise InputError(f"{address}: {lost}; the last one {errand.KILLED}") from None
        except CancelledError:
            raise InputError(f"{address}: the scheduler is gone. Start it again; what is finished stays.") from None
