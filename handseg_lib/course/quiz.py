"""The quiz at the end of a lesson: buttons where JavaScript runs, and text to read everywhere else."""

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path

from IPython.utils.capture import capture_output

from ..data.gate import InputError

FOLDER = Path(__file__).parent / "quizzes"
COLOURS = {  # blue and vermilion, which colour-blind readers can tell apart, all dark enough for the text on them
    "--jq-multiple-choice-bg": "#2b3a55",
    "--jq-many-choice-bg": "#2b3a55",
    "--jq-numeric-bg": "#2b3a55",
    "--jq-numeric-input-bg": "#ffffff",
    "--jq-correct-color": "#00588a",
    "--jq-incorrect-color": "#a84300",
    "--jq-text-color": "#ffffff",
}
# Feedback has no ground of its own, and the page may be dark; a typed number would have the text's white on white.
STYLE = """
.NAME { background: #ffffff; padding: 4px 12px; }
.NAME .Input-text { color: #1a1a1a; border: 1px solid #767676; }
"""
# One page may show a quiz twice: JupyterLab does, with a lesson and its solutions open. So each script takes a box that
# has no id yet. jupyterquiz's part finds it by a fixed one, which the box has only until its questions are in it.
# A page that trusts no script takes the data- attributes away, too: that box keeps its list, and is left alone.
# A field for a number is named by its question, for whoever hears the page: jupyterquiz puts a label beside it, not on it.
# MathJax is undefined in here: jupyterquiz would replace the page's by one from the network, and no quiz has a formula.
SCRIPT = """
(function start(MathJax) {
  const box = document.querySelector(".NAME[data-numquestions]:not([id])");
  if (!box) return setTimeout(start, 200);
  box.previousElementSibling.style.display = "none";
  box.id = "NAME";
  %s
  for (const field of box.querySelectorAll(".Input-text")) {
    field.setAttribute("aria-label", field.closest(".Quiz").firstElementChild.textContent);
  }
  box.id = "NAME-" + Math.random().toString(36).slice(2);
})();
"""


@dataclass(frozen=True)
class Quiz:
    """The questions of one lesson. A notebook shows it when it is the last line of a cell.

    Attributes:
        lesson: two digits, such as ``"05"``.
        questions: in jupyterquiz's format, as plain text with code between backticks.
    """

    lesson: str
    questions: list[dict]

    def text(self, answers: bool = False) -> str:
        """The questions as text, with what is right and why if ``answers``."""
        lines = []
        for number, question in enumerate(self.questions, 1):
            lines.append(f"{number}. {question['question']}")
            for letter, answer in zip("abcdefgh", question["answers"]):
                if answers:
                    mark = "right" if answer["correct"] else "wrong"
                    shown = answer.get("answer", answer.get("value", answer.get("range", "any other number")))
                    lines.append(f"   {letter}) {shown} [{mark}] {answer['feedback']}")
                elif question["type"] != "numeric":
                    lines.append(f"   {letter}) {answer['answer']}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        # Where no script runs, as on GitHub, the list stays; where one runs, it hides the list.
        items = ""
        for question in self.questions:
            choices = question["answers"] if question["type"] != "numeric" else []
            items += f"<li>{_html(question['question'])}<ul>"
            items += "".join(f"<li>{_html(choice['answer'])}</li>" for choice in choices) + "</ul></li>"
        return f"<ol>{items}</ol>" + _buttons(self.questions, f"quiz{self.lesson}")


def quiz(lesson: str) -> Quiz:
    """Returns the quiz of a lesson, such as ``quiz("05")``.

    Raises:
        InputError: there is no quiz of that name.
    """
    path = FOLDER / f"{lesson}.json"
    if lesson not in lessons():
        raise InputError(f"quiz({lesson!r}): there is no such quiz. There are: {', '.join(lessons()) or 'none yet'}.")
    questions = json.loads(path.read_text("utf-8"))
    for question in questions:
        if question["type"] == "many_choice":
            question["question"] += " (More than one is right.)"
    return Quiz(lesson, questions)


def lessons() -> list[str]:
    """The lessons that have a quiz."""
    return sorted(path.stem for path in FOLDER.glob("[0-9][0-9].json"))


def _html(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


def _buttons(questions: list[dict], name: str) -> str:
    """What jupyterquiz shows, as one piece of HTML, or nothing where it is not installed."""
    try:
        from jupyterquiz import display_quiz
    except ImportError:
        return ""
    texts = ("question", "answer", "feedback")
    questions = [
        {key: _html(value) if key in texts else value for key, value in question.items() if key != "answers"}
        | {"answers": [{k: _html(v) if k in texts else v for k, v in a.items()} for a in question["answers"]]}
        for question in questions
    ]
    with capture_output() as page:
        display_quiz(questions, colors=COLOURS, max_width=720)
    if len(page.outputs) != 2:  # not in a notebook
        return ""
    body, script = page.outputs[0].data["text/html"], page.outputs[1].data["application/javascript"]
    # jupyterquiz names its box at random; a fixed name keeps stored notebooks the same from run to run.
    box = re.search(r'<div id="(\w+)"', body)[1]
    body = body.replace(f'id="{box}"', f'class="{name}"').replace(f"#{box}", f".{name}")
    script = (SCRIPT.replace("NAME", name) % script.replace(box, name)).replace("</script", "<\\/script")
    return f"{body}</div><style>{STYLE.replace('NAME', name)}</style><script>{script}</script>"
