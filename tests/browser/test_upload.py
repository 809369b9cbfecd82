"""Uploading a photo in a real browser: the file chooser, wrong files, and files to download."""

from io import BytesIO

import numpy as np
from PIL import Image
from playwright.sync_api import expect

CELLS = {"try_photo": "import handseg_lib as hs\nhs.explore.try_photo(hs.load_predictor())"}


def choose(page, widget, name: str, content: bytes) -> None:
    """Picks a file in the browser's file chooser, opened by a key."""
    with page.expect_file_chooser() as chooser:
        widget.press(widget.cell.get_by_role("button", name="choose a photo"), "Enter")
    chooser.value.set_files({"name": name, "mimeType": "image/jpeg", "buffer": content})


def jpeg(height: int, width: int) -> bytes:
    stream = BytesIO()
    Image.fromarray(np.full((height, width, 3), (200, 150, 120), np.uint8)).save(stream, "JPEG")
    return stream.getvalue()


def test_try_photo(run, page):
    widget = run("lab", "try_photo")
    expect(widget.cell).to_contain_text("No photo yet")
    choose(page, widget, "wide.jpg", jpeg(60, 100))
    expect(widget.cell).to_contain_text("wide.jpg | 100 x 60 pixels")
    before = widget.source("mask on the photo"), widget.source("hand cut out")
    choose(page, widget, "text.jpg", b"This is no picture.")
    expect(widget.cell.get_by_role("alert")).to_contain_text("text.jpg: this is not a picture that can be read")
    expect(widget.cell.locator("img")).to_have_count(0)
    choose(page, widget, "large.jpg", bytes(12_000_000))
    expect(widget.cell.get_by_role("alert")).to_contain_text("large.jpg: 12 MB, and at most 10 are read")
    choose(page, widget, "high.jpg", jpeg(100, 60))
    expect(widget.cell).to_contain_text("high.jpg | 60 x 100 pixels")
    expect(widget.cell.get_by_role("alert")).to_have_count(0)
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
