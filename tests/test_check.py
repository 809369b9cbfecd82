"""Self-checks of the exercises: the stub fails, the solution passes, a typical wrong answer gets the hint that fits.

Stubs and solutions are taken from the lessons, wrong answers from ``answers/lesson_NN.py``: its list ``ANSWERS``
holds (name of the check, answer, words that it prints).
"""

import ast
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import handseg_lib as hs

ROOT = Path(__file__).resolve().parents[1]


def load(path: Path):
    """The module in a file that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


builder = load(ROOT / "lessons" / "build.py")
ANSWERS = [answer for path in sorted((ROOT / "tests" / "answers").glob("*.py")) for answer in load(path).ANSWERS]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Where the learner's progress is kept, and not that of whoever runs the tests."""
    monkeypatch.setattr("handseg_lib.course.check.core.user_cache_path", lambda name: tmp_path / name)
    return tmp_path


EXERCISES = sorted(name for name in vars(hs.check) if hasattr(getattr(hs.check, name), "__wrapped__"))


@pytest.mark.parametrize("name, answer, words", ANSWERS, ids=[f"{name}-{words}" for name, _, words in ANSWERS])
def test_answer_gets_the_hint_that_fits(name, answer, words, capsys):
    getattr(hs.check, name)(answer)
    printed = capsys.readouterr().out
    assert words in printed and printed.startswith("Right!") is (words == "Right!")


def no_function(*arguments):
    raise KeyError("no such key")


class Odd:
    """Something that nothing can be done with, not even printing it."""

    def __repr__(self):
        raise RuntimeError("not to be shown")


RETURNS = [None, ..., 3, float("nan"), True, "0.5", [], {}, [None], (None, None), (1, 2, 3), [1, [2, 3]], {1, 2}, Odd()]
RETURNS += [np.zeros(0), np.zeros((2, 3)), np.array(["a"]), np.array([None]), [np.zeros(3), np.zeros((2, 2))]]


@pytest.mark.parametrize("name", EXERCISES)
def test_no_answer_stops_a_check(name, capsys):
    """Whatever a learner's code is, returns or raises: one line that says "Not yet", and no traceback."""
    check = getattr(hs.check, name)
    odd = [lambda *arguments, value=value: value for value in RETURNS]
    odd += [lambda *arguments: arguments[0], lambda *arguments: arguments, lambda *arguments: arguments[-1]]
    odd += [no_function, lambda: 1, lambda *arguments: sys.exit(), lambda *arguments: (yield), int, Odd, Odd()]
    for answer in [*odd, *RETURNS]:
        check(answer)
        printed = capsys.readouterr().out
        assert printed.startswith("Your turn." if answer is ... else "Not yet. "), (answer, printed)
        assert printed.count("Not yet") + printed.count("Your turn") == 1, (answer, printed)
    check()
    assert capsys.readouterr().out.startswith("Not yet. ")


@pytest.mark.parametrize("name", EXERCISES)
def test_help_comes_in_steps(name, capsys):
    """A wrong answer is told what is wrong and where more help is; a hint is no solution, and the solution is right."""
    check = getattr(hs.check, name)
    check(no_function)
    assert f"hs.check.{name}.hint()" in capsys.readouterr().out
    check.hint()
    hint = capsys.readouterr().out
    check.solution()
    solution = capsys.readouterr().out.strip()
    assert len(hint) > 40 and solution and solution not in hint


def test_solutions_on_request_are_those_of_the_lessons():
    """They are written by ``lessons/build.py``; the lessons' own are held to the checks below."""
    kept = json.loads(builder.SOLUTIONS.read_text("utf-8"))
    assert kept == builder.solutions() and sorted(kept) == EXERCISES


def test_what_is_done_is_kept_and_can_be_forgotten():
    hs.check.hand_share(lambda mask: mask.sum())
    assert hs.progress().table.loc["00"].tolist() == ["", "cut_out, hand_share, to_mask"]
    hs.check.hand_share(lambda mask: mask.mean())
    assert hs.progress().table.loc["00"].tolist() == ["hand_share", "cut_out, to_mask"]
    assert "<td>hand_share</td>" in hs.progress()._repr_html_() and "hand_share" in repr(hs.progress())
    assert hs.progress(forget=True).table.done.eq("").all() and hs.progress().table.done.eq("").all()


def test_a_cache_that_cannot_be_written_stops_no_check(cache, capsys):
    (cache / "handseg").write_text("a file where the folder should be")
    hs.check.hand_share(lambda mask: mask.mean())
    assert capsys.readouterr().out.startswith("Right!")
    assert hs.progress().table.done.eq("").all()


def imports(cells) -> str:
    """The import statements of some cells."""
    nodes = [node for cell in cells for node in ast.parse(cell.source).body]
    return "\n".join(ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


@pytest.mark.parametrize("lesson", builder.lessons(), ids=lambda path: path.stem)
@pytest.mark.parametrize("solved", [False, True], ids=["stub", "solution"])
def test_stub_fails_and_solution_passes(lesson, solved, capsys):
    cells, others = (
        [c for c in builder.generate(lesson, s).cells if c.cell_type == "code"] for s in (solved, not solved)
    )
    exercises = [i for i, (a, b) in enumerate(zip(cells, others)) if a.source != b.source]
    assert exercises
    for i in exercises:
        names = {"hs": hs}
        exec(imports(cells[1:i]), names)  # not the set-up cell, which is no plain Python
        exec(cells[i].source, names)
        exec(cells[i + 1].source, names)
        assert capsys.readouterr().out.startswith("Right!" if solved else "Your turn. Put your ")
