"""`explore.live` in a real browser: the film's hands are masked, one frame is out at a time, stop ends the camera."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from benchmarks.camera import hosted, scenes
from handseg_lib import metrics
from handseg_lib.explore.chooser import script

from .test_widgets import front_ends

CELLS = {"live": "import handseg_lib as hs\nhs.explore.live(hs.load_predictor())"}
CODE = script("lending.js", "camera.js")
GROUND = np.array([184, 46, 46])  # hsl(0 60% 45%), what the background is replaced with at the slider's left end
SHOWN = "view => view.toDataURL('image/png').split(',')[1]"
RENDER = """async code => {
  const {default: {render}} = await import("data:text/javascript," + encodeURIComponent(code))
  window.sent = []
  window.tracks = []
  const listeners = new Set()
  const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices)
  if (ask) navigator.mediaDevices.getUserMedia = async wanted => {
    const stream = await ask(wanted)
    tracks.push(...stream.getTracks())
    return stream
  }
  window.model = {
    get: () => 0.5,
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    send: (message, _, buffers) => sent.push([message.frame, buffers[0].byteLength]),
  }
  window.answer = frame => listeners.forEach(each => each({frame, side: 2}, [new DataView(new ArrayBuffer(4))]))
  window.remove = render({model, el: document.body})
}"""

PAINTED = """() => {
  const view = document.querySelector("canvas")
  return view.getContext("2d").getImageData(0, 0, view.width, view.height).data.every((value, i) => i % 4 < 3 || value)
}"""
SCENES = scenes()


def masked(view) -> tuple[np.ndarray, np.ndarray]:
    """The picture with its background replaced, uint8 (H, W, 3), and what of it is hand, uint8 (H, W) of {0, 1}."""
    with Image.open(io.BytesIO(base64.b64decode(view.evaluate(SHOWN)))) as png:
        picture = np.array(png.convert("RGB"))
    return picture, (np.abs(picture.astype(int) - GROUND).sum(2) > 24).astype(np.uint8)


@front_ends
def test_the_films_hands_are_masked_until_stop(run, page, front_end):
    page.context.grant_permissions(["camera"])
    widget = run(front_end, "live")
    expect(widget.cell).to_contain_text("kept nowhere")
    widget.cell.get_by_label("show").select_option("background replaced")
    widget.press(widget.cell.get_by_label("background", exact=True), "Home")
    widget.press(widget.cell.get_by_role("button", name="start the camera"), "Enter")
    view = widget.cell.get_by_label(re.compile(r"background replaced: \d+ % of it is hand"))
    expect(view).to_be_visible()
    found = {}
    for _ in range(40):
        picture, mask = masked(view)
        differ = [np.abs(picture[mask > 0].astype(int) - image[mask > 0]).mean() for image, _ in SCENES]
        scene = int(np.argmin(differ))
        found.setdefault(scene, []).append(metrics.iou(SCENES[scene][1], mask))
        if len(found) > 3:
            break
        page.wait_for_timeout(500)
    assert len(found) >= 3 and np.mean([np.mean(ious) for ious in found.values()]) >= 0.9
    expect(widget.cell).to_contain_text(re.compile(r"masks a second: \d+"))
    widget.press(widget.cell.get_by_role("button", name="stop the camera"), "Enter")
    expect(widget.cell.get_by_role("status")).to_have_text("The camera is off.")
    expect(widget.cell).not_to_contain_text("masks a second")


@pytest.fixture
def alone(page, tmp_path):
    """The widget's front end on a page of its own, with a stand-in for the kernel that only counts."""
    (tmp_path / "index.html").write_text("<!doctype html><title>alone</title><link rel=icon href='data:,'>")
    page.context.grant_permissions(["camera"])
    with hosted(tmp_path) as (address, _):
        page.goto(address)
        yield page


def test_one_frame_is_out_at_a_time_and_the_camera_goes_with_the_widget(alone):
    alone.evaluate(RENDER, CODE)
    button = alone.get_by_role("button", name="start the camera")
    button.press("Enter")
    alone.wait_for_function("sent.length > 0")
    alone.wait_for_timeout(700)  # twenty frames of the film
    assert alone.evaluate("sent.map(([frame]) => frame)") == [1]
    assert 1000 < alone.evaluate("sent[0][1]") < 40_000, "a frame is small on its way"
    alone.evaluate("answer(7)")  # to a frame that is not out
    alone.wait_for_timeout(300)
    assert alone.evaluate("sent.length") == 1
    alone.evaluate("answer(1)")
    alone.wait_for_function("sent.length > 1")
    assert alone.evaluate("[sent.length, sent[1][0], tracks[0].readyState]") == [2, 2, "live"]
    assert alone.evaluate(PAINTED), "the last picture stays while the next is on its way"
    alone.get_by_role("button", name="stop the camera").press("Enter")
    assert alone.evaluate("tracks[0].readyState") == "ended"
    button.press("Enter")
    alone.wait_for_function("tracks.length > 1")
    alone.evaluate("remove()")
    alone.wait_for_function("tracks[1].readyState === 'ended'")


REFUSED = {"NotAllowedError": "it was refused. Allow it", "NotFoundError": "none was found."}


@pytest.mark.parametrize("name", REFUSED)
def test_where_there_is_no_camera_a_sentence_says_so(alone, name):
    alone.evaluate(RENDER, CODE)
    alone.evaluate(
        "name => navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name) }", name
    )
    alone.get_by_role("button", name="start the camera").press("Enter")
    expect(alone.get_by_role("status")).to_contain_text(f"No live picture: {REFUSED[name]}")
    expect(alone.get_by_role("button", name="start the camera")).to_be_enabled()


def test_where_a_page_is_not_safe_a_sentence_says_so(alone):
    """On a page without https there is no mediaDevices at all."""
    alone.evaluate("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    alone.evaluate(RENDER, CODE)
    alone.get_by_role("button", name="start the camera").press("Enter")
    expect(alone.get_by_role("status")).to_contain_text("only to a page on https or on this machine")
