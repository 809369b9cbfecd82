"""The widgets in a real browser: mouse and keyboard move them, the picture follows, the console stays clean."""

import pytest
from playwright.sync_api import expect

SETUP = "import handseg_lib as hs\nsamples = hs.profile.current().samples()\n"
CELLS = {
    "browse": SETUP + "hs.explore.browse(samples[:6])",
    "explore": SETUP + "hs.explore.explore(hs.load_predictor(), samples[:3])",
}
front_ends = pytest.mark.parametrize("front_end", ["lab", "notebook"])


@front_ends
def test_browse(run, page, front_end):
    widget = run(front_end, "browse")
    first = widget.source()
    widget.cell.get_by_role("button", name="next").click()
    second = widget.changed(first)
    widget.press(widget.cell.get_by_role("button", name="previous"), "Enter")
    assert widget.changed(second) == first
    widget.cell.get_by_label("person", exact=True).select_option("01")
    expect(widget.cell).to_contain_text("person 01")
    expect(widget.cell).to_contain_text("photo 1 of 3")


@front_ends
def test_explore(run, page, front_end):
    widget = run(front_end, "explore")
    expect(widget.cell).to_contain_text("tuned threshold")
    widget.press(widget.slider("threshold"), "Home")
    expect(widget.cell).to_contain_text("threshold 0.02: IoU")
    lowest = widget.source("probability"), widget.cell.locator("img").nth(2).get_attribute("src")
    widget.drag("threshold", to=1)
    expect(widget.cell).to_contain_text("threshold 0.98: IoU")
    expect(widget.cell.locator("img").nth(2)).not_to_have_attribute("src", lowest[1])
    assert widget.source("probability") == lowest[0]
