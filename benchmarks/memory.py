"""What a lesson costs: seconds and peak memory of its kernel in the quick profile, exercises solved.

    python -m benchmarks.memory --json [NN ...]

The memory is what the kernel holds of its own, looked at twenty times a second. The libraries' files, of which some 0.4
GiB are in memory as well, do not count: where memory is scarce, the system drops them and reads them again. Linux only.
A run of some lessons prints its rows; only one of all is written down.
"""

import argparse
import importlib.util
import json
import os
import time
from pathlib import Path

from nbformat.v4 import new_code_cell

import handseg_lib as hs

from . import RESULTS

ROOT = Path(__file__).resolve().parents[1]
WATCH = """\
def _watch():
    import re, time
    global _peak
    _peak = 0
    while True:
        _peak = max(_peak, int(re.search(r"RssAnon:\\s*(\\d+) kB", open("/proc/self/status").read())[1]))
        time.sleep(0.05)
import threading
threading.Thread(target=_watch, daemon=True).start()"""
TELL = """\
import json, resource
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({"cpu_seconds": sum(u.ru_utime + u.ru_stime for u in used), "peak_gib": _peak / 2**20}))"""


def load_builder():
    """lessons/build.py, which makes a notebook of a lesson and runs it in an empty folder."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "lessons" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(builder, lesson: Path) -> dict:
    """Runs a lesson's solution in a kernel of its own, which at its end says what it used."""
    nb = builder.generate(lesson, solved=True)
    nb.cells = [new_code_cell(WATCH), *nb.cells, new_code_cell(TELL)]
    start = time.perf_counter()
    builder.execute(nb)
    wall = time.perf_counter() - start
    used = json.loads(nb.cells[-1].outputs[0].text)
    return {"lesson": lesson.stem[:2], "wall_seconds": wall, **used}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", metavar="NN", help="default: all")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    os.environ["HANDSEG_PROFILE"] = "quick"
    builder = load_builder()
    rows = []
    for lesson in builder.lessons():
        if not args.lessons or lesson.stem[:2] in args.lessons:
            rows.append(measure(builder, lesson))
            print(
                ", ".join(
                    f"{name} {value if isinstance(value, str) else round(value, 2)}" for name, value in rows[-1].items()
                )
            )
    figures = {"max_gib": max(row["peak_gib"] for row in rows), "lessons": len(rows)}
    if not args.lessons:
        hs.machine.write_record(RESULTS / "memory.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
