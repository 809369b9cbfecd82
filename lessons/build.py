"""Turns lessons/NN_name.py into notebooks: notebooks/NN_name.ipynb and notebooks/solutions/NN_name.ipynb.

    python lessons/build.py                  all lessons, executed (quick profile, drawn hands)
    python lessons/build.py 03 04            some
    python lessons/build.py sliders capstone the pages that are no lessons: no exercises with marks, no solutions
    python lessons/build.py --no-execute     text only; outputs stay where no code has changed
    python lessons/build.py --check          write nothing, exit 1 if a notebook is out of step with its lesson

A lesson is a py:percent file. Its first cell is markdown and begins with the title, "# 03 The encoder".
The builder puts the badges under the title, the set-up cell (handseg_lib is imported as hs) after that first
cell, and links to the neighbouring lessons at the end. Links in a lesson are relative to notebooks/.

Measured figures are not typed: `{{test_persons.mean_iou:.3f}}` in a text is replaced by the record's value, and what a
text says of them in words is held against them (see benchmarks/figures.py).

What a learner is to write stands between two marks; the exercise has "...  # your turn" in its place:

    # <solution>
    return 2 * both / total
    # </solution>

All solutions together are written for `hs.check.NAME.solution()` as well.
"""

import argparse
import json
import os
import re
import sys
import tempfile
import tomllib
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # for benchmarks
from benchmarks import figures  # noqa: E402

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
URL, VERSION = PROJECT["urls"]["Repository"], PROJECT["version"]
MAX_BYTES = 1_500_000
SOLUTIONS = ROOT / "handseg_lib" / "course" / "check" / "solutions.json"
SOLUTION = re.compile(r"^([ \t]*)# <solution>\n(.*?)^[ \t]*# </solution>\n", re.M | re.S)
RELATIVE = re.compile(r"(\]\(|(?:src|href)=\")(?!\w+:|#|/)")
WIDGET = "application/vnd.jupyter.widget-view+json"
PRIVATE = re.compile(r"(?<![\w.])(/(home|root|tmp|Users|var/folders)/|[A-Z]:\\+Users)[^\s\"]*")

PAGES = ("sliders", "capstone")
BUSY = "run this cell again later"  # what a cell prints that measured a time while other programs were in its way

SETUP = f"""\
try:
    import handseg_lib as hs
except ImportError:  # on Colab or Kaggle: bring this lesson's library and leave their own packages as they are
    %pip install -q --no-deps anywidget psygnal jupyterquiz "handseg @ git+{URL}@v{VERSION}"
    import handseg_lib as hs
hs.made_for("{VERSION}")"""

# Voilà serves the page of sliders and no other notebook, and runs a script in a text, as Lab and GitHub do not: there,
# links to lessons lead to GitHub.
VOILA = f"""\
<script>
for (const link of document.querySelectorAll('a[href*=".ipynb"]:not([href*=":"])')) {{
  link.href = "{URL}/blob/main/notebooks/" + link.getAttribute("href");
  link.target = "_blank";
}}
</script>"""


def lessons() -> list[Path]:
    return sorted((ROOT / "lessons").glob("[0-9][0-9]_*.py"))


def versions() -> list[tuple[Path, bool]]:
    """Each lesson without and with its solutions, and the pages that are no lessons."""
    pages = [(lesson, solved) for lesson in lessons() for solved in (False, True)]
    return pages + [(ROOT / "lessons" / f"{name}.py", False) for name in PAGES]


def notebooks() -> list[Path]:
    """The notebooks of lessons that there are. JupyterLab's checkpoints, copies in hidden folders, are none."""
    found = (ROOT / "notebooks").glob("**/[0-9]*.ipynb")
    return sorted(path for path in found if path.parent.name != ".ipynb_checkpoints")


def target(lesson: Path, solved: bool) -> Path:
    return ROOT / "notebooks" / ("solutions" if solved else "") / f"{lesson.stem}.ipynb"


def title(lesson: Path) -> str:
    return jupytext.read(lesson, fmt="py:percent").cells[0].source.partition("\n")[0].removeprefix("# ")


def badges(path: str) -> str:
    """Markdown for the Colab, Kaggle and Binder badges of a notebook, given its path in the repository."""
    slug = URL.removeprefix("https://github.com/")
    colab = f"https://colab.research.google.com/github/{slug}/blob/main/{path}"
    kaggle = f"https://kaggle.com/kernels/welcome?src={URL}/blob/main/{path}"
    binder = f"https://mybinder.org/v2/gh/{slug}/main?urlpath=lab/tree/{path}"
    return (
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab})\n"
        f"[![Open in Kaggle](https://kaggle.com/static/images/open-in-kaggle.svg)]({kaggle})\n"
        f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({binder})"
    )


def footer(lesson: Path, solved: bool) -> str:
    """Links to the lesson before, the other version of this one, and the lesson after."""
    every = lessons()
    if lesson not in every:
        return f"---\n[{title(every[0])}]({every[0].stem}.ipynb)\n\n{VOILA}"
    here = every.index(lesson)
    twin = f"[The lesson](../{lesson.stem}.ipynb)" if solved else f"[Solutions](solutions/{lesson.stem}.ipynb)"
    before = [f"← [{title(p)}]({p.stem}.ipynb)" for p in every[:here][-1:]]
    after = [f"[{title(p)}]({p.stem}.ipynb) →" for p in every[here + 1 :][:1]]
    return "---\n" + " · ".join([*before, twin, *after])


def read(lesson: Path) -> list[nbformat.NotebookNode]:
    """The cells of a lesson, with the measured figures in its text."""
    cells, known = jupytext.read(lesson, fmt="py:percent").cells, figures.records()
    for cell in cells:
        if cell.cell_type == "markdown":
            try:
                cell.source = figures.fill(cell.source, known)
            except figures.FigureError as error:
                raise SystemExit(f"{lesson.name}: {error}") from None
    return cells


def generate(lesson: Path, solved: bool) -> nbformat.NotebookNode:
    """The notebook of a lesson, without outputs."""
    cells = read(lesson)
    if not cells or cells[0].cell_type != "markdown" or not cells[0].source.startswith("# "):
        raise SystemExit(f"{lesson.name}: the first cell must be markdown and begin with '# ' and the title")
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = RELATIVE.sub(r"\1../", cell.source) if solved else cell.source
            continue
        cell.source = SOLUTION.sub(r"\2" if solved else r"\1...  # your turn\n", cell.source + "\n").rstrip("\n")
        if re.search(r"# </?solution>", cell.source):
            raise SystemExit(f"{lesson.name}: a solution mark without its partner in\n{cell.source}")
    head, _, text = cells[0].source.partition("\n")
    path = target(lesson, solved).relative_to(ROOT).as_posix()
    cells[0].source = f"{head}\n\n{badges(path)}\n\n{text.strip()}"
    cells = [cells[0], new_code_cell(SETUP), *cells[1:], new_markdown_cell(footer(lesson, solved))]
    for i, cell in enumerate(cells):
        cell.id = f"{lesson.stem[:2]}-{i:02d}"
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def solutions() -> dict[str, str]:
    """The solution of each exercise, by the name of its check, which stands in the next cell."""
    found = {}
    for lesson in lessons():
        code = [cell.source for cell in read(lesson) if cell.cell_type == "code"]
        for cell, following in zip(code, code[1:]):
            if "# <solution>" in cell:
                name = re.search(r"hs\.check\.(\w+)\(", following)[1]
                found[name] = re.sub(r"^[ \t]*# </?solution>\n?", "", cell, flags=re.M).strip()
    return found


def execute(nb: nbformat.NotebookNode, timeout: int | None = 900) -> None:
    """Runs every cell on drawn hands, in an empty folder, where no real photo, and not the author's hand, can get in.

    ``timeout``: seconds that a cell may take; None for any.
    """
    metadata = nb.metadata.copy()
    with tempfile.TemporaryDirectory() as folder:
        env = {"TF_CPP_MIN_LOG_LEVEL": "3", "TQDM_DISABLE": "1"} | os.environ
        env |= {"HANDSEG_HGR1": "none", "HANDSEG_PROFILE": "quick", "PYTHONWARNINGS": "ignore"}
        env |= {"HANDSEG_MY_HAND": "none", "HANDSEG_MY_NETWORK": "none"}  # the author's own
        resources = {"metadata": {"path": folder}}
        options = {"timeout": timeout, "record_timing": False, "extra_arguments": ["--log-level=ERROR"]}
        NotebookClient(nb, resources=resources, kernel_name="python3", **options).execute(env=env)
    nb.metadata = metadata
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if can_be_kept(output)]


def can_be_kept(output: nbformat.NotebookNode) -> bool:
    """Whether an output is shown on any page. A stored widget without its state shows as an error: its preview stays."""
    widget = output.get("data", {}).pop(WIDGET, None)
    return output.get("name") != "stderr" and (widget is None or "text/html" in output.data)


def keep_outputs(nb: nbformat.NotebookNode, path: Path) -> None:
    """Takes over the outputs of the notebook at `path` if its code, past the set-up cell, is the same."""
    old = [c for c in nbformat.read(path, 4).cells if c.cell_type == "code"] if path.exists() else []
    new = [c for c in nb.cells if c.cell_type == "code"]
    if [c.source for c in old[1:]] == [c.source for c in new[1:]]:
        for a, b in zip(old, new):
            b.outputs, b.execution_count = a.outputs, a.execution_count


def text_of(nb: nbformat.NotebookNode) -> str:
    """The notebook as JSON without its pictures, whose base64 is no text."""
    return re.sub(r"(;base64,)[\w+/=]+", r"\1", json.dumps(nb))


def faults(nb: nbformat.NotebookNode) -> list[str]:
    """What must not be committed: too large a file, paths of this machine, widget state."""
    size = len(nbformat.writes(nb).encode())
    found = [f"{size:,} bytes, and at most {MAX_BYTES:,} are allowed"] if size > MAX_BYTES else []
    found += [f"a path of this machine: {match[0]}" for match in PRIVATE.finditer(text_of(nb))]
    return found + (["metadata.widgets"] if "widgets" in nb.metadata else [])


def measured_on_a_busy_machine(nb: nbformat.NotebookNode) -> bool:
    """Whether a cell says so of its own output: what it shows is then not what the text is about."""
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    return any(BUSY in output.get("text", "") for cell in code for output in cell.outputs)


def stale() -> list[str]:
    """The notebooks that are missing, out of step with their lesson, or have no lesson."""
    wanted = {target(lesson, solved): generate(lesson, solved) for lesson, solved in versions()}
    paths = {*wanted, *notebooks()}
    found = {path: nbformat.read(path, 4) for path in paths if path.exists()}
    return sorted(
        path.relative_to(ROOT).as_posix()
        for path in wanted.keys() | found.keys()
        if path not in wanted or path not in found or content(wanted[path]) != content(found[path])
    )


def content(nb: nbformat.NotebookNode) -> list:
    return [nb.metadata, *((c.id, c.cell_type, c.source, c.metadata) for c in nb.cells)]


def build(lesson: Path, solved: bool, run: bool) -> bool:
    """Writes the notebook of a lesson; returns whether its measurements can be kept."""
    path = target(lesson, solved)
    nb = generate(lesson, solved)
    try:
        execute(nb) if run else keep_outputs(nb, path)
    except CellExecutionError as error:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
        raise SystemExit(f"{path.relative_to(ROOT)} does not run:\n{plain}") from None
    if found := faults(nb):
        raise SystemExit(f"{path.relative_to(ROOT)} not written: " + "; ".join(found))
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size:,} bytes", flush=True)
    return not measured_on_a_busy_machine(nb)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", metavar="NN", help="lessons to build; all if none is named")
    parser.add_argument("--no-execute", action="store_true", help="do not run the cells")
    parser.add_argument("--check", action="store_true", help="only tell which notebooks are out of step")
    options = parser.parse_args()
    if options.check:
        if out_of_step := stale():
            raise SystemExit("Out of step with lessons/ (run: make notebooks): " + ", ".join(out_of_step))
        return
    SOLUTIONS.write_text(json.dumps(solutions(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    every = versions()
    names = {lesson: lesson.stem.partition("_")[0] for lesson, _ in every}
    if missing := set(options.numbers) - set(names.values()):
        raise SystemExit(f"No lesson {', '.join(sorted(missing))} in lessons/")
    chosen = [(lesson, solved) for lesson, solved in every if not options.numbers or names[lesson] in options.numbers]
    again = [
        target(*version).relative_to(ROOT).as_posix()
        for version in chosen
        if not build(*version, run=not options.no_execute)
    ]
    texts = {path: path.read_text("utf-8") for path in sorted((ROOT / "lessons").glob("*.py"))}
    claims = figures.read_again(texts, ROOT)
    claims += [
        f"{path}: written, but other programs were in its way; build it again on a quiet machine" for path in again
    ]
    if claims:
        raise SystemExit("\n".join(claims))


if __name__ == "__main__":
    main()
