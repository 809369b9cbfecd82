"""What a learner has done: exercises and quizzes, kept on the learner's own machine and nowhere else."""

from dataclasses import dataclass

import pandas as pd

from . import check
from .check.core import done

# The browser knows how a quiz went, and no kernel does: the quiz keeps it in the browser, and this reads it there.
SCRIPT = """
for (const cell of document.querySelectorAll("[data-handseg-quiz]")) {
  try { cell.textContent = localStorage.getItem("handseg-quiz" + cell.dataset.handsegQuiz) || "–"; } catch (error) {}
}
"""


@dataclass(frozen=True)
class Progress:
    """What is done. A notebook shows it when it is the last line of a cell.

    Attributes:
        table: one row a lesson: the exercises that are done, and those that are open.
    """

    table: pd.DataFrame

    def __repr__(self) -> str:
        return self.table.to_string()

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{lesson}</th><td>{row.done}</td><td>{row.open}</td><td data-handseg-quiz='{lesson}'>–</td></tr>"
            for lesson, row in self.table.iterrows()
        )
        head = "<tr><th>lesson</th><th>exercises done</th><th>exercises open</th><th>quiz, right answers</th></tr>"
        return f"<table>{head}{rows}</table><script>{SCRIPT}</script>"


def progress(forget: bool = False) -> Progress:
    """Shows the exercises that you have done, and your quizzes. Nothing of it leaves your machine.

    Args:
        forget: True: forget all exercises first. (The browser forgets quizzes with its site data.)

    Returns:
        A table that a notebook shows, one row a lesson.
    """
    kept = {path.name: path for path in done().glob("[0-9][0-9]-*")}
    while forget and kept:
        kept.popitem()[1].unlink(missing_ok=True)
    rows: dict[str, dict[str, list]] = {}
    for name, exercise in vars(check).items():
        if hasattr(exercise, "hint"):
            lesson = exercise.__module__[-2:]
            row = rows.setdefault(lesson, {"done": [], "open": []})
            row["done" if f"{lesson}-{name}" in kept else "open"].append(name)
    table = pd.DataFrame.from_dict(rows, orient="index").sort_index()
    return Progress(table.map(", ".join).rename_axis("lesson"))
