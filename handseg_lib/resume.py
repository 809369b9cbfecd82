"""What outlives a kill: files that are there whole or not at all, and that the same run alone may go on from.

And what must not: the processes of a run that was killed.
"""

import multiprocessing
import os
import signal
import threading
from pathlib import Path

from .data import InputError


def write_whole(path: Path, text: str) -> None:
    """Writes a file beside its place and then moves it there: whoever reads it finds the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text)
    os.replace(part, path)


def end_with_parent() -> None:
    """Makes a pool's process end when the one that began it was killed: else it would train on beside the next run.

    Ctrl-C ends it without a word, for its parent has one.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


def insist_on(settings: dict, kept: dict, where: Path) -> None:
    """Raises InputError where what is kept in a folder or file was made with other settings."""
    for name, value in settings.items():
        if kept.get(name) != value:
            raise InputError(
                f"{where}: the run in there has {name}={kept.get(name)}, this one {name}={value}. "
                "Give another folder, or the same arguments and data."
            )
