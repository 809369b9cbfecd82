"""What answers to a point on a picture, in a real browser: the whole network, the convolution's square, the brush."""

import json
import re
from pathlib import Path

from playwright.sync_api import expect

from handseg_lib import explore

from .test_widgets import SETUP, front_ends, lose_nothing, number

CELLS = {
    "open_network": SETUP + "hs.explore.open_network('encoder', hs.load_predictor(), photo)",
    "convolve": SETUP + "hs.explore.convolve(photo)",
    "fool": SETUP + "hs.explore.fool(hs.load_predictor(), photo)",
    "wall": SETUP + "hs.explore.wall(samples)",
    "roll_ball": "import handseg_lib as hs\nhs.explore.roll_ball()",
}


def at(page, part, x: float, y: float) -> None:
    """Moves the mouse to a place on a part of the page, in shares of its sides."""
    box = part.bounding_box()
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)


# The scripts alone, with a model that remembers what it is told

SHOW = """async ([code, traits]) => {
  const {default: {render}} = await import("data:text/javascript," + encodeURIComponent(code))
  const listeners = {}
  window.model = {
    saved: 0, traits,
    get: name => traits[name],
    set: (name, value) => { traits[name] = value; listeners["change:" + name]?.() },
    save_changes: () => { window.model.saved++ },
    on: (event, act) => { listeners[event] = act },
    off: event => { delete listeners[event] },
  }
  const el = document.createElement("div")
  document.body.append(el)
  window.remove = render({model: window.model, el})
  window.listening = () => Object.keys(listeners).length
}"""
SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='{0}' height='{1}' viewBox='0 0 {0} {1}'>{2}</svg>"
GREY = "data:image/svg+xml," + SVG.format(320, 160, "<rect width='320' height='160'/>")


def show(page, script: str, **traits) -> None:
    page.set_content("<body style='margin: 0'></body>")
    page.evaluate(SHOW, [(Path(explore.__file__).parent / script).read_text("utf-8"), traits])


def trait(page, name: str):
    return json.loads(page.evaluate("name => JSON.stringify(model.traits[name])", name))


def test_a_pad_takes_a_point_by_mouse_and_by_key(page):
    show(page, "pad.js", picture=GREY, label="a photo", window=0.1, step=0.05, brush=None, value=[0.5, 0.5])
    page.mouse.move(80, 40)
    assert trait(page, "value") == [0.5, 0.5], "moving without a button points at nothing"
    page.mouse.down()
    assert trait(page, "value") == [0.25, 0.25]
    page.mouse.move(400, 120)
    assert trait(page, "value") == [1, 0.75], "it stays on the picture"
    page.mouse.up()
    page.mouse.move(10, 10)
    assert trait(page, "value") == [1, 0.75]
    expect(page.get_by_role("button")).to_have_count(0)  # there is nothing to take back
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    x, y = trait(page, "value")
    assert (round(x, 4), round(y, 4)) == (0.95, 0.65), "a step is as long in both directions"
    page.evaluate("remove()")
    assert page.evaluate("listening()") == 0


def test_a_pad_paints_by_mouse_and_by_key(page):
    brush = {"colour": "#ff0000", "strength": 1, "width": 0.1}
    show(page, "pad.js", picture=GREY, label="a photo", window=0, step=0.05, brush=brush, value=[])
    page.mouse.move(80, 40)
    page.mouse.down()
    page.mouse.move(160, 80)
    page.mouse.up()
    page.mouse.move(240, 80)
    (stroke,) = trait(page, "value")
    assert stroke == brush | {"points": [[0.25, 0.25], [0.25, 0.25], [0.5, 0.5]]}
    red = "[...document.querySelector('canvas').getContext('2d').getImageData(320, 160, 1, 1).data]"
    assert page.evaluate(red) == [255, 0, 0, 255]
    assert page.evaluate("getComputedStyle(document.querySelector('canvas + div')).backgroundColor").startswith(
        "rgba(255,"
    )
    page.keyboard.press("ArrowRight")
    assert len(trait(page, "value")) == 1, "the brush is up"
    for key in ("Space", "ArrowRight", "ArrowRight", "Space", "ArrowRight"):
        page.keyboard.press(key)
    points = [[round(x, 4), y] for x, y in trait(page, "value")[1]["points"]]
    assert points[0] == [0.55, 0.5] and points[-1] == [0.65, 0.5]
    saved = page.evaluate("model.saved")
    page.get_by_role("button", name="undo").click()
    assert trait(page, "value") == [stroke] and page.evaluate(red) == [255, 0, 0, 255]
    page.get_by_role("button", name="clean photo").click()
    assert trait(page, "value") == [] and page.evaluate(red) == [0, 0, 0, 0]
    assert page.evaluate("model.saved") == saved + 2, "Python hears of both"


CELLS_OF_A_TABLE = "".join(f'<div data-name="{n}" data-at="{n}"><img><img></div>' for n in (0, 1, 3))


def test_a_part_is_chosen_by_mouse_and_by_key(page):
    part = "<g data-name='{}'><rect x='{}' width='30' height='30'/></g>"
    parts = "".join(part.format(name, 40 * number) for number, name in enumerate("abc"))
    show(page, "choice.js", drawing=SVG.format(120, 30, parts), columns=0, value="a", all=False)
    page.locator("[data-name=b] rect").click()
    assert trait(page, "value") == "b" and page.locator("[aria-checked=true]").get_attribute("data-name") == "b"
    for key, name in (("ArrowRight", "c"), ("ArrowDown", "a"), ("ArrowUp", "c"), ("ArrowLeft", "b")):
        page.keyboard.press(key)
        assert trait(page, "value") == name
        assert page.evaluate("document.activeElement.dataset.name") == name
    # of four places the third is empty
    show(page, "choice.js", drawing=CELLS_OF_A_TABLE, columns=2, value="1", all=False)
    page.locator("[data-name='1']").focus()
    for key, name in (("ArrowDown", "3"), ("ArrowUp", "1"), ("ArrowLeft", "0"), ("ArrowDown", "0")):
        page.keyboard.press(key)
        assert trait(page, "value") == name
    second = page.locator("[data-name='0'] img").nth(1)
    expect(second).to_have_css("opacity", "1")  # it has the focus
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(600, 600)
    expect(second).to_have_css("opacity", "0")
    page.evaluate("model.set('all', true)")
    expect(second).to_have_css("opacity", "1")


# In Lab and Notebook 7


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
    answers = widget.source("all answers")
    middle = widget.cell.get_by_label("•", exact=True)
    middle.fill("-9")  # so that ReLU finds something below 0
    widget.press(middle, "Tab")
    answers = widget.changed(answers, "all answers")
    widget.press(widget.cell.get_by_label("then ReLU"), "Space")
    answers = widget.changed(answers, "all answers")
    widget.cell.get_by_label("kernel", exact=True).select_option("blur")
    widget.changed(answers, "all answers")
    assert middle.input_value() == "0.12"


@front_ends
def test_the_mask_follows_the_brush(run, page, front_end):
    widget = run(front_end, "fool")
    pad = widget.cell.get_by_role("application")
    pad.scroll_into_view_if_needed()
    clean = widget.source("the mask now")
    assert number(widget, "mask before") == 1
    skin = pad.locator("div").evaluate("tip => getComputedStyle(tip).backgroundColor")
    widget.cell.get_by_label("brush", exact=True).select_option("the wall's colour")
    expect(pad.locator("div")).not_to_have_css("background-color", skin)
    at(page, pad, 0.3, 0.5)
    page.mouse.down()
    at(page, pad, 0.8, 0.55)
    page.mouse.up()
    painted = widget.changed(clean, "the mask now")
    expect(widget.cell).not_to_contain_text("mask before 1.000")  # it may be, after the stroke's first dab
    assert number(widget, "mask before") < 1
    widget.cell.get_by_role("button", name="clean photo").click()
    expect(widget.picture("the mask now")).to_have_attribute("src", clean)

    widget.press(pad, "Space", *["ArrowRight"] * 8)  # by keys, from where the mouse has left the brush
    expect(widget.cell.get_by_role("status")).to_contain_text("The brush is down")
    by_key = widget.changed(clean, "the mask now")
    widget.press(pad, "Space", "ArrowUp")
    expect(widget.cell.get_by_role("status")).to_contain_text("The brush is up")
    widget.press(widget.cell.get_by_role("button", name="undo"), "Enter")
    expect(widget.picture("the mask now")).to_have_attribute("src", clean)
    assert len({clean, painted, by_key}) == 3


@front_ends
def test_a_photo_on_the_wall_is_chosen(run, page, front_end):
    widget = run(front_end, "wall")
    first = widget.source("mask on the photo")
    cells = widget.cell.get_by_role("radio")
    cells.nth(1).click()
    second = widget.changed(first, "mask on the photo")
    mask = cells.nth(1).locator("img").nth(1)
    expect(mask).to_have_css("opacity", "1")  # one points at it
    expect(cells.nth(0).locator("img").nth(1)).to_have_css("opacity", "0")
    widget.press(cells.nth(1), "ArrowLeft")
    assert widget.changed(second, "mask on the photo") == first
    widget.press(widget.cell.get_by_label("all masks"), "Space")
    expect(cells.nth(2).locator("img").nth(1)).to_have_css("opacity", "1")  # to which nobody points


@front_ends
def test_the_ball_rolls_from_where_it_is_put(run, page, front_end):
    widget = run(front_end, "roll_ball")
    path = widget.source("the way down")
    pad = widget.cell.get_by_role("application")
    pad.scroll_into_view_if_needed()
    at(page, pad, 0.8, 0.3)
    page.mouse.down()
    page.mouse.up()
    path = widget.changed(path, "the way down")
    widget.press(pad, "ArrowLeft")
    path = widget.changed(path, "the way down")
    widget.press(widget.slider("learning rate"), "ArrowRight")
    path = widget.changed(path, "the way down")
    widget.press(widget.cell.get_by_label("clip the gradient"), "Space")
    widget.changed(path, "the way down")


@front_ends
def test_a_zoom_of_400_percent_loses_nothing_of_them(run, page, front_end):
    network, *_ = lose_nothing(run, page, front_end, CELLS)
    names = re.findall(r"- '?radio \"([^\"]+)\"", network)
    assert len(names) == 10 and names[0].startswith("photo: 224")
