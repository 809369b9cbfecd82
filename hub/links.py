"""Prints for each lesson the link that opens it on your JupyterHub, as a table in Markdown.

    python hub/links.py https://hub.example.org

Whoever follows a link logs in, and has the lesson open. The newest lessons come, and own changes stay (nbgitpuller).
"""

import sys
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "lessons"))
import build  # noqa: E402

FOLDER = build.URL.rpartition("/")[2]  # git's own name for the clone


def link(hub: str, lesson: Path) -> str:
    """The address at which a hub opens a lesson."""
    place = build.target(lesson, solved=False).relative_to(ROOT).as_posix()
    asked = {"repo": build.URL, "branch": "main", "urlpath": f"lab/tree/{FOLDER}/{place}"}
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(asked)}"


def table(hub: str) -> str:
    """A line for each lesson, and for the capstone."""
    pages = [*build.lessons(), ROOT / "lessons" / "capstone.py"]
    return "\n".join(f"- [{build.title(page)}]({link(hub, page)})" for page in pages)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].startswith("http"):
        raise SystemExit("Give the address of your hub: python hub/links.py https://hub.example.org")
    print(table(sys.argv[1]))
