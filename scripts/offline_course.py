"""Runs the lessons as a borrowed machine has them: without a network, and where only one cache may be written.

    make offline-course [ARGS='03 04']      default: all lessons, sliders and the capstone

Linux's namespaces take away every network but the loopback, which the kernels talk by, and make the home, the clone and
all folders of Python and its packages read-only, for root too. What is left is one new folder, for caches, for files of
a moment, and for what a lesson writes beside its notebook. It is seen first that both hold. Drawn hands, profile smoke;
ten minutes on two cores. Needs `ip`; exit code 1 names the lessons that failed, 99 says that no namespace may be made.
"""

import os
import shutil
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APART = """\
ip link set lo up || exit 99
for folder in "$@"; do mount --bind "$folder" "$folder" && mount -o remount,bind,ro "$folder" || exit 99; done
exec "$PYTHON" "$SCRIPT" --inside $LESSONS
"""


def read_only() -> list[str]:
    """The home, the clone, and the folders of Python and its packages; none that lies in another of them."""
    found = {Path.home(), ROOT, Path(sys.prefix), Path(sys.base_prefix, "lib"), *map(Path, site.getsitepackages())}
    found = {folder.resolve() for folder in found if folder.is_dir()}
    return sorted(str(folder) for folder in found if not found.intersection(folder.parents))


def go_apart(lessons: list[str], cache: str) -> int:
    """Calls this script again, where there is no network and only the cache can be written."""
    if shutil.which("unshare") is None:
        return 99
    env = {name: value for name, value in os.environ.items() if not name.startswith(("HANDSEG_", "XDG_", "JUPYTER_"))}
    env |= {"PYTHON": sys.executable, "SCRIPT": __file__, "LESSONS": " ".join(lessons)}
    env |= {"XDG_CACHE_HOME": cache, "TMPDIR": cache, "JUPYTER_RUNTIME_DIR": f"{cache}/jupyter"}
    env |= {"HANDSEG_PROFILE": "smoke", "HANDSEG_HGR1": "none", "TF_CPP_MIN_LOG_LEVEL": "3", "TQDM_DISABLE": "1"}
    command = ["unshare", "--map-root-user", "--net", "--mount", "sh", "-c", APART, "sh", *read_only()]
    return subprocess.run(command, env=env, cwd=cache).returncode


def insist() -> None:
    """Ends here unless there is no way out and nothing can be written."""
    for folder in (str(Path.home()), str(ROOT), sysconfig.get_path("purelib")):
        try:
            Path(folder, "handseg-probe").touch()
        except OSError:
            continue
        Path(folder, "handseg-probe").unlink()
        sys.exit(f"{folder} can be written: this proves nothing.")
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=2)  # an address for examples
    except OSError as error:
        print(f"No way out ({error}), and nothing to write but {os.environ['TMPDIR']}.", flush=True)
    else:
        sys.exit("There is a way out: this proves nothing.")


def run(notebook: Path) -> str:
    """Runs a notebook in a folder of its own; what was wrong, or nothing."""
    import nbformat
    from nbclient import NotebookClient

    nb = nbformat.read(notebook, 4)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(nb, timeout=900, kernel_name="python3", resources={"metadata": {"path": folder}})
        try:
            client.execute()
        except Exception as error:  # a cell's, or a kernel's that died
            return str(error)
    return ""


def main() -> int:
    lessons = [word for word in sys.argv[1:] if word != "--inside"]
    if "--inside" not in sys.argv:
        with tempfile.TemporaryDirectory(prefix="handseg-cache-") as cache:
            return go_apart(lessons, cache)
    insist()
    failed = 0
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if not lessons or notebook.stem.partition("_")[0] in lessons:
            start = time.perf_counter()
            wrong = run(notebook)
            failed += bool(wrong)
            print(f"{notebook.stem}: {wrong or 'ran'} ({time.perf_counter() - start:.0f} s)", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
