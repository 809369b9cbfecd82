"""Thousands of inputs made by lot through the public entry points: each is used, or refused in one line.

    python -m benchmarks.fuzz --json [--inputs 5000] [--seed 0]

Photos, masks, uploads, arguments, folders, models, states, cards, archives, profiles, command lines, callback sets: see
`tests/fuzz_doors.py`. A second process takes them, so that a crash or a hang is counted and the run goes on. A failure
is also an exception that is not documented, and a byte written outside of the folder that was named. Needs nothing.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from tqdm import tqdm

import handseg_lib as hs
from handseg_lib.__main__ import natural, positive

from . import RESULTS

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the other process has it from here
os.environ |= {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "TF_CPP_MIN_LOG_LEVEL": "3"}

TIME_LIMIT = 120  # seconds for one input: a training of two epochs takes some ten
USED, REFUSED = "used", "refused"


def plan(inputs: int) -> list[tuple[str, int]]:
    """The doors of all inputs, each with a number: as many of each door as its share of 5,000 says, one at least."""
    from fuzz_doors import DOORS

    share = inputs / sum(DOORS.values())
    return [(door.__name__, n) for door, count in DOORS.items() for n in range(max(1, round(count * share)))]


def _work(link) -> None:
    """The watched process: takes door, seed and folder, gives how it went and the seconds. None: its memory, in GiB."""
    import fuzz_doors

    fuzz_doors.kit()
    link.send("ready")
    while asked := link.recv():
        name, seed, place = asked
        start = time.perf_counter()
        how = fuzz_doors.outcome(getattr(fuzz_doors, name), np.random.default_rng(seed), place)
        link.send((how, time.perf_counter() - start))
    link.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20))


class Watched:
    """A process that takes inputs, and is replaced when it crashes or hangs."""

    def __init__(self, work=_work):
        self.work = work
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.link, other = context.Pipe()
        self.process = context.Process(target=self.work, args=(other,), daemon=True)
        self.process.start()
        other.close()  # so that an end of the process is an end of the pipe
        self.link.recv()  # it has imported everything

    def ask(self, asked, limit: float = TIME_LIMIT):
        """What the process answers; a line of text if it does not."""
        self.link.send(asked)
        try:
            if self.link.poll(limit):
                return self.link.recv()
            fault = f"hangs for more than {limit} s"
        except (EOFError, OSError):
            self.process.join()
            fault = f"crashes with exit code {self.process.exitcode}"
        self.process.kill()
        self._start()
        return fault


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=positive, default=5000)
    parser.add_argument("--seed", type=natural, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    counts: dict[str, Counter] = {}
    slowest, watched = (0.0, ""), Watched()
    with tempfile.TemporaryDirectory() as folder:
        for name, number in tqdm(plan(args.inputs), unit="input"):
            place = Path(folder) / f"{name}-{number}"
            answer = watched.ask((name, [args.seed, number], place))
            how, seconds = (answer, TIME_LIMIT) if isinstance(answer, str) else answer
            slowest = max(slowest, (seconds, f"{name} {number}"))
            if how not in (USED, REFUSED):
                tqdm.write(f"{name} {number}: {how}", file=sys.stderr)
                how = "failures"
            counts.setdefault(name, Counter())[how] += 1
            shutil.rmtree(place, ignore_errors=True)
    total = sum(counts.values(), Counter())
    figures = {
        "inputs": total.total(),
        "failures": total["failures"],
        "used": total[USED],
        "refused": total[REFUSED],
        "slowest_ms": round(1000 * slowest[0]),
        "slowest": slowest[1],
        "peak_gib": round(watched.ask(None), 2),
    }
    hows = (USED, REFUSED, "failures")
    rows = [{"door": name, **{how: count[how] for how in hows}} for name, count in counts.items()]
    hs.machine.write_record(RESULTS / "fuzz.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
