"""The camera: masks a second on the page for the browser, and in the notebook, where `explore.live` shows them.

    python web/build.py && python -m benchmarks.camera --json

Chromium plays a film of drawn hands as its camera. The page's network runs in the browser, by WebAssembly; `live` sends
each frame to the kernel and draws the mask that comes back, in JupyterLab: once with the course's predictor in Keras,
and once with the eight-bit export that was made for the page. What counts is the masks that are drawn.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import cv2
import numpy as np

from handseg_lib import drawn, machine

from . import RESULTS
from .notebook_server import served

PAGE = Path(__file__).parents[1] / "build" / "web"
SECONDS, WARM = 20, 5  # counted; before that, while the network warms up
FRAME = (480, 360)  # width and height of the film, pixels
HANDS = list(zip(range(20, 32), "54L532" * 2))  # twelve people one after another, from whom no network here has learned
HOLD = 45  # frames for which the film shows a hand: it has 30 a second
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
CELL = "import handseg_lib as hs\nhs.explore.live(hs.load_predictor({}))"
EXPORT = PAGE.parent / "web-network" / "hand.onnx"
CLOCK = """([selector, event, seconds]) => new Promise(resolve => {
  let masks = 0
  const count = () => masks++
  const view = document.querySelector(selector)
  view.addEventListener(event, count)
  const since = performance.now()
  setTimeout(() => {
    view.removeEventListener(event, count)
    resolve(1000 * masks / (performance.now() - since))
  }, 1000 * seconds)
})"""


def scenes() -> list[tuple[np.ndarray, np.ndarray]]:
    """What the film shows: frames uint8 (360, 480, 3) RGB, and their true masks uint8 (360, 480) of {0, 1}."""
    return [_scene(*drawn.render(person, gesture, take=0, seed=7, size=FRAME[1])) for person, gesture in HANDS]


def _scene(image: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A photo as high as the film, or less, in the film's middle; beside it its mirror image, in the mask too."""
    scale = FRAME[1] / image.shape[0]
    size = round(image.shape[1] * scale), FRAME[1]
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)[:, : FRAME[0]]
    mask = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)[:, : FRAME[0]]
    left = (FRAME[0] - image.shape[1]) // 2
    sides = 0, 0, left, FRAME[0] - image.shape[1] - left
    return tuple(cv2.copyMakeBorder(array, *sides, cv2.BORDER_REFLECT) for array in (image, mask))


def write_film(path: Path) -> Path:
    """Writes the film as a .mjpeg file: photos as JPEG, one behind the other, which Chromium plays again and again."""
    with open(path, "wb") as film:
        for image, _ in scenes():
            jpeg = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
            film.write(jpeg.tobytes() * HOLD)
    return path


def arguments(film: Path) -> list[str]:
    """What makes Chromium play a film as its camera, and lend it to every page."""
    devices = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    return ["--no-sandbox", *devices, f"--use-file-for-fake-video-capture={film}"]


@contextmanager
def hosted(folder: Path, headers: dict[str, str] = ISOLATED):
    """Serves a folder as a static host does. Yields its address, and the paths that were asked for so far."""
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}

        def end_headers(self):
            for name, value in headers.items():
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, form, *words):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        server.server_close()


def on_the_page(chromium) -> float:
    """Masks a second on the page."""
    with hosted(PAGE) as (address, _):
        page = chromium.new_page()
        page.goto(address)
        page.get_by_text("Ready.").wait_for(timeout=300_000)
        print(page.locator("#engine").text_content(), file=sys.stderr)
        page.get_by_role("button", name="Use the camera").click()
        page.locator("#view").wait_for(timeout=60_000)
        page.wait_for_timeout(1000 * WARM)
        masks = page.evaluate(CLOCK, ["#view", "mask", SECONDS])
        page.close()
    return masks


def in_lab(chromium, path: str = "") -> float:
    """Masks a second of ``explore.live`` with the course's predictor, or with the export that the path names."""
    with served([CELL.format(path)], "jupyter", "lab", "--allow-root", "--IdentityProvider.token=") as address:
        page = chromium.new_page()
        page.goto(f"{address}lab/tree/notebook.ipynb")
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=300_000)
        page.locator(".jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Control+Enter")
        page.get_by_role("button", name="start the camera").click(timeout=300_000)
        page.locator(".handseg-live canvas").wait_for(timeout=60_000)
        page.wait_for_timeout(1000 * WARM)
        masks = page.evaluate(CLOCK, [".handseg-live canvas", "mask", SECONDS])
        page.goto("about:blank")
        page.close()
    return masks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.parse_args()
    from playwright.sync_api import sync_playwright

    if not (PAGE / "model").exists():
        sys.exit(f"{PAGE}: no page there. Build it first: python web/build.py")
    load = os.getloadavg()[0]
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        film = write_film(Path(folder) / "film.mjpeg")
        chromium = driver.chromium.launch(executable_path=path, args=arguments(film))
        card = json.loads((PAGE / "model" / "card.json").read_text("utf-8"))
        figures = {"page_masks_per_second": on_the_page(chromium), "page_size": card["camera_size"]}
        figures |= {"page_megabytes": card["bytes"]["wasm"] / 1e6, "live_masks_per_second": in_lab(chromium)}
        figures["live_export_masks_per_second"] = in_lab(chromium, repr(str(EXPORT)))
        chromium.close()
    figures |= {"seconds": SECONDS, "load_before": load}
    machine.write_record(RESULTS / "camera.json", figures, [])
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
