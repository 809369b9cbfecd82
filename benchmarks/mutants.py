"""The heart changed in small ways, one at a time: how many of these mutants do its tests catch?

    python -m benchmarks.mutants --json [--each 60] [--seed 0]

cosmic-ray (https://cosmic-ray.readthedocs.io) makes the mutants, such as + for -, 2 for 1 or True for False, in a copy
of this folder in .mutants; the tests of the module that was changed run on each. Of a module with many, so many are
drawn by lot. A run that was interrupted goes on where it was. Needs cosmic-ray (make mutants) and no data. Hours.
"""

import argparse
import ast
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import handseg_lib as hs
from handseg_lib.__main__ import natural, positive

from . import RESULTS

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".mutants"
# A module of the library: what is changed in it, all of it where nothing is named, and the tests that are to notice.
SUBJECTS = {
    "losses": ((), ["losses"]),
    "metrics": ((), ["metrics", "audit"]),  # the scores behind the audit
    "encoder": ((), ["encoder"]),
    "unet": ((), ["unet"]),
    "training": (("compile_stage",), ["training"]),
    "state": (("State",), ["state", "training"]),
    "data/samples": (("split_by_person",), ["data"]),
    "evaluation/report": (("tune_threshold", "shipped_threshold"), ["evaluate"]),
}
CONFIG = """\
[cosmic-ray]
module-path = "handseg_lib/{module}.py"
timeout = 900.0
excluded-modules = []
test-command = {command}
[cosmic-ray.distributor]
name = "local"
"""


def copied() -> Path:
    """A copy of what git knows of this folder, in which the mutants are made."""
    tree = HOME / "tree"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    return tree


def lines_of(source: str, names: tuple[str, ...]) -> set[int]:
    """The lines of these functions and classes; of all, where none is named."""
    nodes = [node for node in ast.parse(source).body if not names or getattr(node, "name", None) in names]
    return {line for node in nodes for line in range(node.lineno, node.end_lineno + 1)}


def skip_others(session: Path, lines: set[int], each: int, seed: int) -> None:
    """Leaves so many mutants to be made, of those in these lines."""
    from cosmic_ray.work_db import use_db
    from cosmic_ray.work_item import WorkerOutcome, WorkResult

    with use_db(str(session)) as db:
        items = sorted(db.work_items, key=lambda item: _place(item.mutations[0]))
        ours = [item for item in items if item.mutations[0].start_pos[0] in lines]
        chosen = {item.job_id for item in random.Random(seed).sample(ours, min(each, len(ours)))}
        for item in items:
            if item.job_id not in chosen:
                db.set_result(item.job_id, WorkResult(WorkerOutcome.SKIPPED))


def _place(mutation) -> tuple:
    return *mutation.start_pos, mutation.operator_name, mutation.occurrence


def outcome(session: Path, module: str) -> dict:
    """How many mutants were made and caught, and what the others changed."""
    from cosmic_ray.work_db import use_db
    from cosmic_ray.work_item import WorkerOutcome

    with use_db(str(session)) as db:
        done = [
            (item, result) for item, result in db.completed_work_items if result.worker_outcome == WorkerOutcome.NORMAL
        ]
    survivors = [(item.mutations[0], result.diff or "") for item, result in done if not result.is_killed]
    told = [
        f"{mutation.start_pos[0]}: " + " -> ".join(line[1:].strip() for line in diff.splitlines() if is_change(line))
        for mutation, diff in survivors
    ]
    return {"module": module, "mutants": len(done), "killed": len(done) - len(survivors), "survivors": sorted(told)}


def is_change(line: str) -> bool:
    """True for a line of a diff that was taken away or put in."""
    return line[:1] in "+-" and line[:3] not in ("+++", "---", "")


def measure(module: str, each: int, seed: int) -> dict:
    """Makes the mutants of one module, and lets its tests look at them."""
    names, tests = SUBJECTS[module]
    tree, stem = copied(), module.replace("/", "-")  # the copy also undoes what an interrupted run has left changed
    config, session = HOME / f"{stem}.toml", HOME / f"{stem}-{each}-{seed}.sqlite"
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    command = " ".join([*command, *(f"tests/test_{name}.py" for name in tests)])
    config.write_text(CONFIG.format(module=module, command=json.dumps(command)))
    cosmic_ray = [sys.executable, "-m", "cosmic_ray.cli"]
    if not session.exists():
        part = session.with_suffix(".part")
        part.unlink(missing_ok=True)
        subprocess.run([*cosmic_ray, "init", str(config), str(part)], cwd=tree, check=True)
        source = (ROOT / "handseg_lib" / f"{module}.py").read_text("utf-8")
        skip_others(part, lines_of(source, names), each, seed)
        part.rename(session)
    subprocess.run([*cosmic_ray, "exec", str(config), str(session)], cwd=tree, check=True)
    return outcome(session, module)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"default: {' '.join(SUBJECTS)}")
    parser.add_argument("--each", type=positive, default=60, help="mutants of a module, at most")
    parser.add_argument("--seed", type=natural, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    HOME.mkdir(exist_ok=True)
    rows = [measure(module, args.each, args.seed) for module in args.modules or SUBJECTS]
    figures = {name: sum(row[name] for row in rows) for name in ("mutants", "killed")}
    figures["share"] = figures["killed"] / max(1, figures["mutants"])
    if not args.modules:
        hs.machine.write_record(RESULTS / "mutants.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
