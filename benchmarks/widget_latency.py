"""The sliders: milliseconds from a move to the new picture, in a browser, against a real kernel.

    python -m benchmarks.widget_latency --json

Voilà serves each widget, Chromium shows it, a key moves its slider or its tick: what counts is the time from the key
to the frame in which all its pictures, 256 px wide, are decoded. cut_skips needs a pass of the decoder for each move,
the others none.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat
import numpy as np

import handseg_lib as hs

from . import RESULTS

MOVES, WARM = 20, 3  # a widget; the first few are not counted: the network compiles
SETUP = "import handseg_lib as hs\nsample = hs.drawn.load()[0]\n"
# code, what is pressed on which control, and whether the network runs
WIDGETS = {
    "play_augmentation": ("hs.explore.play_augmentation(sample)", ".noUi-handle", "ArrowRight", False),
    "play_loss": ("hs.explore.play_loss()", ".noUi-handle", "ArrowRight", False),
    "look_inside": (
        "hs.explore.look_inside(hs.load_predictor(), sample.read()[0])",
        ".noUi-handle",
        "ArrowRight",
        False,
    ),
    "cut_skips": (
        "hs.explore.cut_skips(hs.load_predictor(), *sample.read())",
        "input[type=checkbox]",
        "Space",
        True,
    ),
}
WATCH = """() => {
  window.waits = []
  let start = null
  document.addEventListener("keydown", () => { start = performance.now() }, true)
  new MutationObserver(async changes => {
    const nodes = changes.flatMap(change => [...change.addedNodes])
    if (start === null || !nodes.some(node => node.querySelector?.("img"))) return
    const began = start
    start = null
    await Promise.all([...document.images].map(image => image.decode()))
    requestAnimationFrame(() => waits.push(performance.now() - began))
  }).observe(document.body, {childList: true, subtree: true})
}"""


@contextmanager
def served(code: str):
    """Serves a widget. Yields the page's address."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SETUP + code)])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, Path(folder) / "widget.ipynb")
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        env = os.environ | {"PYTHONPATH": str(Path(hs.__file__).parents[1])}
        command = [sys.executable, "-m", "voila", "widget.ipynb", "--no-browser", f"--port={port}"]
        with open(Path(folder) / "log", "w") as log:
            server = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
            try:
                for _ in range(120):
                    time.sleep(0.5)
                    with socket.socket() as knock:
                        if knock.connect_ex(("127.0.0.1", port)) == 0:
                            break
                yield f"http://127.0.0.1:{port}/"
            finally:
                server.terminate()
                server.wait()


def waits(chromium, code: str, control: str, key: str) -> list[float]:
    """Milliseconds of each counted move."""
    with served(code) as address:
        page = chromium.new_page(viewport={"width": 1200, "height": 900})
        page.goto(address, timeout=120_000)
        page.wait_for_selector("img[src^='data:image']", timeout=120_000)
        page.evaluate(WATCH)
        page.locator(control).first.focus()
        for move in range(WARM + MOVES):
            # back after a few steps: a slider must not reach its end, where no move is left
            page.keyboard.press("ArrowLeft" if key == "ArrowRight" and move % 8 > 3 else key)
            page.wait_for_function(f"waits.length > {move}", timeout=30_000)
            page.wait_for_timeout(100)
        result = page.evaluate("waits")[WARM:]
        page.close()
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.parse_args()
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    rows = []
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name, (code, control, key, network) in WIDGETS.items():
            times = waits(chromium, code, control, key)
            print(name, np.median(times), file=sys.stderr)
            rows.append(
                {
                    "widget": name,
                    "network": network,
                    "moves": len(times),
                    "median_ms": float(np.median(times)),
                    "slowest_ms": max(times),
                }
            )
        chromium.close()
    figures = {
        "median_ms": max(row["median_ms"] for row in rows if not row["network"]),
        "median_ms_network": max(row["median_ms"] for row in rows if row["network"]),
        "moves": MOVES,
    }
    hs.doctor.write_record(RESULTS / "widget_latency.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
