"""How a check is made: it prints a hint, or that all is right, and never raises."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from traceback import extract_tb

LIBRARY = Path(__file__).parents[1]


class NotYet(Exception):
    """The answer is not right yet; the text is the hint."""


def exercise(praise: str):
    """Makes a check of a function that raises ``NotYet``. The check prints the hint, or that all is right."""

    def decorate(function: Callable) -> Callable[..., None]:
        @wraps(function)
        def check(*answers) -> None:
            try:
                function(*answers)
            except NotYet as hint:
                print(f"Not yet. {hint}")
            except Exception as error:  # whatever a learner's code does
                # a frame that is neither this library's nor another's is the learner's cell
                frames = [frame.filename for frame in extract_tb(error.__traceback__)]
                theirs = [f for f in frames if "-packages" not in f and LIBRARY not in Path(f).parents]
                what = "Your code stopped" if theirs else "The check cannot read what your code returns: it stopped"
                print(f"Not yet. {what} with {type(error).__name__}: {error}")
            else:
                print(f"Right! {praise}")

        return check

    return decorate


def expect(condition: bool, hint: str) -> None:
    """Raises ``NotYet`` with the hint unless the condition holds."""
    if not condition:
        raise NotYet(hint)


def given(value):
    """Returns the value, unless it is what an unsolved exercise gives."""
    expect(
        value is not None and value is not ...,
        "Put your code in the place of the dots, and run both cells again. If it is there: does your function return "
        "its result, in every case? (print shows it, and .sort() returns nothing.)",
    )
    return value
