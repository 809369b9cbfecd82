"""Makes a folder for a stick, from which a room without network installs the course: make offline-kit

    python scripts/offline_kit.py [--targets linux-3.12 windows-3.12 ...] [--out offline-kit] [--try]

In it: the clone, the wheels of requirements.lock for every target (each some 600 MB), a place for HGR1's two zips, and
install.py, which touches no network. A target is one of linux, mac, windows with a Python of the course; the default is
this machine's. --try installs from the kit where there is no route to anywhere (Linux), and outlines a hand.
"""

import argparse
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
HERE = {"Linux": "linux", "Darwin": "mac", "Windows": "windows"}[platform.system()]
# What a wheel's name may say of a system that can run it, and what the markers of the lock ask about it
TAGS = {
    "linux": [f"manylinux_2_{minor}_x86_64" for minor in (39, 35, 34, 31, 28, 27, 26, 24, 17, 12, 5)],
    "mac": ["macosx_14_0_arm64", "macosx_14_0_universal2"],
    "windows": ["win_amd64"],
}
TAGS["linux"] += ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"]
MARKERS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64", "os_name": "posix"},
    "mac": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64", "os_name": "posix"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64", "os_name": "nt"},
}
OUTLINE = ["-m", "handseg_lib", "predict", "docs/hands.jpg"]
README = """\
The course "Outline a hand", for a room without network.

    python3 install.py          (on Windows: python install.py)

It wants Python {pythons}, installs into handseg-course/.venv and says how to begin. For real photos, put
hgr1_images.zip and hgr1_skin.zip into the folder hgr1, as they come from https://sun.aei.polsl.pl/~mkawulok/gestures/.
"""


def wanted(lock: str, system: str, python: str) -> list[str]:
    """The lines of the lock that a target needs, with their hashes. No markers: pip would ask this machine about them.

    Args:
        lock: the text of requirements.lock.
        system, python: such as ``"linux"``, ``"3.12"``.
    """
    about = MARKERS[system] | {"python_version": python, "python_full_version": f"{python}.9", "extra": ""}
    about |= {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    lines = []
    for line in re.sub(r"\\\n\s*", "", lock).splitlines():
        if line.strip() and not line.startswith("#"):
            text, *hashes = line.split(" --hash=")
            each = Requirement(text)
            if each.marker is None or each.marker.evaluate(about):
                lines.append(" --hash=".join([f"{each.name}{each.specifier}", *hashes]))
    return lines


def download(target: str, wheels: Path) -> None:
    """Brings a target's wheels."""
    system, _, python = target.partition("-")
    chosen = wheels.parent / f"{target}.txt"
    chosen.write_text("\n".join(wanted((ROOT / "requirements.lock").read_text("utf-8"), system, python)), "utf-8")
    tags = [word for tag in TAGS[system] for word in ("--platform", tag)]
    options = ["--no-deps", "--only-binary=:all:", "--python-version", python, *tags, "-d", wheels, "-r", chosen]
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", *options], check=True)
    chosen.unlink()


def make(targets: list[str], out: Path) -> None:
    """Makes the kit."""
    shutil.rmtree(out, ignore_errors=True)
    (out / "hgr1").mkdir(parents=True)
    subprocess.run(["git", "clone", "-q", "--depth", "1", ROOT.as_uri(), out / "handseg-course"], check=True)
    shutil.copy(ROOT / "scripts" / "offline_install.py", out / "install.py")
    pythons = ", ".join(sorted({target.partition("-")[2] for target in targets}))
    (out / "README.txt").write_text(README.format(pythons=pythons), "utf-8")
    for target in targets:
        print(f"{target} ...", flush=True)
        download(target, out / "wheels")


def try_out(out: Path) -> None:
    """Installs from the kit, and outlines a hand, in a network namespace without a route."""
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    subprocess.run([*alone, sys.executable, "install.py"], cwd=out, check=True)
    with tempfile.TemporaryDirectory() as folder:
        outline = [*OUTLINE, "--out", folder]
        subprocess.run([*alone, ".venv/bin/python", *outline], cwd=out / "handseg-course", check=True)
    shutil.rmtree(out / "handseg-course" / ".venv")  # it is this machine's


def main() -> None:
    """Called by make offline-kit."""
    here = f"{HERE}-{sys.version_info.major}.{sys.version_info.minor}"
    every = [f"{system}-{python}" for system in TAGS for python in ("3.11", "3.12", "3.13")]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", nargs="+", choices=every, default=[here], metavar="SYSTEM-PYTHON")
    parser.add_argument("--out", type=Path, default=ROOT / "offline-kit")
    parser.add_argument("--try", dest="attempt", action="store_true", help="install from it without a network")
    options = parser.parse_args()
    make(options.targets, options.out.resolve())
    if options.attempt:
        try_out(options.out.resolve())
    print(f"{options.out}: {sum(f.stat().st_size for f in options.out.rglob('*') if f.is_file()) / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
