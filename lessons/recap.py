"""Puts each lesson on one page to print: docs/recap/NN.md.

    python lessons/recap.py            write them all
    python lessons/recap.py --check    write nothing, exit 1 if a page is out of step with its lesson

A page has what was learned, the formulas, the words of the lesson with their meaning, and the exercises. All of it is
taken from the lesson and the glossary, so that nothing is said twice.
"""

import re
import sys
from pathlib import Path

import build

FOLDER = build.ROOT / "docs" / "recap"
GLOSSARY = re.compile(r"^\| <a id=\"([\w-]+)\"></a>(?:<a id=\"[\w-]+\"></a>)?([^|]+) \| ([^|]+) \| \[(\d\d)\]", re.M)


def section(text: str, title: str) -> str:
    """What stands under a heading of level 2, given without its number."""
    return re.search(rf"^## \d+\. {title}\n(.*?)(?=^## |\Z)", text, re.M | re.S)[1].strip()


def formulas(text: str) -> list[str]:
    """Each formula that stands on a line of its own, and before it the sentence that leads to it."""
    found = []
    for before, formula in re.findall(r"([^\n]+(?:\n[^\n]+)*)\n\n(\$\$.+?\$\$)", text):
        found.append(f"{re.split(r'(?<=[.!?]) ', ' '.join(before.split()))[-1]}\n\n{formula}")
    return found


def words(lesson: str) -> list[str]:
    """The words of the glossary that this lesson teaches."""
    entries = GLOSSARY.findall((build.ROOT / "docs" / "glossary.md").read_text("utf-8"))
    return [f"- **{word.strip()}**: {meaning.strip()}" for _, word, meaning, taught in entries if taught == lesson]


def page(lesson: Path) -> str:
    cells = build.read(lesson)
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    number, title = lesson.stem[:2], build.title(lesson)
    learned = section(text, "What you learned")
    exercises = [
        f"- {name} (`hs.check.{check}`)"
        for name, check in zip(
            re.findall(r"^## \d+\. Exercise: (.+) \(", text, re.M),
            re.findall(r"^hs\.check\.(\w+)\(", "\n".join(c.source for c in cells if c.cell_type == "code"), re.M),
            strict=True,
        )
    ]
    parts = [
        f"# {title}, on one page",
        f"From the lesson [{title}](../../notebooks/{lesson.stem}.ipynb).",
        f"## What to remember\n\n{learned}",
        *(["## Formulas", *formulas(text)] if formulas(text) else []),
        "## Words\n\n" + "\n".join(words(number)),
        "## Exercises to try again\n\n" + "\n".join(exercises),
    ]
    return re.sub(r"\]\(\.\./docs/", "](../", "\n\n".join(parts)) + "\n"


def main() -> None:
    pages = {FOLDER / f"{lesson.stem[:2]}.md": page(lesson) for lesson in build.lessons()}
    if "--check" in sys.argv:
        if stale := [path.name for path, text in pages.items() if not path.exists() or path.read_text("utf-8") != text]:
            raise SystemExit(f"Out of step with lessons/ (run: make recap): {', '.join(stale)}")
        return
    FOLDER.mkdir(exist_ok=True)
    for path, text in pages.items():
        path.write_text(text, "utf-8")
        print(path.relative_to(build.ROOT))


if __name__ == "__main__":
    main()
