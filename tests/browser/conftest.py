"""What the browser tests share: Jupyter with real kernels, pages that keep a picture of what failed, a cell to move.

A module names its cells in ``CELLS``, by name; ``run("lab", "browse")`` opens the notebook of them in JupyterLab,
``run("notebook", "browse")`` in Notebook 7, and runs the cells that are named. One server serves both, and a module's
notebook has one kernel.
"""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from benchmarks import camera

ROOT = Path(__file__).parents[2]
SCREENSHOTS = Path(__file__).parent / "screenshots"  # of the tests that failed; git ignores it
CAMERA = "--use-fake-device-for-media-stream"  # a film of drawn hands, for a page that is allowed to see it
# what a box of widgets has for each child until it is made: the pictures are there before the sliders are
PLACEHOLDER = ".jupyter-widgets > .lm-Widget:empty"
OPEN_TO_TESTS = ["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"]
FRONT_ENDS = {"lab": "lab/tree", "notebook": "notebooks"}


class Cell:
    """A cell that was run, and the widget below it.

    Attributes:
        page: it is on.
        cell: the cell's locator, for whatever is not here.
    """

    def __init__(self, page: Page, cell: Locator):
        self.page, self.cell = page, cell

    def slider(self, label: str) -> Locator:
        """The handle of a slider: to focus and to press keys on."""
        return self.cell.locator(".widget-slider", has_text=label).get_by_role("slider")

    def drag(self, label: str, to: float, steps: int = 8) -> None:
        """Drags a slider's handle with the mouse, to 0 for its left end, 1 for its right one, by moves of it."""
        handle = self.slider(label)
        handle.scroll_into_view_if_needed()
        grip = handle.bounding_box()
        track = self.cell.locator(".widget-slider", has_text=label).locator(".noUi-base").bounding_box()
        height = grip["y"] + grip["height"] / 2
        self.page.mouse.move(grip["x"] + grip["width"] / 2, height)
        self.page.mouse.down()
        self.page.mouse.move(track["x"] + to * track["width"], height, steps=steps)
        self.page.mouse.up()

    def press(self, control: Locator, *keys: str) -> None:
        """Focuses a control and presses keys, as somebody does who has no mouse."""
        control.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def picture(self, title: str | None = None) -> Locator:
        """The picture of that title, or the last one."""
        images = self.cell.locator(".jp-OutputArea-output img")
        return images.last if title is None else self.cell.get_by_role("img", name=title, exact=True)

    def source(self, title: str | None = None) -> str:
        """What a picture shows: the address of its data."""
        return self.picture(title).get_attribute("src")

    def changed(self, before: str, title: str | None = None) -> str:
        """Waits until a picture is another than before. Returns what it shows."""
        expect(self.picture(title)).not_to_have_attribute("src", before)
        return self.source(title)


@pytest.fixture(scope="session")
def jupyter(browser, serve, tmp_path_factory):
    """The address and the folder of a JupyterLab, which serves Notebook 7 too."""
    folder = tmp_path_factory.mktemp("jupyter")
    settle(folder)
    options = ["--allow-root", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}"]
    with serve(folder, "jupyter", "lab", *options, *OPEN_TO_TESTS) as address:
        yield address, folder


def settle(folder: Path) -> None:
    """Settings of a JupyterLab that ``serve`` starts from a folder."""
    config = folder / "config" / "labconfig"
    config.mkdir(parents=True)
    # no question about news, which lies over the notebook; no widget of an earlier test, saved with the notebook
    (config / "page_config.json").write_text(
        '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}'
    )
    (config / "default_setting_overrides.json").write_text(
        '{"@jupyterlab/docmanager-extension:plugin": {"autosave": false}}'
    )


def shut_out(page: Page, context: str) -> list[tuple[str, list[str]]]:
    """What axe finds there that would shut somebody out: its rule, and where."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # an index without a name is pandas', a list of arguments Sphinx's
    ours = {"rules": {rule: {"enabled": False} for rule in ("empty-table-header", "definition-list")}}
    found = axe.run(page, context=context, options=ours).response
    page.errors.clear()  # axe looks for style sheets that others import, beside the page, where they are not
    assert found["passes"], f"nothing to look at in {context}"
    return [(fault["id"], [node["html"][:120] for node in fault["nodes"][:3]]) for fault in found["violations"]]


def recipe(target: str) -> list[str]:
    """The words of the command that ``make target`` ends with, once .venv is there."""
    make = ["make", "-n", "--no-print-directory", target]
    lines = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return shlex.split(lines[-1])


@pytest.fixture(scope="session")
def serve():
    """A function that starts a server: ``with serve(folder, module, *arguments) as address``."""

    @contextmanager
    def start(folder: Path, *command: str):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        env = {"PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(folder / "config"), "HANDSEG_PROFILE": "smoke"}
        with open(folder / "log", "w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command, "--no-browser", f"--port={port}"],
                env=os.environ | env,
                stdout=log,
                stderr=log,
                cwd=folder,
            )
            try:
                wait_for(port, process, folder / "log")
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()
                process.wait(timeout=20)

    return start


def wait_for(port: int, process: subprocess.Popen, log: Path) -> None:
    """Waits until a server listens."""
    for _ in range(480):
        assert process.poll() is None, log.read_text()
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.25)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """The Chromium of the machine, whose camera plays a film; where there is none, its tests are skipped."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    expect.set_options(timeout=90_000)
    film = camera.write_film(tmp_path_factory.mktemp("film") / "film.mjpeg")
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", CAMERA, f"--use-file-for-fake-video-capture={film}"]
        running = driver.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()


@pytest.fixture
def page(browser, request):
    """A page that keeps a screenshot where its test fails; no errors in its console once a cell runs."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(90_000)  # as for the other waits: a busy machine is no failure
    page.errors = errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    failed = request.session.testsfailed
    yield page
    if request.session.testsfailed > failed or errors:
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{request.node.name}.png")
    page.close()
    assert errors == []


@pytest.fixture
def run(page, jupyter, request):
    """A function that opens the module's notebook in "lab" or "notebook", and runs some of its CELLS, by name.

    It returns the last one, once its widget is there.
    """
    address, folder = jupyter
    cells = request.module.CELLS
    path = folder / f"{request.module.__name__}.ipynb"
    if not path.exists():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells.values()])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, path)

    def open_and_run(front_end: str, *names: str) -> Cell:
        # reset: Lab would open the notebooks of other tests again, and their cells would count
        page.goto(f"{address}/{FRONT_ENDS[front_end]}/{path.name}?reset")
        # who runs a cell before the page has its kernel is asked for one, in a dialog that lies over the notebook
        expect(page.locator(".jp-KernelName")).to_contain_text("Python 3")
        expect(page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")
        for name in names:
            cell = page.locator(".jp-CodeCell").nth(list(cells).index(name))
            for _ in range(20):  # a key pressed before the page listens is lost
                cell.evaluate("cell => cell.scrollIntoView()")  # Lab leaves out what is far away
                cell.locator(".cm-content").click()
                page.errors.clear()  # Notebook 7 has one of its own while it starts
                page.keyboard.press("Control+Enter")
                try:
                    expect(cell.locator(".jp-InputPrompt")).not_to_have_text("[ ]:", timeout=5000)
                    break
                except AssertionError:
                    continue
            expect(cell.locator(".jp-OutputArea-output :is(.jupyter-widgets, img)").first).to_be_visible(
                timeout=120_000
            )
            expect(cell.locator(PLACEHOLDER)).to_have_count(0)
        return Cell(page, cell)

    return open_and_run
