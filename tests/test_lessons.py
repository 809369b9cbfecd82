"""Promises of every lesson's form: what stands at its head and its end, how long its cells are, and its spelling."""

import functools
import importlib.util
import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest
from spellchecker import SpellChecker
from test_house import ROOT, builder

LESSONS = {path.stem[:2]: path for path in builder.lessons()}
in_form = pytest.mark.parametrize("lesson", sorted(LESSONS))
SECTION = re.compile(r"^## (.+)$", re.M)
HEADING = re.compile(r"^#+ (.+)$", re.M)
EXERCISE = re.compile(r"Exercise: .+ \((warm-up|core|stretch)\)")


@functools.cache
def cells(lesson: str) -> list:
    return builder.read(LESSONS[lesson])


def sections(lesson: str) -> list[tuple[str, list]]:
    """Title and cells of each section; the cells of one begin with that of its title."""
    found = []
    for cell in cells(lesson):
        if cell.cell_type == "markdown" and (match := SECTION.match(cell.source)):
            found.append((match[1], []))
        if found:
            found[-1][1].append(cell)
    return found


# Each rule yields what is wrong with a lesson; a lesson in the form gives nothing.


def opening(lesson: str) -> str:
    """What is said before the first section."""
    said = [cell.source for cell in cells(lesson) if cell.cell_type == "markdown"]
    return "\n\n".join(itertools.takewhile(lambda text: not SECTION.match(text), said))


def head(lesson: str):
    text, first = opening(lesson), cells(lesson)[0].source
    if not re.fullmatch(rf"# {lesson} \S.*\n\n\*[^*]+\*\n*", first):
        yield f"begin with '# {lesson} Title', an empty line and in italics what makes one want to know; then a picture"
    kinds = [cell.cell_type if "**You will be able to**" not in cell.source else "aims" for cell in cells(lesson)]
    if "aims" not in kinds or "code" not in kinds[: kinds.index("aims")]:
        yield "begin with a picture: a cell of code before the aims"
    if not re.search(r"\*\*You will be able to\*\*\n+- .+", text):
        yield "say what the learner **will be able to** do, as a list"
    time = r"\*\*Time:\*\* \d+ minutes to work through; the computer needs (\d+|one|less than one) of them on two CPU"
    if not re.search(time, " ".join(text.split())):
        yield "say the **Time:** in minutes, the learner's and the computer's"
    if "**You need:**" not in text:
        yield "say what the learner needs to know (**You need:**)"


def numbers(lesson: str):
    everything = [
        match for cell in cells(lesson) if cell.cell_type == "markdown" for match in SECTION.findall(cell.source)
    ]
    for number, heading in enumerate(everything, 1):
        if not heading.startswith(f"{number}. "):
            yield f"'## {heading}' is section {number}"
    if len(everything) != len(sections(lesson)):
        yield "a section begins in the middle of a cell"


def prose_first(lesson: str):
    for title, inside in sections(lesson):
        if title.endswith(". Quiz"):
            continue
        if not inside[0].source.partition("\n")[2].strip() and (len(inside) < 2 or inside[1].cell_type == "code"):
            yield f"'{title}' has code before a word was said"


def length(lesson: str):
    """Blank lines and comments are not counted; a function or class shown in full may take 20 lines."""
    for cell in cells(lesson):
        if cell.cell_type == "code":
            lines = [line for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#")]
            if len(lines) > (20 if re.search(r"^(def|class) ", cell.source, re.M) else 12):
                yield f"{len(lines)} lines of code in one cell: {lines[0]} ..."


def exercises(lesson: str):
    found = [(EXERCISE.search(title)[1], inside) for title, inside in sections(lesson) if EXERCISE.search(title)]
    if missing := {"warm-up", "core", "stretch"} - {level for level, _ in found}:
        yield f"no exercise is titled '## N. Exercise: ... ({sorted(missing)[0]})'"
    for level, inside in found:
        code = [cell.source for cell in inside if cell.cell_type == "code"]
        stubs = [i for i, source in enumerate(code) if "# <solution>" in source]
        if not stubs or any("hs.check." not in "".join(code[i + 1 : i + 2]) for i in stubs):
            yield f"the exercise ({level}) needs a cell to write in, and directly after it one that checks it"


def end(lesson: str):
    last = sections(lesson)[-3:]
    wanted = ["What you learned", "Quiz", "Next"]
    if [title.partition(". ")[2] for title, _ in last] != wanted:
        yield f"end with the sections {', '.join(wanted)}"
        return
    (_, learned), (_, quiz), (_, after) = last
    if "\n- " not in learned[0].source:
        yield "list what was learned"
    if [cell.source for cell in quiz if cell.cell_type == "code"] != [f'hs.quiz("{lesson}")']:
        yield f'the quiz is one cell: hs.quiz("{lesson}")'
    if not (ROOT / "handseg_lib" / "course" / "quizzes" / f"{lesson}.json").is_file():
        yield "the quiz has no questions"
    if not re.search(r"\]\(\S+\)", after[0].source):
        yield "link to what is next"


RULES = [head, numbers, prose_first, length, exercises, end]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@in_form
def test_lesson_is_in_the_form(lesson, rule):
    assert [*rule(lesson)] == []


def test_instructor_has_a_page_for_every_lesson():
    for lesson in (*sorted(LESSONS), "capstone"):
        page = ROOT / "docs" / "teaching" / f"{lesson}.md"
        assert page.is_file(), f"docs/teaching/{lesson}.md is missing"
        headings = re.findall(r"^#+ .*", page.read_text("utf-8"), re.M)
        assert headings[0].lower().startswith((f"# {lesson} ", f"# {lesson}: "))
        assert headings[1:] == ["## Minutes", "## Where learners stumble", "## Show"], page.name


def minutes(page: Path) -> list[int]:
    """The minutes in a table of a page of docs, row by row."""
    return [int(number) for number in re.findall(r"^\| [^|]+ \| (\d+) \|", page.read_text("utf-8"), re.M)]


def test_minutes_of_the_capstone_add_up():
    stated = re.search(r"\*\*Time:\*\* (\d+) minutes", (ROOT / "lessons" / "capstone.py").read_text("utf-8"))[1]
    assert sum(minutes(ROOT / "docs" / "teaching" / "capstone.md")) == int(stated)


@in_form
def test_minutes_of_the_teaching_page_add_up_to_those_of_the_lesson(lesson):
    stated = re.search(r"\*\*Time:\*\* (\d+) minutes", opening(lesson))[1]
    assert sum(minutes(ROOT / "docs" / "teaching" / f"{lesson}.md")) == int(stated)


def test_plans_add_up():
    """Each row of a day begins where the one before ends; a session has ninety minutes."""
    page = (ROOT / "docs" / "instructors.md").read_text("utf-8")
    rows = [(60 * int(h) + int(m), int(n or 0)) for h, m, n in re.findall(r"^\| (\d):(\d\d) \| (\d*) ?\|", page, re.M)]
    assert [start for start, _ in rows].count(0) == 2, "half a day, and a day"
    for (start, length), (following, _) in zip(rows, rows[1:]):
        assert following in (start + length, 0), f"{following // 60}:{following % 60:02d} begins too soon or too late"
    sessions = re.findall(r"^\| \d+ \| (\d*) ?\| (\d+) \| (\d+) \|", page, re.M)
    assert len(sessions) == 10
    assert all(sum(int(part or 0) for part in parts) == 90 for parts in sessions), sessions


# Spelling

PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if path.parent.name != ".ipynb_checkpoints"  # which JupyterLab makes of what it opens
}
NOT_PROSE = re.compile(
    r"```.*?```|`[^`]*`|<!--.*?-->|</?\w+[^>]*>|\$\$.+?\$\$|\$[^$]+\$|!?(?<=\])\([^)]*\)|https?://\S+"
    r"|\b\w+[_./]\w[\w./]*",
    re.S,
)

AMERICAN = "behavior center centered color colored colors favorite gray labeled neighbor neighbors optimize".split()


@functools.cache
def speller() -> SpellChecker:
    """Knows English, and the words of tests/words.txt: British spelling, the field's terms, and names."""
    known = SpellChecker(language="en", distance=1)
    known.word_frequency.load_words((ROOT / "tests" / "words.txt").read_text("utf-8").split())
    known.word_frequency.remove_words(AMERICAN)
    return known


def misspelt(text: str) -> list[str]:
    """Words of the prose that are in no list. Words with digits or with capitals inside are names, and left alone."""
    words = re.findall(r"[A-Za-z][A-Za-z'’]*", re.sub(r"\w*\d\w*", " ", NOT_PROSE.sub(" ", text)))
    words = [word.replace("’", "'").removesuffix("'s").strip("'") for word in words]
    return sorted(speller().unknown(word for word in words if len(word) > 2 and word[1:].islower()))


@pytest.mark.parametrize("lesson", sorted(LESSONS))
def test_spelling_of_lessons(lesson):
    assert misspelt("\n".join(cell.source for cell in cells(lesson) if cell.cell_type == "markdown")) == []


@pytest.mark.parametrize("page", sorted(PAGES))
def test_spelling_of_docs(page):
    assert misspelt(PAGES[page].read_text("utf-8")) == []


@pytest.mark.parametrize("page", sorted(PAGES))
def test_links_of_docs_lead_somewhere(page):
    for link, place in re.findall(r"\]\(([^)#\s]*)(?:#([\w-]+))?\)", PAGES[page].read_text("utf-8")):
        target = PAGES[page].parent / link if link else PAGES[page]
        assert "://" in link or target.exists(), f"dead link: {link}"
        if place and target.suffix == ".md":
            text = target.read_text("utf-8")
            places = [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in HEADING.findall(text)]
            assert place in places or f'<a id="{place}">' in text, f"no such place: {link}#{place}"


def test_speller_finds_a_slip():
    text = "The netwrok's gray colour, `hnad`, [a link](hnad.md), x_hnad, HGR1's ImageNet."
    assert misspelt(text) == ["gray", "netwrok"]


# One page a lesson


@pytest.mark.slow
def test_each_lesson_has_a_page_to_print_that_says_what_the_lesson_says():
    """`python lessons/recap.py` writes them from the lessons."""
    check = [sys.executable, str(ROOT / "lessons" / "recap.py"), "--check"]
    said = subprocess.run(check, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    for lesson in sorted(LESSONS):
        page = (ROOT / "docs" / "recap" / f"{lesson}.md").read_text("utf-8")
        assert 100 < len(page.split()) < 550, f"{lesson}: {len(page.split())} words are no page of A4"


# Slides


def test_slides_begin_at_sections_and_hide_the_set_up():
    spec = importlib.util.spec_from_file_location("slides", ROOT / "lessons" / "slides.py")
    slides = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(slides)
    lesson = LESSONS["01"]
    nb = slides.as_slides(builder.generate(lesson, solved=False))
    kinds = [cell.metadata.slideshow.slide_type for cell in nb.cells]
    assert kinds[:2] == ["slide", "skip"] and kinds[-1] == "skip"
    assert kinds.count("slide") == 1 + len(sections("01"))
