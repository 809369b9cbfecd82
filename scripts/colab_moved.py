"""Says which of Colab's versions are no longer those of tests/colab.txt: python scripts/colab_moved.py [FILE]

FILE is a list as pip freeze writes it; without one, Colab's published list is called. The exit code is 1 if one has
moved.
"""

import sys
import urllib.request
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

LIST = "https://raw.githubusercontent.com/googlecolab/backend-info/main/pip-freeze.txt"
OURS = Path(__file__).resolve().parents[1] / "tests" / "colab.txt"


def versions(freeze: str) -> dict[str, str]:
    """The versions by name; lines that pin none, such as ``name @ file://...``, are left out."""
    found = {}
    for line in freeze.splitlines():
        try:
            wanted = Requirement(line.partition("#")[0].strip())
        except InvalidRequirement:
            continue
        if pins := [spec.version for spec in wanted.specifier if spec.operator == "=="]:
            found[wanted.name.lower().replace("_", "-")] = pins[0]
    return found


def moved(ours: str, theirs: dict[str, str]) -> list[str]:
    """A line for each of our packages that Colab has in another version, or no more."""
    wanted = [Requirement(line) for line in ours.splitlines() if line and not line.startswith("#")]
    return [
        f"{each} here, {theirs.get(each.name, 'not there')} on Colab"
        for each in wanted
        if each.name not in theirs or not each.specifier.contains(theirs[each.name].partition("+")[0])
    ]


def main() -> int:
    """Prints what has moved."""
    if sys.argv[1:]:
        freeze = Path(sys.argv[1]).read_text("utf-8")
    else:
        with urllib.request.urlopen(LIST, timeout=60) as answer:
            freeze = answer.read().decode()
    found = moved(OURS.read_text("utf-8"), versions(freeze))
    print("\n".join(found) or "Colab's versions are those of tests/colab.txt.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
