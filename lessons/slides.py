"""Turns the notebooks into slides: slides/NN_name.html, one file a lesson, to open in a browser.

    python lessons/slides.py [NN ...]

A section is a slide; what follows in it lies below: go on with the space bar. The outputs are the stored ones, so
nothing runs. Pictures are in the file; reveal.js, which turns the pages, comes from the network, and where there is
none, the same file can be scrolled through.
"""

import sys
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter

ROOT = Path(__file__).resolve().parents[1]


def as_slides(nb: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Marks where slides begin: at the title and sections, and below them at every further text."""
    for i, cell in enumerate(nb.cells):
        if i == 1 or not cell.source or i == len(nb.cells) - 1:
            kind = "skip"  # the set-up cell, and the links at the end
        elif cell.cell_type == "markdown":
            kind = "slide" if cell.source.startswith("#") else "subslide"
        else:
            kind = "-"
        cell.metadata["slideshow"] = {"slide_type": kind}
    return nb


def main() -> None:
    found = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    chosen = [path for path in found if not sys.argv[1:] or path.stem[:2] in sys.argv[1:]]
    exporter = SlidesExporter(reveal_scroll=True, reveal_transition="none", exclude_input_prompt=True)
    exporter.exclude_output_prompt = True
    (ROOT / "slides").mkdir(exist_ok=True)
    for path in chosen:
        target = ROOT / "slides" / f"{path.stem}.html"
        target.write_text(exporter.from_notebook_node(as_slides(nbformat.read(path, 4)))[0], "utf-8")
        print(target.relative_to(ROOT))


if __name__ == "__main__":
    main()
