"""The sliders: milliseconds from a move to the new picture, in a browser, against a real kernel.

    python -m benchmarks.widget_latency --json

Voilà serves the widgets, Chromium shows them, keys and a mouse move them. What counts is the time from the key, or from
the mouse button's release after a drag, to the frame in which all pictures of the last value, 256 px wide, are decoded.
explore's "photo" and fool need a pass of the whole network for each move, cut_skips one of the decoder, others none.

Then a slider is dragged fast: if the moves of the mouse queued up, old pictures would still come after its release.
"""

import argparse
import json
import os
import re
import shutil
import sys

import numpy as np

import handseg_lib as hs

from . import RESULTS
from .notebook_server import served

MOVES, WARM = 20, 3  # by each of keys and mouse; the first few are not counted: the network compiles
STEPS, DRAGS = 30, 5  # of the mouse in a fast drag, 10 ms apart; drags
SETUP = """import handseg_lib as hs
samples, predictor = hs.drawn.load(), hs.load_predictor()
photo, mask = samples[0].read()"""
PAD, CHOICE = "picture", "block"  # what is pointed at, which has no label of its own
# code, the label of a slider or a tick, how many steps the slider has (0: a tick), and whether the network runs
WIDGETS = {
    "play_augmentation": ("hs.explore.play_augmentation(samples[0])", "rotate", 36, False),
    "play_loss": ("hs.explore.play_loss()", "shift, px", 80, False),
    "look_inside": ("hs.explore.look_inside(predictor, photo)", "peak of map", 6, False),
    "explore": ("hs.explore.explore(predictor, samples[:60])", "threshold", 98, False),
    "explore, next photo": ("hs.explore.explore(predictor, samples[:60])", "photo", 59, True),
    "cut_skips": ("hs.explore.cut_skips(predictor, photo, mask)", "skip of 112 x 112", 0, True),
    "open_network": ("hs.explore.open_network('encoder', predictor, photo)", CHOICE, 10, False),
    "convolve": ("hs.explore.convolve(photo)", PAD, 44, False),
    "fool": ("hs.explore.fool(predictor, photo)", PAD, 50, True),
}
WATCH = """view => {
  view.moved = 0
  view.redraws = []
  for (const event of ["keydown", "pointerup"])
    document.addEventListener(event, () => { view.moved = performance.now() }, true)
  new MutationObserver(async changes => {
    if (!changes.some(change => [...change.addedNodes].some(node => node.querySelector?.("img")))) return
    await Promise.allSettled([...view.querySelectorAll("img")].map(image => image.decode()))
    requestAnimationFrame(() => view.redraws.push(performance.now()))
  }).observe(view, {childList: true, subtree: true})
}"""
QUIET = """([view, before]) =>
  view.redraws.length > before && performance.now() - Math.max(view.moved, view.redraws.at(-1)) > 700"""


def grip(slider) -> tuple[float, float]:
    """Scrolls a slider's handle into view. Returns where its middle is on the page."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def find(view, label: str):
    """A control by its label, or what is pointed at by its role."""
    pointed = {PAD: view.get_by_role("application"), CHOICE: view.locator("[role=radio][tabindex='0']")}
    return pointed.get(label, view.get_by_label(label, exact=True).first)


def point(page, view, label: str, by: str, move: int) -> None:
    """Moves a pad's point, or its brush, by one step; or chooses the next block."""
    pad = find(view, label)
    pad.scroll_into_view_if_needed()
    if by == "key":
        pad.focus()
        if move == 0 and view.get_by_role("button", name="undo").count():
            page.keyboard.press("Space")  # the brush is put down, and stays
        page.keyboard.press("ArrowRight" if move < MOVES // 2 else "ArrowDown")  # the photo has an edge
    elif label == CHOICE:
        view.locator("[data-name] rect").nth(move % 10).click()
    else:
        box = pad.bounding_box()
        x, y = box["x"] + 20 + 10 * move, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.up()


def waits(page, view, label: str, steps: int, by: str) -> list[float]:
    """Milliseconds of each counted move of a control, by "key" or by "mouse"."""
    control, times = find(view, label), []
    watched = view.element_handle()
    for move in range(WARM + MOVES):
        before = view.evaluate("view => view.redraws.length")
        # to and fro, since a slider must not reach its end; but on to a photo that the network has not seen yet
        forth = label == "photo" or move % 8 < 4
        if label in (PAD, CHOICE):
            point(page, view, label, by, move)
        elif by == "mouse" and steps:
            x, y = grip(control)
            track = control.locator("xpath=ancestor::*[contains(@class, 'noUi-base')]").bounding_box()["width"]
            step = 1.2 * track / steps
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x + (step if forth else -step), y, steps=3)
            page.mouse.up()
        elif by == "mouse":
            control.click()
        else:
            control.focus()
            page.keyboard.press(("ArrowRight" if forth else "ArrowLeft") if steps else "Space")
        page.wait_for_function(QUIET, arg=[watched, before], timeout=60_000)
        # 0 where the last picture was there before the mouse let go
        times.append(max(0.0, view.evaluate("view => view.redraws.at(-1) - view.moved")))
    return times[WARM:]


def drag(page, view) -> dict:
    """Drags play_loss's shift fast, from the middle to its right end and a bit back."""
    watched, slider = view.element_handle(), view.get_by_label("shift, px", exact=True).first
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(1500)
    before = view.evaluate("view => view.redraws.length")
    x, y = grip(slider)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(STEPS):
        page.mouse.move(x + 5 * step, y)
        page.wait_for_timeout(10)
    page.mouse.up()
    page.wait_for_function(QUIET, arg=[watched, before], timeout=60_000)
    drawn = re.search(r"shifted by (-?\d+)", view.get_by_role("group").first.get_attribute("aria-label"))[1]
    if int(drawn) != round(float(slider.get_attribute("aria-valuenow"))):
        raise RuntimeError(f"the picture shows a shift of {drawn}, the slider {slider.get_attribute('aria-valuenow')}")
    redraws = np.array(view.evaluate("view => view.redraws.map(at => at - view.moved)")[before:])
    return {"redraws": len(redraws), "after_release": int((redraws > 0).sum()), "last_ms": max(0.0, redraws[-1])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.parse_args()
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    load, rows = os.getloadavg()[0], []
    cells = [SETUP, *(code for code, *_ in WIDGETS.values())]
    with served(cells, "voila", "notebook.ipynb") as address, sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1500, "height": 900})
        # Voilà's page asks another machine for icons, which no widget has
        page.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.fulfill(body=""))
        page.goto(address, timeout=600_000)
        page.locator(".handseg-view").nth(len(WIDGETS) - 1).wait_for(timeout=600_000)
        page.wait_for_timeout(3000)
        for number, (name, (_, label, steps, network)) in enumerate(WIDGETS.items()):
            view = page.locator(".handseg-view").nth(number)
            view.evaluate(WATCH)
            for by in ("key", "mouse"):
                times = waits(page, view, label, steps, by)
                print(name, by, np.median(times), file=sys.stderr)
                figures = {"moves": len(times), "median_ms": float(np.median(times)), "slowest_ms": max(times)}
                rows.append({"widget": name, "control": label, "by": by, "network": network, **figures})
        view = page.locator(".handseg-view").nth(list(WIDGETS).index("play_loss"))
        drags = [drag(page, view) for _ in range(DRAGS)]
        chromium.close()
    figures = {
        "median_ms": max(row["median_ms"] for row in rows if not row["network"]),
        "median_ms_network": max(row["median_ms"] for row in rows if row["network"]),
        "moves": MOVES,
        "drag_steps": STEPS,
        "drag_redraws": max(each["redraws"] for each in drags),
        "drag_redraws_after_release": max(each["after_release"] for each in drags),
        "drag_last_ms": float(np.median([each["last_ms"] for each in drags])),
        "load_before": load,
    }
    hs.machine.write_record(RESULTS / "widget_latency.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
