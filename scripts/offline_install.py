"""Installs the course from this folder, without a network: python3 install.py

Written for any Python 3, so that a wrong one is told in a sentence.
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
COURSE = os.path.join(HERE, "handseg-course")
PYTHON = os.path.join(COURSE, ".venv", *(["Scripts", "python.exe"] if os.name == "nt" else ["bin", "python"]))


def run(*command):
    """Runs a command in the clone, and ends with its exit code where it fails."""
    code = subprocess.call(command, cwd=COURSE)
    if code:
        sys.exit(code)


def main():
    """Makes the environment and says how to begin."""
    with open(os.path.join(HERE, "README.txt")) as about:
        pythons = about.read().partition("It wants Python ")[2].partition(", installs")[0]
    here = "{}.{}".format(*sys.version_info[:2])
    if here not in pythons.split(", "):
        sys.exit(f"This is Python {here}, and the kit is for {pythons}. Start install.py with one of these.")
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-index"]
    run(sys.executable, "-m", "venv", "--clear", ".venv")
    run(*(pip + ["--find-links", os.path.join(HERE, "wheels"), "-r", "requirements.lock"]))
    run(*(pip + ["--no-deps", "--no-build-isolation", "-e", "."]))
    zips = os.path.join(HERE, "hgr1")
    if any(name.endswith(".zip") for name in os.listdir(zips)):
        print(f"Real photos: set HANDSEG_HGR1={zips} before you start.")
    print(f"Done. To begin, in {COURSE}:")
    print(f"    {os.path.relpath(PYTHON, COURSE)} -m jupyter lab --ServerApp.root_dir=. notebooks/00_start_here.ipynb")


if __name__ == "__main__":
    main()
