"""Follows every link of the built site: python scripts/check_site.py build/site [--outer]

Inner links, anchors and pictures that lead nowhere are named, and addresses of other machines that docs/links.md has no
reason for; then the exit code is 1. --outer lists those addresses, each with the pages that name it; make links calls
them.
"""

import argparse
import re
import sys
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

REASONS = Path(__file__).resolve().parents[1] / "docs" / "links.md"


class Page(HTMLParser):
    """The anchors and the links of a page."""

    def __init__(self, path: Path):
        super().__init__()
        self.anchors, self.links = set(), set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attributes: list) -> None:
        """Called by the parser for every tag."""
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)
            elif name in ("href", "src") and value and not value.startswith("data:"):
                self.links.add(value)


def check(site: Path) -> tuple[list[str], dict[str, set[str]]]:
    """Returns what is dead, a line each, and the pages by the outer addresses that they name."""
    pages = {path: Page(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}
    dead, outer = [], defaultdict(set)
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        for link in sorted(page.links):
            address, anchor = urldefrag(link)
            if urlsplit(link).scheme or link.startswith("//"):
                outer[address].add(name)
                continue
            target = (path.parent / unquote(urlsplit(address).path)).resolve() if address else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                dead.append(f"{name}: {link}: there is no such page")
            elif anchor and target in pages and unquote(anchor) not in pages[target].anchors:
                dead.append(f"{name}: {link}: the page has no such place")
    return dead, outer


def without_reason(outer: dict[str, set[str]]) -> list[str]:
    """A line for each address that docs/links.md does not say a reason for, and for each reason without an address."""
    rows = re.findall(r"^\| (`.*`) \| .{10,} \|$", REASONS.read_text("utf-8"), re.M)
    begins = tuple(start for row in rows for start in re.findall("`([^`]+)`", row))
    addresses = {address for address in outer if address.startswith("http")}
    lines = [f"{each}: docs/links.md has no reason for it" for each in addresses if not each.startswith(begins)]
    unused = [start for start in begins if not any(address.startswith(start) for address in addresses)]
    return sorted(lines) + [f"docs/links.md: no page has a link that begins with {start}" for start in unused]


def main() -> int:
    """Prints what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("--outer", action="store_true", help="list the addresses outside")
    options = parser.parse_args()
    dead, outer = check(options.site.resolve())
    if options.outer:
        for address, names in sorted(outer.items()):
            print(f"{address}  {', '.join(sorted(names)[:3])}{' and more' if len(names) > 3 else ''}")
    dead += without_reason(outer)
    print("\n".join(dead) or f"No dead link; {len(outer)} addresses outside.")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
