"""The widgets in a real browser: mouse and keyboard move them, the picture follows, the console stays clean."""

import re

import pytest
from playwright.sync_api import expect

SETUP = "import handseg_lib as hs\nsamples = hs.profile.current().samples()\nphoto, mask = samples[0].read()\n"
CELLS = {
    "browse": SETUP + "hs.explore.browse(samples[:6])",
    "play_augmentation": SETUP + "hs.explore.play_augmentation(samples[0])",
    "play_loss": SETUP + "hs.explore.play_loss()",
    "look_inside": SETUP + "hs.explore.look_inside(hs.build_unet(64), photo, hs.build_unet(64, weights=None))",
    "cut_skips": SETUP + "hs.explore.cut_skips(hs.load_predictor(), photo, mask)",
    "explore": SETUP + "hs.explore.explore(hs.load_predictor(), samples[:3])",
    "try_photo": SETUP + "hs.explore.try_photo(hs.load_predictor())",
}
front_ends = pytest.mark.parametrize("front_end", ["lab", "notebook"])


def number(widget, label: str) -> float:
    """The number behind a label in a widget's text."""
    return float(re.search(rf"{label} (\d+\.\d+)", widget.cell.inner_text())[1])


@front_ends
def test_browse(run, page, front_end):
    widget = run(front_end, "browse")
    first = widget.source()
    widget.cell.get_by_role("button", name="next").click()
    second = widget.changed(first)
    widget.press(widget.cell.get_by_role("button", name="previous"), "Enter")
    assert widget.changed(second) == first
    widget.press(widget.cell.get_by_label("person", exact=True), "ArrowDown", "ArrowDown")
    expect(widget.cell).to_contain_text("person 02, gesture")
    expect(widget.cell).to_contain_text("photo 1 of 3")
    widget.cell.get_by_label("person", exact=True).select_option("01")
    expect(widget.cell).to_contain_text("person 01, gesture")
    widget.drag("photo", to=1)
    expect(widget.cell).to_contain_text("photo 3 of 3")


@front_ends
def test_play_augmentation(run, page, front_end):
    """With all sliders at their least the photo stays as it was; one alone moves it, the next seed too."""
    widget = run(front_end, "play_augmentation")
    photo = widget.source("as it was")
    assert widget.source("variation 0") != photo
    for handle in widget.cell.get_by_role("slider").all():
        widget.press(handle, "Home")
    expect(widget.picture("variation 0")).to_have_attribute("src", photo)
    widget.drag("rotate", to=1)
    turned = widget.changed(photo, "variation 0")
    widget.press(widget.cell.get_by_role("button", name="draw again"), "Enter")
    assert widget.source("variation 1") not in (photo, turned)
    bilinear = widget.cell.get_by_label("what bilinear does to a mask")
    widget.press(bilinear, "Space")
    expect(widget.cell).to_contain_text(re.compile(r"bilinear: \d+ in between"))
    bilinear.click()
    expect(widget.cell).not_to_contain_text("in between")


@front_ends
def test_play_loss(run, page, front_end):
    """A mask that shrinks loses Dice, the small hand more of it; one that moves away loses all, and accuracy little."""
    widget = run(front_end, "play_loss")
    widget.press(widget.slider("shift"), *["ArrowLeft"] * 12)  # it opens on a mask that is spoilt already
    widget.press(widget.slider("blur"), *["ArrowLeft"] * 4)
    expect(
        widget.cell.get_by_role("group", name=re.compile("shifted by 0, shrunk by 0 and blurred by 0 "))
    ).to_be_visible()
    whole = {name: number(widget, f"{name}: Dice") for name in ("large", "small")}
    assert whole == {"large": 1, "small": 1}
    pictures = widget.cell.locator("img").all()
    before = [picture.get_attribute("src") for picture in pictures]
    widget.press(widget.slider("shrink"), "PageUp")  # five steps
    expect(widget.cell.get_by_role("group", name=re.compile("shrunk by 5 "))).to_be_visible()
    shrunken = {name: number(widget, f"{name}: Dice") for name in whole}
    assert shrunken["small"] < shrunken["large"] < 1
    assert all(now.get_attribute("src") != then for now, then in zip(pictures, before, strict=True))
    widget.drag("shift", to=1)
    expect(widget.cell.get_by_role("group", name=re.compile("shifted by 40, "))).to_be_visible()
    assert number(widget, "small: Dice") < 0.05 and number(widget, r"small: Dice .*, accuracy") > 0.9


@front_ends
def test_look_inside(run, page, front_end):
    """Deeper in the encoder a value sees more of the photo; the other encoder has other maps."""
    widget = run(front_end, "look_inside")
    expect(widget.cell).to_contain_text("conv1_relu: 64 maps of 32 x 32 values. One value sees 7 x 7 pixels")
    widget.press(widget.slider("layer"), "End")
    expect(widget.cell).to_contain_text("conv4_block6_out: 1024 maps of 4 x 4 values. One value sees 291 x 291 pixels")
    widget.drag("layer", to=0)
    expect(widget.cell).to_contain_text("One value sees 7 x 7 pixels")
    second = widget.cell.get_by_role("img", name=re.compile(r"^map \d+$")).nth(1).get_attribute("alt")
    widget.press(widget.slider("peak of map"), "ArrowRight")
    expect(widget.picture(f"what {second} sees at its peak")).to_be_visible()
    imagenet = widget.source(second)
    encoder = widget.cell.get_by_label("encoder", exact=True)
    widget.press(encoder, "ArrowDown")
    assert encoder.input_value() == "fine-tuned"
    widget.changed(imagenet, second)
    encoder.select_option("before")
    expect(widget.picture(second)).to_have_attribute("src", imagenet)


@front_ends
def test_cut_skips(run, page, front_end):
    """Without its skips the network finds the hand less well; with all of them it is itself again."""
    widget = run(front_end, "cut_skips")
    whole = widget.source("all skips")
    assert widget.source("without those cut") == whole
    iou = number(widget, "with all skips")
    ticks = widget.cell.get_by_role("checkbox").all()
    shown = whole
    for tick in ticks:
        widget.press(tick, "Space")
        shown = widget.changed(shown, "without those cut")
    assert number(widget, "IoU") < iou - 0.1 and widget.source("all skips") == whole
    for tick in ticks:
        tick.click()
    expect(widget.picture("without those cut")).to_have_attribute("src", whole)
    assert number(widget, "IoU") == iou


@front_ends
def test_explore(run, page, front_end):
    """The threshold moves the mask and its scores, not the probability; photos come worst first; notes are kept."""
    widget = run(front_end, "explore")
    probability, tuned = widget.source("probability"), number(widget, "tuned threshold")
    expect(widget.cell.locator("[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(0)
    widget.press(widget.slider("threshold"), "Home")
    expect(widget.cell).to_contain_text("threshold 0.01: IoU")
    lowest, mask = number(widget, "threshold 0.01: IoU"), widget.cell.locator("img").nth(2).get_attribute("src")
    widget.drag("threshold", to=1)
    expect(widget.cell).to_contain_text("threshold 0.99: IoU")
    assert number(widget, "threshold 0.99: IoU") != lowest
    assert widget.cell.locator("img").nth(2).get_attribute("src") != mask
    assert widget.source("probability") == probability
    widget.cell.get_by_role("button", name="tuned threshold").click()
    expect(widget.cell).to_contain_text(re.compile(rf"threshold {tuned:.2f}: IoU .* tuned threshold {tuned:.2f}"))

    worst = number(widget, "IoU")
    widget.press(widget.slider("photo"), "End")
    last = widget.changed(probability, "probability")
    assert number(widget, "IoU") > worst
    widget.press(widget.cell.get_by_label("order"), "End")
    widget.changed(last, "probability")
    expect(widget.picture("uncertainty: white where p = 0.5")).to_be_visible()
    widget.press(widget.cell.get_by_label("uncertainty from the mirror image"), "Space")
    expect(widget.picture("uncertainty: white where the mirror image differs")).to_be_visible()
    widget.press(widget.cell.get_by_label("note"), *"thumb", "Tab", "Enter")
    expect(widget.cell.get_by_role("link", name="download failures.csv, 1 rows")).to_be_visible()


REDRAWS = """view => {
  view.redraws = []
  addEventListener("pointerup", () => view.redraws.push("released"), true)
  const drawn = change => [...change.addedNodes].some(node => node.querySelector?.("img"))
  new MutationObserver(changes => { if (changes.some(drawn)) view.redraws.push("drawn") })
    .observe(view, {childList: true, subtree: true})
}"""


@front_ends
def test_a_fast_drag_leaves_no_old_pictures_to_come(run, page, front_end):
    """After the release there are at most the picture that was being drawn and the last one."""
    widget = run(front_end, "play_loss")
    view = widget.cell.locator(".handseg-view")
    view.evaluate(REDRAWS)
    widget.drag("shift", to=1, steps=40)
    expect(widget.cell.get_by_role("group", name=re.compile("shifted by 40, "))).to_be_visible()
    page.wait_for_timeout(1000)  # would be time enough for more
    redraws = view.evaluate("view => view.redraws")
    assert redraws.count("released") == 1 and len(redraws) - redraws.index("released") - 1 <= 2, redraws


# For everyone

# what is wrong with a widget in a narrow page: something that is cut off, short, beside the page, or covered
LOST = """view => {
  const cut = node => node.scrollWidth > node.clientWidth + 1
  const parts = [view, ...view.querySelectorAll(".widget-label, .widget-label-basic, .widget-readout, button")]
  const lost = parts.filter(cut).map(part => "cut off: " + part.textContent)
  for (const track of view.querySelectorAll(".noUi-base"))
    if (track.offsetWidth < 100) lost.push("short: " + track.closest(".widget-slider").textContent)
  for (const control of view.querySelectorAll("a, button, input, select, [role=slider]")) {
    control.scrollIntoView({block: "center"})
    const box = control.getBoundingClientRect()
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
    if (box.left < 0 || box.right > innerWidth || !control.contains(top)) lost.push("lost: " + control.outerHTML)
  }
  return lost
}"""


CONTROLS = "slider|checkbox|combobox|textbox|spinbutton|radio|application|button|link"


def lose_nothing(run, page, front_end: str, cells) -> list[str]:
    """Holds that every control of the cells' views has a name, and that a zoom of 400 % loses none of them.

    At 400 % a window of 1280 x 1024 pixels has 320 x 256 for the page: WCAG 2.1, 1.4.10. Returns what a screen reader
    says of each view.
    """
    run(front_end, *cells)
    if front_end == "lab":
        page.keyboard.press("Control+b")  # closes the list of files
    page.set_viewport_size({"width": 320, "height": 256})
    views = page.locator(".handseg-view").all()
    assert len(views) == len(cells)
    read = [view.aria_snapshot() for view in views]
    for view, lines in zip(views, read):
        assert view.evaluate(LOST) == []
        assert view.evaluate("view => view.scrollWidth <= innerWidth")
        controls = re.findall(rf"- '?((?:{CONTROLS})\b.*)", lines)  # a name with a colon is within quotes
        assert controls and all(re.match(r'\w+ "[^"]+"', control) for control in controls), controls
        assert all(number.get_attribute("aria-label") for number in view.locator("[contenteditable]").all())
    return read


@front_ends
def test_every_control_has_a_name_and_a_zoom_of_400_percent_loses_none(run, page, front_end):
    lose_nothing(run, page, front_end, CELLS)
