"""Promises of the quizzes: every answer teaches, the right one has no fixed place, and they can be read anywhere."""

import json
import re
import sys
from collections import Counter

import pytest
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

import handseg_lib as hs
from handseg_lib.__main__ import main
from handseg_lib.course.quiz import COLOURS, FOLDER, Quiz, lessons

EXAMPLE = [
    {
        "question": "Is `a < b`?",
        "type": "multiple_choice",
        "answers": [
            {"answer": "yes", "correct": False, "feedback": "Look again."},
            {"answer": "no, or </script>", "correct": True, "feedback": "Right, `b` is smaller."},
        ],
    }
]


def questions():
    for lesson in lessons():
        for number, question in enumerate(json.loads((FOLDER / f"{lesson}.json").read_text("utf-8")), 1):
            yield f"{lesson}, question {number}", question


def test_five_questions_a_quiz():
    for lesson in lessons():
        assert len(hs.quiz(lesson).questions) >= 5, lesson


def test_every_answer_has_feedback():
    for where, question in questions():
        assert question["question"].strip() and len(question["answers"]) >= 2, where
        for answer in question["answers"]:
            assert len(answer.get("feedback", "")) >= 10, f"{where}: no feedback for {answer}"


def test_as_many_are_right_as_the_type_says():
    for where, question in questions():
        right = [answer["correct"] for answer in question["answers"]].count(True)
        least, most = {"multiple_choice": (1, 1), "many_choice": (2, 99), "numeric": (1, 99)}[question["type"]]
        assert least <= right <= most, f"{where}: {right} right"
        if question["type"] != "numeric":
            texts = [answer["answer"] for answer in question["answers"]]
            assert len(set(texts)) == len(texts), f"{where}: the same answer twice"


def test_the_right_answer_has_no_fixed_place():
    places = {}
    for where, question in questions():
        if question["type"] == "multiple_choice":
            right = [answer["correct"] for answer in question["answers"]].index(True)
            places.setdefault(where[:2], Counter())[right] += 1
    for lesson, count in places.items():
        assert len(count) > 1 or count.total() == 1, f"{lesson}: the right answer is always number {[*count][0] + 1}"


def test_text_is_plain():
    for where, question in questions():
        tags = re.findall(r"</\w+>|<br>|&\w+;", json.dumps(question))
        assert not tags, f"{where}: {tags}; write plain text, code between backticks"


def test_unknown_quiz_names_those_that_exist():
    with pytest.raises(hs.InputError, match="no such quiz. There are: ") as error:
        hs.quiz("77")
    assert all(lesson in str(error.value) for lesson in lessons())


@pytest.fixture
def notebook():
    """An IPython shell, whose displays jupyterquiz's output goes to."""
    shell = InteractiveShell.instance()
    assert isinstance(shell.display_pub, DisplayPublisher)
    yield
    InteractiveShell.clear_instance()


def test_notebook_has_buttons_and_a_list_for_where_no_script_runs(notebook):
    page = Quiz("05", EXAMPLE)._repr_html_()
    listed, _, buttons = page.partition("</ol>")
    assert "<code>a &lt; b</code>" in listed and "no, or &lt;/script&gt;" in listed
    assert "b</code> is smaller" in buttons and "show_questions" in buttons, "no feedback or no buttons"
    assert page.count("<script>") == page.count("</script>") == 1
    assert page == Quiz("05", EXAMPLE)._repr_html_(), "a stored notebook would change with every run"


def test_without_jupyterquiz_the_questions_can_be_read(notebook, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyterquiz", None)
    page = Quiz("05", EXAMPLE)._repr_html_()
    assert "<code>a &lt; b</code>" in page and "script>" not in page.replace("&lt;/script&gt;", "")
    assert repr(Quiz("05", EXAMPLE)) == "1. Is `a < b`?\n   a) yes\n   b) no, or </script>"


def test_answers_for_the_instructor(capsys):
    assert "[wrong] Look again." in Quiz("05", EXAMPLE).text(answers=True)
    assert main(["quiz"]) == 0
    assert capsys.readouterr().out.count("[right]") >= len([*questions()])
    assert main(["quiz", "77"]) == 2


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_stands_out_from_its_ground():
    """WCAG's contrast of 4.5 between white, which is text on buttons and ground of feedback, and every colour."""
    for name, colour in COLOURS.items():
        if name not in ("--jq-text-color", "--jq-numeric-input-bg"):
            assert 1.05 / (luminance(colour) + 0.05) >= 4.5, name
