"""What a seat in a class takes: memory and CPU of each lesson's kernel while ten kernels run lessons at once.

    python -m benchmarks.seats --json [NN ...] [--seats 10] [--limit 3]
    python -m benchmarks.seats --cost CORE GIB DATE     what 20, 50 and 200 seats cost an hour, at your prices

Every seat is at another lesson; when it has reached the end, the next lesson takes its place. The lesson's solution
runs in the quick profile. A seat's memory is what its kernel, and whatever the kernel has started, hold of their own,
looked at ten times a second. A kernel that goes beyond the limit (in GiB) is killed, as a hub would do: by a cgroup of
its own where this process may make one, and else by the watcher. Linux only. Half an hour on two cores, and some 12 GiB
at once. A run of some lessons prints its rows; only one of all is written down.

The cost is what a hub sets aside by hub/config.yaml: CORE and GIB are the prices of a core and of a GiB for an hour, on
the day DATE, which you look up where you rent. Disks and traffic are not in it.
"""

import argparse
import json
import os
import re
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


def measure(builder, lesson: Path, limit: float) -> dict:
    """Runs a lesson's solution in one seat, beside whatever the others do; the row of the record."""
    minutes = int(re.search(r"\*\*Time:\*\* (\d+) minutes", lesson.read_text("utf-8"))[1])
    row = {"lesson": lesson.stem[:2], "minutes": minutes}
    start = time.perf_counter()
    used = sit(builder, builder.generate(lesson, solved=True), limit)
    row |= {"wall_seconds": round(time.perf_counter() - start, 1), "killed": used is None}
    row |= {key: value if key == "held_by" else round(value, 3) for key, value in (used or {}).items()}
    print(", ".join(f"{name} {value}" for name, value in row.items()), flush=True)
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
    builder = load_builder()
    lessons = [path for path in builder.lessons() if not args.lessons or path.stem[:2] in args.lessons]
    with ThreadPoolExecutor(args.seats) as pool:
        rows = list(pool.map(lambda lesson: measure(builder, lesson, args.limit), lessons))
    figures = {"seats": args.seats, "limit_gib": args.limit, "killed": sum(row["killed"] for row in rows)}
    figures |= {"lessons": len(rows), "peak_gib": max(row.get("peak_gib", args.limit) for row in rows)}
    figures |= {"median_gib": max(row.get("median_gib", args.limit) for row in rows)}
    figures |= {"cores": max(row.get("cpu_seconds", 0) / row["minutes"] / 60 for row in rows)}
    if not args.lessons:
        hs.machine.write_record(RESULTS / "seats.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
