"""The page of web/ in a real browser: hands are found as the truth has them, and nothing leaves the page's host."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from benchmarks.camera import ISOLATED, hosted, scenes
from handseg_lib import metrics

from .conftest import ROOT

PROXIES = ("http_proxy", "https_proxy", "no_proxy")  # which conftest.py bends, so that no test finds a network
TRACKS = """() => {
  window.tracks = []
  const media = navigator.mediaDevices
  const ask = media.getUserMedia.bind(media)
  media.getUserMedia = async wanted => {
    const stream = await ask(wanted)
    window.tracks.push(...stream.getTracks())
    return stream
  }
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A static host's folder, with the page somewhere inside it."""
    root = tmp_path_factory.mktemp("host")
    env = {name: value for name, value in os.environ.items() if name not in PROXIES} | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, ROOT / "web" / "build.py", "--out", root / "some" / "where"]
    built = subprocess.run(command, env=env, capture_output=True, text=True)
    if built.returncode == 2:
        pytest.skip(built.stderr)  # says what is missing: Node.js, a network connection, the packages of exports
    assert built.returncode == 0, built.stderr
    return root


@pytest.fixture
def visit(browser, folder):
    """A function that opens the page on a host of its own: ``with visit(headers) as page``.

    The page has besides: host, its address; asked, what was asked for, as pairs of method and address; leave(), which
    ends the host.
    """

    @contextmanager
    def open_page(headers=ISOLATED):
        context = browser.new_context(permissions=["camera"], viewport={"width": 1000, "height": 900})
        context.add_init_script(f"({TRACKS})()")
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.asked, errors = [], []
        context.on("request", lambda request: page.asked.append((request.method, request.url)))
        page.on("pageerror", lambda error: errors.append(str(error)))
        with ExitStack() as host:
            page.host, _ = host.enter_context(hosted(folder, headers))
            page.leave = host.close
            page.goto(f"{page.host}some/where/")
            expect(page.get_by_role("status")).to_contain_text("Ready.", timeout=120_000)
            yield page
        context.close()
        assert errors == []

    return open_page


def look_at(page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a photo").press("Enter")
    chooser.value.set_files(path)
    expect(page.get_by_role("status")).to_contain_text(f"{path.name}: ")


def saved(page) -> np.ndarray:
    """The cut-out that the page saves: uint8 (H, W, 4) RGBA."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the hand as PNG").press("Enter")
    assert download.value.suggested_filename == "hand.png"
    with Image.open(download.value.path()) as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGBA")
        return np.array(picture)


SCENES = scenes()


def score(cut: np.ndarray) -> tuple[int, float]:
    """Which scene of the film a cut-out shows, by its colours, and the IoU of its mask with the truth."""
    mask = (cut[..., 3] > 127).astype(np.uint8)
    differ = [np.abs(cut[mask > 0, :3].astype(int) - image[mask > 0]).mean() for image, _ in SCENES]
    scene = int(np.argmin(differ))
    return scene, metrics.iou(SCENES[scene][1], mask)


def test_a_photos_hand_is_cut_out_as_the_truth_has_it(visit, tmp_path):
    ious = []
    with visit() as page:
        for number, (image, mask) in enumerate(SCENES):
            Image.fromarray(image).save(tmp_path / f"{number}.png")
            look_at(page, tmp_path / f"{number}.png")
            cut = saved(page)
            hand = cut[..., 3] > 0
            assert cut.shape[:2] == mask.shape and np.array_equal(cut[hand, :3], image[hand]) and not cut[~hand].any()
            ious.append(metrics.iou(mask, hand.astype(np.uint8)))
        page.get_by_label("Threshold").press("End")
        assert (saved(page)[..., 3] > 0).sum() < hand.sum()
    assert np.mean(ious) >= 0.9


def test_the_cameras_hands_are_found_and_stop_turns_it_off(visit):
    with visit() as page:
        button = page.get_by_role("button", name="Use the camera")
        button.press("Enter")
        expect(page.get_by_label(re.compile("of it is hand"))).to_be_visible()
        found = {}
        for _ in range(30):
            scene, iou = score(saved(page))
            found.setdefault(scene, []).append(iou)
            if len(found) > 3:
                break
            page.wait_for_timeout(400)
        assert page.evaluate("tracks.map(track => track.readyState)") == ["live"]
        page.get_by_role("button", name="Stop the camera").press("Enter")
        assert page.evaluate("tracks.map(track => track.readyState)") == ["ended"]
        expect(page.get_by_role("status")).to_contain_text("The camera is off.")
        saved(page)  # the last picture is still there
    assert len(found) >= 3
    assert np.mean([np.mean(ious) for ious in found.values()]) >= 0.9


def test_nothing_leaves_the_pages_own_place_and_ten_megabytes_are_enough(visit, folder):
    with visit() as page:
        page.get_by_role("button", name="Try the drawn hand").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("of the photo is hand")
        gone = page.evaluate("fetch('https://example.org/', {mode: 'no-cors'}).then(() => 'sent', () => 'held back')")
        assert gone == "held back"  # by the page's own policy
    assert len(page.asked) > 8 and {method for method, _ in page.asked} == {"GET"}
    own = (page.host, "blob:", "data:", "https://example.org")
    assert [url for _, url in page.asked if not url.startswith(own)] == []
    names = {url.partition("/some/where/")[2].partition("?")[0] for _, url in page.asked}
    needed = [folder / "some" / "where" / name for name in names if not name.endswith("-224.onnx.packed")]
    assert sum(path.stat().st_size for path in needed if path.is_file()) <= 10e6


def test_it_works_without_its_host_after_the_first_visit_and_in_threads(visit):
    """A plain host sends no headers for threads: the service worker adds them."""
    with visit({}) as page:
        expect(page.locator("#engine")).to_contain_text("WebAssembly")
        if page.evaluate("navigator.hardwareConcurrency") > 1:
            expect(page.locator("#engine")).to_contain_text("threads")
        page.get_by_role("button", name="Try the drawn hand").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("of the photo is hand")
        page.leave()
        page.reload()
        expect(page.get_by_role("status")).to_contain_text("Ready.")
        page.get_by_role("button", name="Try the drawn hand").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("of the photo is hand")


def test_wrong_files_get_a_sentence(visit, tmp_path):
    (tmp_path / "a.jpg").write_text("This is no picture.")
    with visit() as page:
        look_at(page, tmp_path / "a.jpg")
        expect(page.get_by_role("status")).to_contain_text("a.jpg: this browser cannot read it.")
