"""What answers to a point on a picture, in a real browser: the whole network, the convolution's square, the brush."""

import re

from playwright.sync_api import expect

from .test_widgets import LOST, SETUP, front_ends, number

CELLS = {
    "open_network": SETUP + "hs.explore.open_network('encoder', hs.load_predictor(), photo)",
    "convolve": SETUP + "hs.explore.convolve(photo)",
    "fool": SETUP + "hs.explore.fool(hs.load_predictor(), photo)",
}


def at(page, part, x: float, y: float) -> None:
    """Moves the mouse to a place on a part of the page, in shares of its sides."""
    box = part.bounding_box()
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)


@front_ends
def test_a_block_of_the_network_opens_by_click_and_by_key(run, page, front_end):
    widget = run(front_end, "open_network")
    block = lambda name: widget.cell.locator(f"[data-name={name}]")  # noqa: E731
    expect(block("conv1")).to_have_attribute("aria-checked", "true")
    expect(widget.cell).to_contain_text("conv1: 64 maps of 112 x 112 values. One value sees 7 x 7 pixels")
    block("up2").locator("rect").click()
    expect(widget.cell).to_contain_text("up2: 64 maps of 56 x 56 values")
    expect(block("conv1")).to_have_attribute("aria-checked", "false")
    page.keyboard.press("ArrowRight")
    expect(block("up3")).to_be_focused()
    expect(widget.cell).to_contain_text("up3: 32 maps of 112 x 112 values")
    widget.press(block("up3"), "ArrowUp", "ArrowUp", "ArrowUp")
    expect(widget.cell).to_contain_text("conv4: 1024 maps of 14 x 14 values. One value sees 291 x 291 pixels")
    expect(widget.cell.locator("[role=radio][tabindex='0']")).to_have_count(1)  # Tab leads to the chosen one


@front_ends
def test_the_square_of_a_convolution_is_dragged_and_moved_by_keys(run, page, front_end):
    widget = run(front_end, "convolve")
    pad = widget.cell.get_by_role("application")
    pad.scroll_into_view_if_needed()
    at(page, pad, 0.5, 0.5)
    page.mouse.down()
    expect(widget.cell).to_contain_text("line 22, column 22:")
    at(page, pad, 0.26, 0.74)
    expect(widget.cell).to_contain_text("line 32, column 11:")
    page.mouse.up()
    at(page, pad, 0.9, 0.1)  # without a button it stays
    widget.press(pad, "ArrowRight", "ArrowDown")
    expect(widget.cell).to_contain_text("line 33, column 12:")
    answers = widget.source("all answers: orange above 0, blue below")
    middle = widget.cell.get_by_label("•", exact=True)
    middle.fill("9")
    widget.press(middle, "Tab")
    answers = widget.changed(answers, "all answers: orange above 0, blue below")
    widget.press(widget.cell.get_by_label("then ReLU"), "Space")
    answers = widget.changed(answers, "all answers: orange above 0, blue below")
    widget.cell.get_by_label("kernel", exact=True).select_option("blur")
    widget.changed(answers, "all answers: orange above 0, blue below")
    assert middle.input_value() == "0.12"


@front_ends
def test_the_mask_follows_the_brush(run, page, front_end):
    widget = run(front_end, "fool")
    pad = widget.cell.get_by_role("application")
    pad.scroll_into_view_if_needed()
    clean = widget.source("the mask now")
    assert number(widget, "mask before") == 1
    widget.cell.get_by_label("brush", exact=True).select_option("the wall's colour")
    at(page, pad, 0.3, 0.5)
    page.mouse.down()
    at(page, pad, 0.8, 0.55)
    page.mouse.up()
    painted = widget.changed(clean, "the mask now")
    assert number(widget, "mask before") < 1
    widget.cell.get_by_role("button", name="clean photo").click()
    expect(widget.picture("the mask now")).to_have_attribute("src", clean)

    widget.press(pad, "Space", *["ArrowRight"] * 8)  # by keys, from the middle of the photo
    expect(widget.cell.get_by_role("status")).to_contain_text("The brush is down")
    by_key = widget.changed(clean, "the mask now")
    widget.press(pad, "Space", "ArrowUp")
    expect(widget.cell.get_by_role("status")).to_contain_text("The brush is up")
    widget.press(widget.cell.get_by_role("button", name="undo"), "Enter")
    expect(widget.picture("the mask now")).to_have_attribute("src", clean)
    assert len({clean, painted, by_key}) == 3


@front_ends
def test_a_zoom_of_400_percent_loses_nothing_of_them(run, page, front_end):
    run(front_end, *CELLS)
    if front_end == "lab":
        page.keyboard.press("Control+b")  # closes the list of files
    page.set_viewport_size({"width": 320, "height": 256})
    views = page.locator(".handseg-view").all()
    assert len(views) == len(CELLS)
    for view in views:
        assert view.evaluate(LOST) == []
        assert all(
            field.get_attribute("aria-label") or field.get_attribute("id") for field in view.locator("input").all()
        )
        assert view.evaluate("view => view.scrollWidth <= innerWidth")
    names = re.findall(r"- radio \"([^\"]+)\"", views[0].aria_snapshot())
    assert len(names) == 10 and names[0].startswith("photo: 224")
