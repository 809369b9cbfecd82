"""The gallery as an app, as ``make app`` serves it: every widget is there, none of the code."""

import re
import tomllib

import nbformat
from playwright.sync_api import expect

from .conftest import ROOT, recipe, shut_out

NOTEBOOK = "notebooks/sliders.ipynb"
URL = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Repository"]


def test_the_app_shows_every_widget_and_no_code_and_leads_to_the_lessons(page, serve, tmp_path):
    voila, *options = recipe("app")
    assert voila.endswith("/voila") and options[-1] == NOTEBOOK
    cells = nbformat.read(ROOT / NOTEBOOK, as_version=4).cells
    widgets = [
        name for cell in cells for name in re.findall(r"^hs\.explore\.(?!draw_)(\w+)", cell.source, re.MULTILINE)
    ]
    # Voilà's page asks another machine for icons, which no widget has: a class may have no network
    page.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.fulfill(body=""))
    with serve(tmp_path, "voila", str(ROOT / NOTEBOOK)) as address:
        page.goto(address, timeout=240_000)
        expect(page.locator(".handseg-view")).to_have_count(len(widgets), timeout=240_000)
        expect(page.locator(".handseg-view img").last).to_be_visible()
        page.errors.clear()  # while it starts, Voilà tries an extension of Lab's that it cannot load
        expect(page.get_by_role("alert")).to_have_count(0)
        assert "import handseg_lib" not in page.content()
        slider = page.locator(".widget-slider", has_text="shrink").get_by_role("slider")
        slider.focus()
        page.keyboard.press("PageUp")
        expect(page.get_by_role("group", name=re.compile("shrunk by 5 "))).to_be_visible()
        expect(page.get_by_role("button", name="choose a photo")).to_be_enabled()
        # Voilà answers 403 to whoever asks it for a lesson: every link there leads to the notebook on GitHub
        lessons = page.get_by_role("link", name=re.compile("^Lesson 0|^00 Start here"))
        expect(lessons).to_have_count(11)
        for link in lessons.all():
            repository, _, path = link.get_attribute("href").partition("/blob/main/")
            assert repository == URL and (ROOT / path).is_file()
        assert shut_out(page, ".jp-OutputArea-output") == []
        page.goto("about:blank")  # before its server is gone
