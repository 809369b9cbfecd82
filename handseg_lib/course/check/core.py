"""How a check is made: it prints what is wrong, or that all is right, and never raises.

More help comes on request: ``check.dice.hint()``, and then ``check.dice.solution()``.
"""

import json
from collections.abc import Callable
from contextlib import contextmanager
from functools import wraps
from inspect import signature
from pathlib import Path
from traceback import extract_tb

import numpy as np
from platformdirs import user_cache_path

LIBRARY = Path(__file__).parents[2]
SOLUTIONS = Path(__file__).with_name("solutions.json")  # lessons/build.py takes them from the lessons


class NotYet(Exception):
    """The answer is not right yet; the text is the hint."""


def exercise(praise: str, hint: str = ""):
    """Makes a check of a function that raises ``NotYet``.

    The check prints "Your turn" for a page that nobody has worked on, then what is wrong, or that all is right. It has
    two functions: ``hint()`` prints the hint, ``solution()`` one way to write the answer.
    """

    def decorate(function: Callable) -> Callable[..., None]:
        name, lesson = function.__name__, function.__module__[-2:]
        wants_function = next(iter(signature(function).parameters.values())).annotation is Callable

        @wraps(function)
        def check(*answers) -> None:
            if any(map(untouched, answers)):
                what = "your code" if wants_function else "your answer"
                print(f"Your turn. Put {what} in the place of the dots, and run both cells again.")
                return
            try:
                function(hands_off(*answers)) if wants_function else function(*answers)
            except NotYet as fault:
                print(f"Not yet. {fault}")
            except (Exception, SystemExit) as error:  # whatever a learner's code does
                # a frame that is neither this library's nor another's is the learner's cell
                frames = [frame.filename for frame in extract_tb(error.__traceback__)]
                theirs = [f for f in frames if "-packages" not in f and LIBRARY not in Path(f).parents]
                what = "Your code stopped" if theirs else "The check cannot read what your code returns: it stopped"
                print(f"Not yet. {what} with {type(error).__name__}: {error}")
            else:
                print(f"Right! {praise}")
                note(lesson, name)
                return
            print(f"Stuck? hs.check.{name}.hint() gives a hint, hs.check.{name}.solution() shows a solution.")

        check.hint = lambda: print(hint)
        check.solution = lambda: print(json.loads(SOLUTIONS.read_text("utf-8"))[name])
        return check

    return decorate


def done() -> Path:
    """The learner's folder of exercises that are done, in the cache: an empty file for each, such as ``05-dice``."""
    return user_cache_path("handseg") / "progress"


def note(lesson: str, exercise: str) -> None:
    """Keeps that an exercise is done. Where the cache cannot be written, nothing is kept, and nothing stops."""
    try:
        done().mkdir(parents=True, exist_ok=True)
        (done() / f"{lesson}-{exercise}").touch()
    except OSError:
        pass


def stub(): ...


def untouched(answer) -> bool:
    """Whether an answer is what the lesson put there: dots, a list of them, or a function with nothing else in it."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    return answer is ... or getattr(getattr(answer, "__code__", None), "co_code", None) == stub.__code__.co_code


def expect(condition: bool, hint: str) -> None:
    """Raises ``NotYet`` with the hint unless the condition holds."""
    if not condition:
        raise NotYet(hint)


def given(value):
    """Returns the value, unless it is what an unsolved exercise gives, or is text."""
    expect(
        value is not None and value is not ...,
        "Your function returns nothing. Does it return its result, in every case? (print only shows a result, and "
        ".sort() returns nothing.)",
    )
    expect(not isinstance(value, str), f"This is text: {value!r}. Return the value itself, without quotes or str.")
    return value


@contextmanager
def stopping(hint: str):
    """Says at which case the learner's code stops, where the error alone would not tell."""
    try:
        yield
    except NotYet:
        raise
    except Exception as error:
        raise NotYet(f"{hint} Your code stopped with {type(error).__name__}: {error}") from None


def hands_off(answer=None) -> Callable:
    """The learner's function, as one that raises ``NotYet`` where it writes into what it is handed."""
    expect(callable(answer), "Hand your function to the check by its name alone, without brackets behind the name.")

    def called(*arguments):
        before = content(arguments)
        result = answer(*arguments)
        expect(
            content(arguments) == before,
            "Your function writes into what it is handed: arrays or lists that others still need have changed. What "
            "makes a copy? (`a >= b` or `a * b` makes a new array anyway.)",
        )
        return result

    return called


def content(value):
    """What could be changed in place: the numbers in arrays, and the items of lists and dictionaries."""
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, list | tuple):
        return [content(item) for item in value]
    return {key: content(item) for key, item in value.items()} if isinstance(value, dict) else value
