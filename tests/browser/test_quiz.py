"""A quiz in a real JupyterLab: buttons that answer, as many times as the page shows it."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Locator, Page, expect

from .conftest import shut_out

RIGHT = "Right: 60 shared, and 80 + 80 - 60 = 100 in at least one of them."


def run_the_quiz(page: Page, number: int) -> Locator:
    """Runs the last cell of that notebook of the page, which is in front. Returns the cell."""
    notebook = page.locator(".jp-NotebookPanel").nth(number)
    expect(notebook.locator(".jp-KernelName")).to_contain_text("Python 3")
    expect(notebook.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")
    cell = notebook.locator(".jp-CodeCell").last
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(cell.locator(".MCButton").first).to_be_visible()
    return cell


def test_a_lesson_and_its_solutions_have_a_quiz_each(page, jupyter):
    """Two notebooks in one page with one quiz: both show it, and each answers its own reader."""
    address, folder = jupyter
    cell = new_code_cell('import handseg_lib as hs\nhs.quiz("05")')
    for name, other in (("lesson", "solutions"), ("solutions", "lesson")):
        notebook = new_notebook(cells=[new_markdown_cell(f"[The {other}]({other}.ipynb)"), cell])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, folder / f"{name}.ipynb")
    page.goto(f"{address}/lab/tree/lesson.ipynb?reset")
    lesson = run_the_quiz(page, 0)
    page.get_by_role("link", name="The solutions").click()
    solutions = run_the_quiz(page, 1)
    assert solutions.locator(".MCButton").count() == lesson.locator(".MCButton").count() > 20
    solutions.locator(".MCButton", has_text="0.6").click()
    expect(solutions).to_contain_text(RIGHT)
    page.get_by_role("tab", name="lesson.ipynb").click()
    expect(lesson).not_to_contain_text(RIGHT)
    lesson.locator(".MCButton", has_text="0.6").click()
    expect(lesson).to_contain_text(RIGHT)
    assert shut_out(page, ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output") == []
    expect(lesson.locator("ol")).to_be_hidden()  # which is for where no script runs
    # hs.progress() shows it: the browser keeps how many answers were right
    page.wait_for_function("parseInt(localStorage.getItem('handseg-quiz05')) == 1")
