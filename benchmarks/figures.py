"""Measured figures in texts, so that nobody types one.

A record is a file of benchmarks/results, and has the name of that file: ``test_persons``. Its figures are its
attributes, ``test_persons.mean_iou``; a row is called by what stands first in it, ``ablation["never frozen"].iou``;
``lopo.rows`` has them all. The course model's card is ``card``, its test scores ``card.test.iou``.

In a lesson an expression in braces, with Python's format behind a colon, becomes its value when the notebook is built:

    {{test_persons.mean_iou:.3f}}    {{memory["06"].wall_seconds / 60:.0f}}

and so does a whole table, a line for each row of a record and a column for each pair of a title and a key:

    {{table(latency.rows, ("network", "network"), ("ms a photo", "ms_alone"))}}

A page that people read as it is, README.md or one of docs/, has the expression in a comment before the value, which
`python -m benchmarks.report` puts there anew:

    <!-- {{audit.one_pixel:.3f}} -->0.018<!-- . -->

What a text says of the figures in words stands beside it as an expression that must be true; where it no longer is,
the build says what to read again:

    <!-- holds: ablation["without disguise"].worse_persons == 3 -->
"""

import json
import math
import re
from pathlib import Path

from . import RESULTS

CARD = RESULTS.parents[1] / "handseg_lib" / "assets" / "course_model.json"
PLACE = r"\{\{\s*([^{}]+?)\s*(?::([^{}:\"\]]*))?\}\}"
IN_A_LESSON = re.compile(PLACE)
ON_A_PAGE = re.compile(rf"(<!-- {PLACE} -->)(.*?)(<!-- \. -->)", re.DOTALL)
HOLDS = re.compile(r"^[ \t]*<!-- holds: (.+?) -->[ \t]*\n?", re.MULTILINE)


def table(rows: list["Figures"], *columns: tuple[str, str]) -> str:
    """A Markdown table. A column that no row has is left out; a dash stands where one row has no such figure."""
    columns = [(title, key) for title, key in columns if any(key in row._values for row in rows)]
    fields = [[row._values.get(key, "–") for _, key in columns] for row in rows]
    written = [[f"{field:.4g}" if isinstance(field, float) else str(field) for field in line] for line in fields]
    lines = [[title for title, _ in columns], ["---"] * len(columns), *written]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


FUNCTIONS = {f.__name__: f for f in (abs, len, max, min, round, set, sorted, sum, all, any, math.ceil, table)}


class FigureError(Exception):
    """A text asks for a figure that no record has, or in a form that it has not."""


class Figures:
    """A dictionary whose values can be asked for by attribute; what is not there raises FigureError."""

    def __init__(self, name: str, values: dict, rows: list[dict] = ()):
        self._name, self._values = name, values
        self.rows = [Figures(f"a row of {name}", row) for row in rows]

    def __getattr__(self, key: str):
        return self._get(self._values, key)

    def __getitem__(self, key: str):
        return self._get(self._values | {str(next(iter(row._values.values()))): row for row in self.rows}, key)

    def _get(self, values: dict, key: str):
        if key not in values:
            raise FigureError(f"{self._name} has no {key!r}, but {', '.join(map(str, values))}")
        value = values[key]
        return Figures(f"{self._name}.{key}", value) if isinstance(value, dict) else value


def records(results: Path = RESULTS, card: Path = CARD) -> dict[str, Figures]:
    """All records and the card, by name."""
    found = {"card": Figures("card", json.loads(card.read_text("utf-8")))}
    for path in sorted(results.glob("*.json")):
        record = json.loads(path.read_text("utf-8"))
        found[path.stem] = Figures(path.stem, record | record["figures"], record["rows"])
    return found


def fill(text: str, known: dict[str, Figures]) -> str:
    """A lesson's text with each placeholder's value, and without what must hold.

    Raises:
        FigureError: there is no such figure, or it cannot be written in this form.
    """
    return IN_A_LESSON.sub(lambda match: _value(match[1], match[2], known), HOLDS.sub("", text))


def refresh(page: str, known: dict[str, Figures]) -> str:
    """A page with the value behind each placeholder put there anew. Raises as `fill`."""
    return ON_A_PAGE.sub(lambda match: match[1] + _value(match[2], match[3], known) + match[5], page)


def read_again(texts: dict[Path, str], root: Path) -> list[str]:
    """What to read again: a line for each claim of a text that the figures no longer bear out.

    Args:
        texts: lessons and pages, by their paths.
        root: of the repository, which the lines leave out of the paths.
    """
    known = records()
    return [
        f"{path.relative_to(root).as_posix()}:{line}: read this again, for it no longer holds that {claim}"
        for path, text in texts.items()
        for line, claim in broken(text, known)
    ]


def broken(text: str, known: dict[str, Figures]) -> list[tuple[int, str]]:
    """The claims of a text that the figures no longer bear out: line, counted from 1, and expression."""
    text = re.sub(r"^# ", "  ", text, flags=re.MULTILINE)  # a lesson's
    return [
        (text.count("\n", 0, match.start()) + 1, match[1])
        for match in HOLDS.finditer(text)
        if not _evaluate(match[1], known)
    ]


def _value(expression: str, form: str | None, known: dict[str, Figures]) -> str:
    try:
        return format(_evaluate(expression, known), (form or "").rstrip())
    except (TypeError, ValueError) as error:
        raise FigureError(f"{{{{{expression}:{form}}}}}: {error}") from None


def _evaluate(expression: str, known: dict[str, Figures]):
    # The texts are the authors' own, as the code is.
    try:
        return eval(expression, {"__builtins__": FUNCTIONS, **known})
    except FigureError as error:
        raise FigureError(f"{expression}: {error}") from None
    except NameError as error:
        raise FigureError(f"{expression}: {error}. The records are {', '.join(known)}") from None
