"""The first minutes of lesson 00: from opening the page to the first outline that the learner's own network draws.

    python -m benchmarks.first_outline --json

JupyterLab is there, and nothing is in the course's cache: the hands are drawn, and the network learns from them. A
browser opens a page with the lesson's cells up to the film of the training, and runs them at once.
"""

import argparse
import json
import os
import shutil
import tempfile
import time

import nbformat

import handseg_lib as hs

from . import RESULTS
from .notebook_server import ROOT, served

LESSON, FILM = ROOT / "notebooks" / "00_start_here.ipynb", "watch_training"


def first_cells() -> str:
    """The code of the lesson up to the film, as one cell."""
    cells = [cell.source for cell in nbformat.read(LESSON, 4).cells if cell.cell_type == "code"]
    last = next(number for number, code in enumerate(cells) if FILM in code)
    return "\n".join(cells[: last + 1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.parse_args()
    from playwright.sync_api import sync_playwright

    load, path = os.getloadavg()[0], shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as cache, sync_playwright() as driver:
        os.environ["XDG_CACHE_HOME"] = cache
        lab = "jupyter", "lab", "--allow-root", "--IdentityProvider.token="
        with served([first_cells()], *lab) as address:
            chromium = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = chromium.new_page(viewport={"width": 1200, "height": 900})
            start = time.perf_counter()
            page.goto(f"{address}lab/tree/notebook.ipynb")
            page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=300_000)
            figures = {"seconds_to_page": time.perf_counter() - start}
            page.locator(".jp-CodeCell .cm-content").first.click()
            page.keyboard.press("Control+Enter")
            page.locator(".jp-OutputArea-output img").first.wait_for(timeout=600_000)
            figures["seconds_to_outline"] = time.perf_counter() - start
            page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=600_000)
            figures["seconds_to_last_epoch"] = time.perf_counter() - start
            chromium.close()
    figures = {name: round(seconds, 1) for name, seconds in figures.items()} | {"load_before": load}
    hs.machine.write_record(RESULTS / "first_outline.json", figures, [])
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
