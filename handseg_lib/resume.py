"""What outlives a kill: files that are there whole or not at all, and that the same run alone may go on from.

And what must not: the processes of a run that was killed, and its lock on a folder.
"""

import errno
import json
import multiprocessing
import os
import platform
import shutil
import signal
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .data.gate import InputError

if os.name == "nt":
    import msvcrt
else:
    import fcntl

# Files


class DiskFull(InputError):
    """Nothing more can be written there, whatever it is."""


@contextmanager
def made_beside(path: Path) -> Iterator[Path]:
    """Gives a path beside ``path`` to write to, and moves it there at the end; after an error nothing of it is left.

    Whoever reads ``path`` finds the old file or the new one, never half of one.

    Raises:
        InputError: it cannot be written; `DiskFull`, where no other file could be.
    """
    part = path.with_name(f"part-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        with open(part, "rb+") as file:
            os.fsync(file.fileno())  # or, after a power cut, the new name could stand for an empty file
        os.replace(part, path)
    except OSError as error:
        # some libraries hand on no number, but words of their own
        reason = os.strerror(error.errno) if error.errno else str(error)
        kind = DiskFull if _is_full(error, path.parent) else InputError
        way_out = "Take a shorter name" if error.errno == errno.ENAMETOOLONG else "Make room there"
        raise kind(f"{path}: cannot be written ({reason}). {way_out}, or give another folder.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _is_full(error: OSError, folder: Path) -> bool:
    """True if there is no room in a folder for any file; of an error without a number, the disk is asked."""
    with suppress(OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT) if error.errno else shutil.disk_usage(folder).free < 2**20
    return False


def write_whole(path: Path, text: str) -> None:
    """Writes a file, whole or not at all."""
    with made_beside(path) as part:
        part.write_text(text)


def write_kept(path: Path, record: dict) -> None:
    """Writes what a later run goes on from, with a checksum, as JSON."""
    write_whole(path, json.dumps(record | {"checksum": _checksum(record)}, indent=1))


def read_kept(path: Path) -> dict:
    """Reads what ``write_kept`` wrote, or an older version without a checksum.

    Raises:
        InputError: it is damaged.
    """
    try:
        record = json.loads(path.read_text())
        sound = record.pop("checksum", None) in (None, _checksum(record))
    except (ValueError, AttributeError, TypeError, OSError):  # no JSON, or JSON of something else; a folder
        sound = False
    if not sound:
        raise damaged(path, "it is not as it was written")
    return record


def damaged(file: Path, what: str) -> InputError:
    """The error where what is kept cannot be gone on from."""
    return InputError(
        f"{file.parent}: this state is damaged ({file.name}: {what}). Start anew in another folder, or delete it."
    )


def insist_on(settings: dict, before: dict, where: Path) -> None:
    """Raises InputError where what is kept in a folder or file was made with other settings."""
    for name, value in settings.items():
        if before.get(name) != value:
            raise InputError(
                f"{where}: the run in there has {name}={before.get(name)}, this one {name}={value}. "
                "Give another folder, or the same arguments and data."
            )


def _checksum(record: dict) -> str:
    return f"{zlib.crc32(json.dumps(record).encode()):08x}"


# Processes


@contextmanager
def alone_in(folder: Path, lock: str = ".lock", patience: float = 3) -> Iterator[None]:
    """Keeps other processes from working in a folder, until the end or the death of this one.

    Where the file system has no locks, nobody is kept out.

    Args:
        folder: where this process will work.
        lock: name of the file that says so; work under another name may go on beside it.
        patience: seconds to wait for another; by default as long as a killed run's processes outlive it.

    Raises:
        InputError: another process works in there, or the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror}). Give another folder.") from None
    path, end = folder / lock, time.monotonic() + patience
    while (file := _locked(path)) is None:
        if time.monotonic() > end:
            raise InputError(f"{folder}: {_holder(path)} is at work in there. Wait for it, or give another folder.")
        time.sleep(0.1)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file: there it stays, and does no harm
            path.unlink()  # before another can have the lock
        file.close()


def _locked(path: Path):
    """The file, open and locked; the system unlocks it when the process ends, killed or not. None if another has it."""
    try:
        file = open(path, "a")
    except OSError:  # a folder that may only be read
        return open(os.devnull)
    try:
        if os.name == "nt":
            file.seek(1 << 30)  # what is locked cannot be read there, so not what says who has it
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            file.close()
            return None
        return file  # no locks here
    with suppress(OSError):
        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
            file.write(f"process {os.getpid()} on {platform.node()}\n")
            file.flush()
            return file
    file.close()  # it was another's, who has just removed it
    return None


def _holder(path: Path) -> str:
    """Who has the lock, as far as is known: of those who were killed the lines are still there."""
    try:
        return path.read_text().splitlines()[-1]
    except (OSError, ValueError, IndexError):
        return "another process"


def end_with_parent() -> None:
    """Makes a pool's process end when the one that began it was killed: else it would train on beside the next run.

    Ctrl-C ends it without a word, for its parent has one.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
