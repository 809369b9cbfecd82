"""A photo of one's own in a real browser: chosen, dropped, taken; large files, wrong files, and files to download."""

import base64
import re
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import numpy as np
from PIL import Image
from playwright.sync_api import expect

from handseg_lib.explore.chooser import script

from .test_widgets import LOST, front_ends

CELLS = {"try_photo": "import handseg_lib as hs\nhs.explore.try_photo(hs.load_predictor())"}


def choose(page, widget, name: str, content: bytes | int) -> None:
    """Picks a file in the browser's file chooser, opened by a key. A number is one of so many zeros."""
    with page.expect_file_chooser() as chooser:
        widget.press(widget.cell.get_by_role("button", name="choose a photo"), "Enter")
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content if isinstance(content, bytes) else bytes(content))
        chooser.value.set_files(path)
        expect(widget.cell.get_by_role("status")).to_have_text("")  # before the file is gone


DROP = """(frame, files) => {
  const dataTransfer = new DataTransfer()
  for (const [name, code] of files)
    dataTransfer.items.add(new File([Uint8Array.from(atob(code), letter => letter.charCodeAt(0))], name))
  for (const kind of ["dragover", "drop"])
    if (frame.dispatchEvent(new DragEvent(kind, {dataTransfer, bubbles: true, cancelable: true})))
      throw "the browser would open the file in place of the notebook"
}"""


def drop(widget, *files) -> None:
    """Drops files, pairs of name and content, on the widget's frame."""
    frame = widget.cell.get_by_role("group", name="photo", exact=True)
    frame.evaluate(DROP, [(name, base64.b64encode(content).decode()) for name, content in files])


def encoded(height: int, width: int, kind="JPEG", noise=0) -> bytes:
    stream = BytesIO()
    grains = np.random.default_rng(0).integers(-noise, noise + 1, (height, width, 3))
    Image.fromarray((grains + (200, 150, 120)).clip(0, 255).astype(np.uint8)).save(stream, kind)
    return stream.getvalue()


def said(widget, words: str) -> None:
    """Waits until the widget says what was wrong, and shows no picture."""
    expect(widget.cell.get_by_role("alert")).to_contain_text(words)
    expect(widget.cell.locator("img")).to_have_count(0)


@front_ends
def test_a_photo_is_chosen_and_its_files_are_taken_home_by_key(run, page, front_end):
    widget = run(front_end, "try_photo")
    expect(widget.cell).to_contain_text("No photo yet")
    choose(page, widget, "wide.jpg", encoded(60, 100))
    expect(widget.cell).to_contain_text("wide.jpg | 100 x 60 pixels")
    before = widget.source("mask on the photo"), widget.source("hand cut out")
    choose(page, widget, "high.jpg", encoded(100, 60))
    expect(widget.cell).to_contain_text("high.jpg | 60 x 100 pixels")
    assert (widget.source("mask on the photo"), widget.source("hand cut out")) != before

    widget.press(widget.cell.get_by_role("button", name="make files to download"), "Enter")
    for name, mode in (("high_mask.png", "L"), ("high_cutout.png", "RGBA")):
        with page.expect_download() as download:
            widget.press(widget.cell.get_by_role("link", name=name), "Enter")
        assert download.value.suggested_filename == name
        with Image.open(download.value.path()) as picture:
            assert (picture.format, picture.mode, picture.size) == ("PNG", mode, (60, 100))
    widget.press(widget.slider("threshold"), "Home")
    expect(widget.cell).to_contain_text("threshold 0.01")
    expect(widget.cell.get_by_role("link", name="high_mask.png")).to_have_count(0)  # it was of another threshold


def test_a_photo_is_dropped(run, page):
    widget = run("notebook", "try_photo")
    drop(widget, ("a.png", encoded(60, 100, "PNG")), ("b.png", encoded(60, 100, "PNG")))
    said(widget, "2 files at once. Choose one photo.")
    drop(widget, ("a.png", encoded(60, 100, "PNG")))
    expect(widget.cell).to_contain_text("a.png | 100 x 60 pixels")
    drop(widget)
    said(widget, "That is no file.")


CAMERA = """() => {
  const video = document.querySelector("video")
  if (video) window.track = video.srcObject.getVideoTracks()[0]
  return window.track.readyState
}"""


def test_the_camera_takes_a_photo_and_is_on_while_it_is_shown(run, page):
    """Off after the photo, by its button, and when the widget is gone; where it is refused, a sentence says so."""
    widget = run("lab", "try_photo")
    camera, take = (widget.cell.get_by_role("button", name=name) for name in ("use the camera", "take the photo"))
    widget.press(camera, "Enter")
    expect(widget.cell.get_by_role("status")).to_contain_text("No camera: it was refused.")
    page.context.grant_permissions(["camera"])

    def turn_on() -> None:
        widget.press(camera, "Enter")
        expect(take).to_be_focused()
        assert page.evaluate(CAMERA) == "live"

    turn_on()
    page.keyboard.press("Enter")
    expect(widget.cell).to_contain_text(re.compile(r"camera.jpg \| \d{3,} x \d{3,} pixels"))
    assert page.evaluate(CAMERA) == "ended"
    expect(camera).to_be_focused()
    turn_on()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(camera).to_be_focused()
    assert page.evaluate(CAMERA) == "ended"
    turn_on()
    widget.cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(take).to_have_count(0)
    assert page.evaluate(CAMERA) == "ended"


LISTENERS = """async ([code, times]) => {
  const {default: {render}} = await import("data:text/javascript," + encodeURIComponent(code))
  const listeners = new Set()
  const model = {on: (_, listener) => listeners.add(listener), off: (_, listener) => listeners.delete(listener)}
  const counts = []
  for (let time = 0; time < times; time++) {
    const remove = render({model, el: document.createElement("div")})
    counts.push(listeners.size)
    remove()
    counts.push(listeners.size)
  }
  return counts
}"""


def test_a_view_that_is_removed_listens_no_more(page):
    """A widget's model outlives its views: each view that was ever shown would go on hearing Python's messages."""
    assert page.evaluate(LISTENERS, [script("lending.js", "chooser.js"), 3]) == [1, 0] * 3


def test_a_zoom_of_400_percent_loses_nothing_of_the_camera(run, page):
    widget = run("notebook", "try_photo")
    page.context.grant_permissions(["camera"])
    page.set_viewport_size({"width": 320, "height": 256})
    widget.press(widget.cell.get_by_role("button", name="use the camera"), "Enter")
    expect(widget.cell.get_by_role("button", name="take the photo")).to_be_focused()
    assert widget.cell.locator(".handseg-view").evaluate(LOST) == []


def test_where_the_kernel_was_restarted_a_sentence_says_what_to_do(run, page, jupyter):
    widget = run("lab", "try_photo")
    sessions = page.request.get(f"{jupyter[0]}/api/sessions").json()
    (kernel,) = (session["kernel"]["id"] for session in sessions if session["path"] == f"{__name__}.ipynb")
    assert page.request.post(f"{jupyter[0]}/api/kernels/{kernel}/restart").ok
    with page.expect_file_chooser() as chooser:
        widget.press(widget.cell.get_by_role("button", name="choose a photo"), "Enter")
    chooser.value.set_files(Path(__file__))
    expect(widget.cell.get_by_role("status")).to_contain_text("If the kernel was restarted, run this cell again.")
    page.keyboard.press("Escape")
    widget.cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(widget.cell).to_contain_text("No photo yet")
    expect(widget.cell.get_by_role("status")).to_have_text("")


@front_ends
def test_large_files_arrive_and_wrong_ones_get_a_sentence(run, page, front_end):
    """Jupyter drops a message of more than 10 MiB, so that this file must come in pieces."""
    widget = run(front_end, "try_photo")
    large = encoded(1500, 3000, "PNG", noise=60)
    assert len(large) > 11 * 2**20
    choose(page, widget, "large.png", large)
    expect(widget.cell).to_contain_text("large.png | 3000 x 1500 pixels")
    choose(page, widget, "text.jpg", b"This is no picture.")
    said(widget, "text.jpg: this is not a picture that can be read")
    choose(page, widget, "empty.jpg", b"")
    said(widget, "empty.jpg: the file is empty")
    choose(page, widget, "zeros.jpg", 100_000_000)
    said(widget, "zeros.jpg: 100 MB, and at most 50 are read")
    choose(page, widget, "good.jpg", encoded(60, 100))
    expect(widget.cell).to_contain_text("good.jpg | 100 x 60 pixels")
    expect(widget.cell.get_by_role("alert")).to_have_count(0)


def test_a_saved_notebook_holds_neither_the_photo_nor_the_state_of_the_widget(run, page, jupyter):
    widget = run("lab", "try_photo")
    choose(page, widget, "secret.jpg", encoded(60, 100))
    expect(widget.cell).to_contain_text("secret.jpg | 100 x 60 pixels")
    path = jupyter[1] / f"{__name__}.ipynb"
    before = path.read_bytes()
    widget.cell.locator(".cm-content").click()
    page.keyboard.press("Control+s")
    for _ in range(150):
        page.wait_for_timeout(200)
        if path.read_bytes() != before:
            break
    assert path.read_bytes() != before, "nothing was saved in half a minute"
    saved = nbformat.read(path, 4)
    assert saved.cells[0].outputs and "widgets" not in saved.metadata
    assert "secret" not in str(saved) and "base64" not in str(saved)
    path.unlink()  # other tests begin with a fresh one
