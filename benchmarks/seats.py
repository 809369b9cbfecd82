"""What a seat in a class takes: memory and CPU of a lesson's kernel while ten kernels run the lesson at once.

    python -m benchmarks.seats --json [NN ...] [--seats 10] [--limit 3]
    python -m benchmarks.seats --cost CORE GIB DATE     what 20, 50 and 200 seats cost an hour, at your prices

The lesson's solution runs in the quick profile. A seat's memory is what its kernel, and whatever the kernel has
started, hold of their own, looked at ten times a second. A kernel that goes beyond the limit (in GiB) is killed, as a
hub would do: by a cgroup of its own where this process may make one, and else by the watcher. Linux only. All lessons
with ten seats take hours, and some 20 GiB at once. A run of some lessons prints its rows; only one of all is written
down.

The cost is what a hub sets aside by hub/config.yaml: CORE and GIB are the prices of a core and of a GiB for an hour, on
the day DATE, which you look up where you rent. Disks and traffic are not in it.
"""

import argparse
import json
import os
import re
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell

import handseg_lib as hs

from . import RESULTS
from .memory import ROOT, load_builder

CLASSES = (20, 50, 200)
WATCH = """\
def _watch(cgroup, limit):
    import os, re, signal, threading, time
    global _held
    _held = []
    if cgroup:
        open(cgroup + "/cgroup.procs", "w").write(str(os.getpid()))

    def family(pid):
        yield pid
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in open(f"/proc/{pid}/task/{task}/children").read().split():
                yield from family(child)

    def gib(pid):
        found = re.search(r"RssAnon:\\s*(\\d+) kB", open(f"/proc/{pid}/status").read())
        return int(found[1]) / 2**20 if found else 0

    def look():
        while True:
            try:
                _held.append(sum(map(gib, family(os.getpid()))))
            except OSError:  # one of them has just ended
                continue
            if _held[-1] > limit:
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(0.1)

    threading.Thread(target=look, daemon=True).start()

"""
TELL = """\
import json, resource, statistics
_used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({
    "median_gib": statistics.median(_held), "peak_gib": max(_held),
    "cpu_seconds": sum(u.ru_utime + u.ru_stime for u in _used),
}))"""


def make_cgroup(limit: float) -> str:
    """A new cgroup that holds its processes to so many GiB; "" where this process may make none."""
    for parent, file in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        try:
            folder = tempfile.mkdtemp(prefix="handseg-seat-", dir=parent)
        except OSError:
            continue
        try:
            if os.path.exists(f"{folder}/{file}"):
                Path(folder, file).write_text(str(int(limit * 2**30)))
                return folder
        except OSError:
            pass
        os.rmdir(folder)
    return ""


def sit(builder, nb, limit: float) -> dict | None:
    """Runs a notebook in a kernel of its own. Returns what the kernel used, or None if it was killed."""
    cgroup = make_cgroup(limit)
    nb.cells = [new_code_cell(f"{WATCH}_watch({cgroup!r}, {limit})"), *nb.cells, new_code_cell(TELL)]
    try:
        builder.execute(nb, timeout=None)
    except DeadKernelError:
        return None
    finally:
        for _ in range(50 * bool(cgroup)):
            try:
                os.rmdir(cgroup)
                break
            except OSError:  # its last process is still ending
                time.sleep(0.1)
    return json.loads(nb.cells[-1].outputs[0].text) | {"held_by": "cgroup" if cgroup else "watcher"}


def measure(builder, lesson: Path, seats: int, limit: float) -> dict:
    """Runs a lesson's solution in so many kernels at once; the row of the record."""
    notebooks = [builder.generate(lesson, solved=True) for _ in range(seats)]
    minutes = int(re.search(r"\*\*Time:\*\* (\d+) minutes", lesson.read_text("utf-8"))[1])
    start = time.perf_counter()
    with ThreadPoolExecutor(seats) as pool:
        used = list(pool.map(lambda nb: sit(builder, nb, limit), notebooks))
    whole = [seat for seat in used if seat]
    row = {"lesson": lesson.stem[:2], "minutes": minutes, "wall_seconds": round(time.perf_counter() - start, 1)}
    row |= {"seats": seats, "killed": seats - len(whole)}
    if whole:
        row |= {
            "median_gib": round(statistics.median(seat["median_gib"] for seat in whole), 3),
            "peak_gib": round(max(seat["peak_gib"] for seat in whole), 3),
            "cpu_seconds": round(statistics.median(seat["cpu_seconds"] for seat in whole), 1),
            "held_by": whole[0]["held_by"],
        }
    return row


def set_aside(seats: int, config: dict) -> tuple[float, float]:
    """Cores and GiB that a hub of this configuration sets aside for so many seats, and for those that it keeps free."""
    seat, free = config["singleuser"], config["scheduling"]["userPlaceholder"]
    seats += free["replicas"] * free["enabled"]
    return seats * seat["cpu"]["guarantee"], seats * int(seat["memory"]["guarantee"].removesuffix("G"))


def cost(seats: int, core: float, gib: float, config: dict) -> float:
    """What so many seats cost an hour, if a core and a GiB cost so much."""
    cores, memory = set_aside(seats, config)
    return cores * core + memory * gib


def load_config() -> dict:
    """hub/config.yaml."""
    return yaml.safe_load((ROOT / "hub" / "config.yaml").read_text("utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", metavar="NN", help="default: all")
    parser.add_argument("--seats", type=int, default=10)
    parser.add_argument("--limit", type=float, default=3.0, help="GiB of a seat (default: that of hub/config.yaml)")
    parser.add_argument("--cost", nargs=3, metavar=("CORE", "GIB", "DATE"), help="prices for an hour, and of which day")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.cost:
        core, gib, date = float(args.cost[0]), float(args.cost[1]), args.cost[2]
        rows = {seats: round(cost(seats, core, gib, load_config()), 2) for seats in CLASSES}
        print(f"At {core:g} a core-hour and {gib:g} a GiB-hour ({date}): ", end="")
        print(", ".join(f"{seats} seats {each:g} an hour" for seats, each in rows.items()))
        print(json.dumps({"core_hour": core, "gib_hour": gib, "date": date, "an_hour": rows}))
        return
    builder, rows = load_builder(), []
    for lesson in builder.lessons():
        if not args.lessons or lesson.stem[:2] in args.lessons:
            rows.append(measure(builder, lesson, args.seats, args.limit))
            print(", ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    figures = {"seats": args.seats, "limit_gib": args.limit, "killed": sum(row["killed"] for row in rows)}
    figures |= {"lessons": len(rows), "peak_gib": max(row.get("peak_gib", args.limit) for row in rows)}
    figures |= {"median_gib": max(row.get("median_gib", args.limit) for row in rows)}
    figures |= {"cores": max(row.get("cpu_seconds", 0) / row["minutes"] / 60 for row in rows)}
    if not args.lessons:
        hs.machine.write_record(RESULTS / "seats.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
