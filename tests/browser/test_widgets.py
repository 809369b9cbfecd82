"""The widgets in a real browser: mouse and keyboard move them, the picture follows, the console stays clean."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
SCREENSHOTS = Path(__file__).parent / "screenshots"  # of the tests that failed; git ignores it

CELLS = {
    "browse": "import handseg_lib as hs\nhs.explore.browse(hs.profile.current().samples()[:6])",
    "explore": "import handseg_lib as hs\nhs.explore.explore(hs.load_predictor(), hs.profile.current().samples()[:3])",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a JupyterLab, which serves Notebook 7 too, with a notebook of the cells above."""
    folder = tmp_path_factory.mktemp("lab")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS.values()])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "widgets.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0"]
    options += ["--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", "--LabApp.news_url="]
    root = str(Path(__file__).parents[2])
    env = os.environ | {"PYTHONPATH": root, "JUPYTER_CONFIG_DIR": str(folder / "config"), "HANDSEG_PROFILE": "smoke"}
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", *options], env=env, stdout=log, stderr=log, cwd=folder
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/api/status", process, folder / "log")
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_for(address: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def browser():
    expect.set_options(timeout=30_000)
    with sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, request):
    """A page that keeps a screenshot where its test fails; no errors in its console once a cell runs."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(30_000)
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


def run(page, server: str, app: str, *names: str):
    """Opens the notebook in Lab or Notebook 7, which share its kernel, and runs cells. Returns the last one's."""
    page.goto(f"{server}/{app}/widgets.ipynb")
    for name in names:
        cell = page.locator(".jp-CodeCell").nth(list(CELLS).index(name))
        for _ in range(20):  # what is run before the page has found its kernel is lost
            cell.locator(".cm-content").click()
            page.errors.clear()  # Notebook 7 has one of its own while it starts
            page.keyboard.press("Control+Enter")
            try:
                expect(cell.locator(".jp-InputPrompt")).not_to_have_text("[ ]:", timeout=1500)
                break
            except AssertionError:
                continue
        expect(cell.locator(".jp-OutputArea-output img").first).to_be_visible(timeout=60_000)
    return cell


def picture(cell) -> str:
    """The last picture of a widget."""
    return cell.locator(".jp-OutputArea-output img").last.get_attribute("src")


def changed(cell, before: str) -> str:
    """The last picture, once it is another."""
    expect(cell.locator(".jp-OutputArea-output img").last).not_to_have_attribute("src", before)
    return picture(cell)


@pytest.mark.parametrize("app", ["lab/tree", "notebooks"], ids=["lab", "notebook"])
def test_browse_by_mouse_and_by_keyboard(page, server, app):
    cell = run(page, server, app, "browse")
    first = picture(cell)
    cell.get_by_role("button", name="next").click()
    second = changed(cell, first)
    cell.get_by_role("button", name="previous").focus()
    page.keyboard.press("Enter")
    assert changed(cell, second) == first
    cell.get_by_label("person", exact=True).select_option("01")
    expect(cell).to_contain_text("person 01")
    expect(cell).to_contain_text("photo 1 of 3")


def test_explore_by_mouse_and_by_keyboard(page, server):
    cell = run(page, server, "lab/tree", "explore")
    slider = cell.locator(".widget-slider", has_text="threshold")
    handle, track = slider.get_by_role("slider"), slider.locator(".noUi-base").bounding_box()
    expect(cell).to_contain_text("tuned threshold")
    handle.focus()
    page.keyboard.press("Home")
    expect(cell).to_contain_text("threshold 0.02: IoU")
    lowest = cell.locator("img").nth(2).get_attribute("src")
    grip, middle = handle.bounding_box(), track["y"] + track["height"] / 2
    page.mouse.move(grip["x"] + grip["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"], middle, steps=8)
    page.mouse.up()
    expect(cell).to_contain_text("threshold 0.98: IoU")
    expect(cell.locator("img").nth(2)).not_to_have_attribute("src", lowest)
