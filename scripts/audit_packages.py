"""What the course stands on: licence, age and known vulnerabilities of every package in the two locks.

    make audit

The licences are the packages' own words, as they are installed here. The days of the releases come from
.venv-lock/pylock.toml, which `make audit` makes of the locks, and the vulnerabilities from pip-audit, where its
database can be reached. Exit code 1 where something is to be looked at: a licence that is unknown or asks the same of
whoever passes the course on, or a vulnerability.
"""

import argparse
import datetime
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS, DAYS = [ROOT / "requirements.lock", ROOT / "requirements-test.lock"], ROOT / ".venv-lock" / "pylock.toml"
PIP_AUDIT = ROOT / ".venv-lock" / "bin" / "pip-audit"
ELSEWHERE = "not installed on this system"
UNKNOWN = "unknown"
ASKED = {"namex": "Apache-2.0 (by its repository; the package itself does not say)"}


def licence(name: str) -> str:
    """What an installed package says of its licence: the expression, else its classifiers, else a text's first line."""
    try:
        about = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ELSEWHERE
    if about.get("License-Expression"):
        return about["License-Expression"]
    kinds = [line.split(" :: ")[-1] for line in about.get_all("Classifier", []) if line.startswith("License ::")]
    text = (about.get("License") or "").strip().splitlines()
    return ", ".join(kind for kind in kinds if kind != "OSI Approved") or (
        text[0][:60] if text else ASKED.get(name, UNKNOWN)
    )


def wants_a_look(text: str) -> bool:
    """True for a licence that nobody told, or that asks the same of what is made with it (GPL, but not LGPL)."""
    return text == UNKNOWN or bool(re.search(r"\bA?GPL|(?<!Lesser )General Public License", text))


def days(today: datetime.date, text: str) -> dict[str, int]:
    """How many days ago the locked release of each package came out, by its earliest file."""
    ages = {}
    for package in tomllib.loads(text)["packages"]:
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        if times := [file["upload-time"] for file in files if "upload-time" in file]:
            ages[package["name"]] = (today - min(times).date()).days
    return ages


def vulnerabilities() -> tuple[dict[str, list[str]], str]:
    """The known vulnerabilities of each package, and why they could not be looked up; "" if they could."""
    command = [str(PIP_AUDIT), "--disable-pip", "--require-hashes", "-f", "json"]
    command += [word for lock in LOCKS for word in ("-r", str(lock))]
    try:
        done = subprocess.run([*command, "--progress-spinner", "off"], capture_output=True, text=True)
        found = json.loads(done.stdout)["dependencies"]
    except FileNotFoundError:
        return {}, "pip-audit is not installed: make audit"
    except (ValueError, KeyError):
        return {}, (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
    return {part["name"]: [each["id"] for each in part["vulns"]] for part in found if part.get("vulns")}, ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    pins = re.findall(r"^([\w.-]+)==([^\s;\\]+)", "".join(lock.read_text("utf-8") for lock in LOCKS), re.M)
    ages = days(datetime.date.today(), DAYS.read_text("utf-8")) if DAYS.is_file() else {}
    known, why_not = vulnerabilities()
    rows = [
        {
            "package": name,
            "version": version,
            "licence": licence(name),
            "days": ages.get(name),
            "known": known.get(name),
        }
        for name, version in pins
    ]
    look = [row for row in rows if wants_a_look(row["licence"]) or row["known"]]
    if args.json:
        print(json.dumps({"packages": rows, "look_at": [row["package"] for row in look], "not_looked_up": why_not}))
    else:
        for row in rows:
            age = "" if row["days"] is None else f"{row['days']} days"
            print(
                f"{row['package']:28} {row['version']:18} {age:>10}  {row['licence']}  {' '.join(row['known'] or [])}"
            )
        print("To look at: " + (", ".join(row["package"] for row in look) or "nothing"))
        print(f"Vulnerabilities: {why_not or 'looked up'}")
    return int(bool(look))


if __name__ == "__main__":
    sys.exit(main())
