"""What the doctor looks at: one small examination for each thing that keeps a machine from running the course.

Nothing here needs Keras, and the rest of the library only where it is looked at: what is broken may be just that. An
examination yields what it found, each with a mark, a reason and, unless all is well, a remedy: a command where one
mends it.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import locale
import os
import platform
import re
import shlex
import shutil
import socket
import sys
import tempfile
import tomllib
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .. import start

LIBRARY = Path(__file__).parents[1]
OK, NOTE, BROKEN = "ok", "note", "broken"
# What the lessons need, in GiB; tests/test_doctor.py holds it against what benchmarks/memory.py measured.
MEMORY, LITTLE_MEMORY = 2.2, 1.2  # of the largest lesson with its libraries, and of a small one
DISK, LITTLE_DISK = 0.5, 0.05  # for HGR1 with its zips, or a training's state; and for the drawn hands
PORT = 8888  # JupyterLab's
# Packages of one and the same import, of which any will do.
ALIKE = {
    "tensorflow": ("tensorflow-cpu", "tensorflow-macos", "tf-nightly"),
    "opencv-python-headless": ("opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless"),
}
BACKENDS = ("tensorflow", "jax", "torch")


class Finding(NamedTuple):
    """What an examination found: of what, how bad it is (``OK``, ``NOTE`` or ``BROKEN``), why, and what to do."""

    check: str
    mark: str
    reason: str
    remedy: str = ""


# Python and its packages


def python() -> Iterator[Finding]:
    """Of which TensorFlow is made for some versions only."""
    version, bits = ".".join(map(str, sys.version_info[:3])), 64 if sys.maxsize > 2**32 else 32
    if bits == 32 or not (3, 11) <= sys.version_info[:2] <= (3, 13):
        remedy = "make env PYTHON=python3.12, or: conda env create -f environment.yml"
        yield Finding("python", BROKEN, f"{version}, {bits} bits; the course needs 3.11 to 3.13, 64 bits", remedy)
    else:
        yield Finding("python", OK, f"{version} in {short(sys.prefix)}")


def processor(told: Path = Path("/proc/cpuinfo")) -> Iterator[Finding]:
    """Whether TensorFlow's packages for x86-64 run on it; of other processors nothing is known to be missing."""
    try:
        flags = set(told.read_text().split())
    except OSError:
        return
    if platform.machine() == "x86_64" and "avx" not in flags:
        yield Finding("processor", BROKEN, "it has no AVX, which TensorFlow needs", "Take Colab or Binder")
    elif os.cpu_count() == 1:
        yield Finding("processor", NOTE, "one core: lesson 06 takes twice its time", "export HANDSEG_PROFILE=smoke")
    else:
        yield Finding("processor", OK, f"{os.cpu_count()} cores")


def packages() -> Iterator[Finding]:
    """Whether every package is there that the course asks for, and those that they ask for, in versions that fit.

    This finds known bad pairs by the packages' own word, such as ipywidgets 8 with the widgets' front end of 7.
    """
    faults = list(unmet())
    for asked_by, requirement, version in faults:
        mark = NOTE if version and asked_by not in {"handseg", *direct()} else BROKEN
        state = f"{version} is installed" if version else "it is missing"
        yield Finding("packages", mark, f"{asked_by} needs {requirement}, and {state}", pip(f'"{requirement}"'))
    several = [name for name in ("opencv-python-headless", *ALIKE["opencv-python-headless"]) if installed(name)]
    if len({installed(name) for name in several}) > 1:
        reason = f"{' and '.join(several)} share one folder, and the last one installed has overwritten the other"
        again = pip(f"--force-reinstall --no-deps opencv-python-headless=={installed(several[0])}")
        yield Finding("packages", NOTE, reason, f"Where cv2 does not work: {again}")
    if not faults:
        yield Finding("packages", OK, "all that the course asks for, in versions that fit each other")


def unmet() -> Iterator[tuple[str, str, str | None]]:
    """Requirements that do not hold, of all packages that the course draws in: who asks, for what, what is there."""
    from packaging.requirements import Requirement

    seen, todo = set(), [("handseg", Requirement(line)) for line in own_requirements()]
    while todo:
        asked_by, requirement = todo.pop(0)
        if (key := (requirement.name.lower(), frozenset(requirement.extras), str(requirement.specifier))) in seen:
            continue
        seen.add(key)
        name = next((name for name in (requirement.name, *ALIKE.get(requirement.name, ())) if installed(name)), None)
        version = name and installed(name)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield asked_by, f"{requirement.name}{requirement.specifier}", version
        for line in importlib.metadata.requires(name) or [] if name else []:
            further = Requirement(line)
            if not further.marker or any(further.marker.evaluate({"extra": e}) for e in ("", *requirement.extras)):
                todo.append((str(name), further))


def own_requirements() -> list[str]:
    """What the course itself asks for: by pyproject.toml in a clone, else by the installed package."""
    if (project := LIBRARY.parent / "pyproject.toml").is_file():
        return tomllib.loads(project.read_text("utf-8"))["project"]["dependencies"]
    return [line for line in importlib.metadata.requires("handseg") or [] if "extra ==" not in line]


def direct() -> set[str]:
    """The names of the packages that the course itself asks for."""
    names = {re.match(r"[\w.-]+", line)[0] for line in own_requirements()}
    return names.union(*(ALIKE.get(name, ()) for name in names))


def installed(name: str) -> str | None:
    """The version of a package; None where it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


# Jupyter


def jupyter() -> Iterator[Finding]:
    """Whether a notebook can be opened here, and a kernel started."""
    if installed("google-colab"):
        yield Finding("jupyter", OK, "Colab's own")
        return
    if not installed("ipykernel"):
        yield Finding("jupyter", BROKEN, "without ipykernel no notebook runs with this Python", pip("ipykernel"))
    lab = next((f"{name} {installed(name)}" for name in ("jupyterlab", "notebook") if installed(name)), None)
    if lab is None:
        reason = "neither JupyterLab nor Notebook is installed; VS Code has its own"
        yield Finding("jupyter", NOTE, reason, pip("jupyterlab"))
    elif installed("ipykernel"):
        yield Finding("jupyter", OK, lab)


def widgets() -> Iterator[Finding]:
    """Whether what draws the widgets in the browser belongs to what speaks to it here."""
    if not installed("jupyterlab"):
        return
    back = installed("ipywidgets") or "8"
    fronts = {
        "@jupyter-widgets/jupyterlab-manager": ("3" if back.startswith("7.") else "5", "jupyterlab_widgets"),
        "anywidget": (installed("anywidget"), "anywidget"),
    }
    for name, (wanted, package) in fronts.items():
        found = front_end(name)
        if found is None or not (found == wanted or found.startswith(f"{wanted}.")):
            have = f"is of version {found}" if found else "is missing"
            reason = f"JupyterLab's {name} {have}, and {wanted} belongs to ipywidgets {back}: no widget would be shown"
            fitting = {"3": '"jupyterlab_widgets<3"', "5": '"jupyterlab_widgets>=3,<4"'}.get(str(wanted), package)
            yield Finding("widgets", BROKEN, reason, pip(f"--force-reinstall --no-deps {fitting}"))
        else:
            yield Finding("widgets", OK, f"{name} {found}")


def front_end(name: str) -> str | None:
    """The version of one of JupyterLab's extensions; None where there is none."""
    try:
        from jupyter_core.paths import jupyter_path

        folders = jupyter_path("labextensions")
    except ImportError:
        folders = [os.path.join(sys.prefix, "share", "jupyter", "labextensions")]
    for folder in folders:
        try:
            return json.loads(Path(folder, name, "package.json").read_text("utf-8"))["version"]
        except (OSError, ValueError, KeyError):
            pass
    return None


def ports() -> Iterator[Finding]:
    """Whether a browser on this machine can reach a server on it."""
    try:
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
    except OSError as error:
        reason = f"no server can be opened on 127.0.0.1 ({error.strerror}), and Jupyter is one"
        yield Finding("ports", BROKEN, reason, "Ask whoever looks after this machine")
        return
    with socket.socket() as client:
        client.settimeout(1)
        taken = client.connect_ex(("127.0.0.1", PORT)) == 0
    if taken:
        yield Finding(
            "ports", OK, f"{PORT} is taken, most likely by a Jupyter that runs already; a new one takes the next"
        )
    else:
        yield Finding("ports", OK, f"{PORT} is free")


def language() -> Iterator[Finding]:
    """Whether text is written as UTF-8, as the names of photos may need it."""
    try:
        locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:
        names = [f"{name}={os.environ[name]}" for name in ("LC_ALL", "LC_CTYPE", "LANG") if os.environ.get(name)]
        reason = f"{', '.join(names)}: this machine has no such language"
        yield Finding("locale", NOTE, reason, "export LC_ALL=C.UTF-8")
        return
    encoding = locale.getpreferredencoding(False)
    if os.name == "posix" and encoding.lower().replace("-", "") != "utf8":
        reason = f"text is written as {encoding}, in which names with accents may be lost"
        yield Finding("locale", NOTE, reason, "export PYTHONUTF8=1")
    else:
        yield Finding("locale", OK, encoding)


# Memory and disk


def memory() -> Iterator[Finding]:
    """Whether there is enough for the lessons: what is free, and what this process may have of it."""
    limits = [(gib, why) for gib, why in memory_limits() if gib is not None]
    if not limits:
        yield Finding("memory", NOTE, "how much is free cannot be seen here", pip("psutil"))
        return
    gib, why = min(limits)
    reason = f"{gib:.1f} GiB {why}"
    if gib < LITTLE_MEMORY:
        reason += f"; even a small lesson needs {LITTLE_MEMORY:g}"
        yield Finding("memory", BROKEN, reason, "jupyter lab stop, and close other programs; or take Colab")
    elif gib < MEMORY:
        reason += f"; lessons 04 and 06 need up to {MEMORY:g}"
        yield Finding("memory", NOTE, reason, "Close other kernels; before lesson 06: export HANDSEG_PROFILE=smoke")
    else:
        yield Finding("memory", OK, reason)


def memory_limits() -> Iterator[tuple[float | None, str]]:
    """All that bounds the memory of this process: so many GiB, and in words what they are."""
    try:
        import psutil
    except ImportError:  # it comes with Jupyter's kernel
        pass
    else:
        yield psutil.virtual_memory().available / 2**30, "free"
    try:
        import resource
    except ImportError:  # Windows
        return
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    if allowed != resource.RLIM_INFINITY:
        yield allowed / 2**30, "allowed to a process by ulimit -v"
    for limit in group_limits():
        yield limit / 2**30, "allowed to this container or session (control group)"


def group_limits(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> Iterator[int]:
    """The bytes that Linux's control groups, of either version, allow this process, from the innermost group out."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for _, controllers, path in (line.split(":", 2) for line in lines):
        if controllers not in ("", "memory"):
            continue
        kind, file = ("memory", "memory.limit_in_bytes") if controllers else ("", "memory.max")
        group = Path(path.strip("/"))
        for inner in (group, *group.parents):
            try:
                text = (root / kind / inner / file).read_text().strip()
            except OSError:  # in a container, the groups outside it cannot be seen
                continue
            if text.isdigit() and int(text) < 2**60:  # version 1 writes a huge number for no limit
                yield int(text)


def folders() -> Iterator[Finding]:
    """Whether what the course keeps can be written, and there is room for it."""
    from ..data import hgr1

    places = {"cache": (hgr1.cache().parent, "XDG_CACHE_HOME"), "temporary files": (None, "TMPDIR")}
    for name, (folder, variable) in places.items():
        elsewhere = f"export {variable}=$HOME/handseg-{variable.split('_')[0].lower()}; mkdir -p ${variable}"
        try:
            folder = folder or Path(tempfile.gettempdir())
            folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(folder).free / 2**30
            trial = folder / f"doctor-{uuid.uuid4().hex}"
            try:
                trial.write_bytes(bytes(2**16))
            finally:
                trial.unlink(missing_ok=True)
        except OSError as error:
            where = short(folder or "no folder")
            yield Finding(name, BROKEN, f"{where} cannot be written ({error.strerror})", elsewhere)
            continue
        reason = f"{short(folder)}, {free:.1f} GiB free"
        if free < LITTLE_DISK:
            yield Finding(name, BROKEN, f"{reason}: the disk is full", f"Make room there, or: {elsewhere}")
        elif free < DISK:
            yield Finding(name, NOTE, f"{reason}; fetching HGR1 or a training may need {DISK:g}", elsewhere)
        else:
            yield Finding(name, OK, reason)


# What is shipped


def shipped() -> Iterator[Finding]:
    """Whether the library's own files are whole: a flipped bit in the weights would show as an odd error far off."""
    assets, faults = LIBRARY / "assets", {}
    for name, digest in weights():
        faults |= fault_of(assets / name, digest)
    # a lesson with checks has a quiz
    for lesson in sorted((LIBRARY / "course" / "check").glob("lesson_*.py")):
        quiz = LIBRARY / "course" / "quizzes" / f"{lesson.stem[-2:]}.json"
        try:
            json.loads(quiz.read_text("utf-8"))
        except FileNotFoundError:
            faults[quiz] = "missing"
        except ValueError:
            faults[quiz] = "not as it was shipped"
    for file in importlib.metadata.files("handseg") or [] if installed("handseg") else []:
        path = Path(file.locate())
        if file.hash and LIBRARY in path.parents:  # of an installed package, but not of a clone, all hashes are known
            faults |= fault_of(path, None)
            if path not in faults and file.hash.value != urlsafe_sha256(path):
                faults[path] = "not as it was shipped"
    for path, fault in faults.items():
        yield Finding("shipped files", BROKEN, f"{short(path)} is {fault}", restore(path))
    if not faults:
        yield Finding("shipped files", OK, "weights and quizzes are as they were shipped")


def weights() -> Iterator[tuple[str, str | None]]:
    """The files of weights, each with its SHA-256; None where that has been lost."""
    text = (LIBRARY / "encoder.py").read_text("utf-8")  # not imported, for that needs Keras
    yield "encoder.npz", re.search(r'WEIGHTS_SHA256 = "(\w+)"', text)[1]
    try:
        digest = json.loads((LIBRARY / "assets" / "course_model.json").read_text("utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        yield "course_model.json", "unknown"
    else:
        yield "course_model.npz", digest


def fault_of(path: Path, digest: str | None) -> dict[Path, str]:
    """What is wrong with a file, if anything is; without a digest only whether it is there and not empty."""
    try:
        if not path.stat().st_size:
            return {path: "empty"}
        whole = digest is None or hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except OSError as error:
        return {path: "missing" if isinstance(error, FileNotFoundError) else f"not to be read ({error.strerror})"}
    return {} if whole else {path: "not as it was shipped"}


def urlsafe_sha256(path: Path) -> str:
    """A file's SHA-256 as the list of an installed package has it."""
    import base64

    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()


def restore(path: Path) -> str:
    """The command that brings a shipped file back."""
    if (LIBRARY.parent / ".git").exists():
        return f"git -C {shlex.quote(short(LIBRARY.parent))} checkout -- {path.relative_to(LIBRARY.parent).as_posix()}"
    addresses = importlib.metadata.metadata("handseg").get_all("Project-URL", []) if installed("handseg") else []
    address = next((line.split(", ")[1] for line in addresses if line.startswith("Repository")), None)
    source = f"git+{address}" if address else "the package, or the clone, that you had it from"
    return pip(f"--force-reinstall --no-deps {source}")


# Data and settings


def photos() -> Iterator[Finding]:
    """Whether HGR1 is whole where it is, and what HANDSEG_HGR1 and HANDSEG_ROOMS name is there."""
    from ..data import hgr1, rooms

    named = os.environ.get("HANDSEG_HGR1")
    fetch = "python -m handseg_lib fetch"
    if named == "none":
        yield Finding("hgr1", OK, "HANDSEG_HGR1=none: not wanted, and drawn hands stand in")
    elif named:
        yield from hgr1_in(Path(os.path.expanduser(named)), f"HANDSEG_HGR1={named}", unset("HANDSEG_HGR1"))
    elif hgr1.cache().exists():
        again = f"rm -r {shlex.quote(short(hgr1.cache()))}; {fetch}"
        yield from hgr1_in(hgr1.cache(), short(hgr1.cache()), again)
    else:
        yield Finding("hgr1", OK, f"not here, and drawn hands stand in; to bring it: {fetch}")
    named = os.environ.get("HANDSEG_ROOMS")
    if named and not any(Path(os.path.expanduser(named)).glob("*")):
        reason = f"HANDSEG_ROOMS={named}: no such folder, or nothing in it"
        yield Finding("rooms", BROKEN, reason, f"{unset('HANDSEG_ROOMS')}, or: {fetch} rooms")
    elif named or rooms.cache().exists():
        yield Finding("rooms", OK, short(named or rooms.cache()))


def hgr1_in(root: Path, where: str, remedy: str) -> Iterator[Finding]:
    """What a folder that should hold HGR1 does hold."""
    from ..data import archives, hgr1
    from ..data.gate import InputError

    zips = [root / name for name in hgr1.ZIPS]
    holds = f"or let it name the folder that holds {hgr1.IMAGES} and {hgr1.MASKS}, or the two zips"
    if not root.is_dir():
        yield Finding("hgr1", BROKEN, f"{where}: no such folder", f"{remedy}, {holds}")
    elif (root / hgr1.IMAGES).is_dir():
        listed = archives.read_list(hgr1.LIST)
        here = [name for name in listed if (root / name).is_file()][:20]
        try:
            samples = hgr1.load(root)
            # other photos may have the same names, as drawn hands do: not of HGR1, where not even one is
            if any(archives.sha256(root / name) == listed[name] for name in here):
                archives.hold_to_list(root, listed, hgr1.MEMBER, where, "")
        except InputError as error:
            yield Finding("hgr1", BROKEN, str(error).rstrip(), remedy)
        else:
            yield Finding("hgr1", OK, f"{where}: {len(samples)} photos")
    elif all(path.is_file() for path in zips):
        bad = [path for path in zips if not is_whole(path)]
        for path in bad:
            yield Finding("hgr1", BROKEN, f"{short(path)} is damaged", f"Download it again from {hgr1.HOME}")
        if not bad:
            yield Finding("hgr1", OK, f"{where}: its two zips")
    else:
        what = "is empty" if not any(root.iterdir()) else f"holds neither {hgr1.IMAGES} nor the two zips"
        yield Finding("hgr1", BROKEN, f"{where}: the folder {what}", f"{remedy}, {holds}")


def is_whole(path: Path) -> bool:
    """True if every member of a zip is as its checksum says."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except Exception:  # of a damaged zip almost anything is raised
        return False


def profile() -> Iterator[Finding]:
    """Whether HANDSEG_PROFILE names one."""
    named = os.environ.get("HANDSEG_PROFILE")
    if named and named not in ("smoke", "quick", "full"):
        reason = f"HANDSEG_PROFILE={named}: there is no such profile"
        yield Finding("profile", BROKEN, reason, f"{unset('HANDSEG_PROFILE')}, or name smoke, quick or full")


def backend() -> Iterator[Finding]:
    """Whether the backend that Keras is told to take is there, and keras.json is one that Keras can read."""
    path, variable = start.keras_json(), os.environ.get("KERAS_BACKEND")
    odd = start.odd_settings()
    away = f"mv {shlex.quote(short(path))} {shlex.quote(short(path) + '.old')}"
    in_file = next((setting.partition("=")[2] for setting in odd if setting.startswith("backend=")), "tensorflow")
    name, source = (
        (variable, f"KERAS_BACKEND={variable}") if variable else (in_file, f"{short(path)}: backend={in_file}")
    )
    way_back = unset("KERAS_BACKEND") if variable else away
    if name not in BACKENDS:
        reason = f"{source}: the course trains with {', '.join(BACKENDS)} alone"
        yield Finding("backend", BROKEN, reason, way_back)
    elif importlib.util.find_spec(name) is None:
        install = pip(f'"{next((line for line in own_requirements() if line.startswith(name)), name)}"')
        told = variable or in_file != "tensorflow"
        reason = f"{source}, and {name} is not installed" if told else f"{name} is not installed"
        yield Finding("backend", BROKEN, reason, f"{way_back}, or: {install}" if told else install)
    else:
        yield Finding("backend", OK, name)
    if odd == ["what is no JSON object"]:
        yield Finding("keras.json", BROKEN, f"{short(path)} is no JSON object, and Keras cannot start", away)
    elif odd:
        reason = f"{short(path)}: {', '.join(odd)}; the course passes over it"
        yield Finding("keras.json", NOTE, reason, f"For Keras's own settings: {away}")


# Words


def short(path: str | Path) -> str:
    """A path with ~ for the home folder, as a shell takes it; a report may be shown to others."""
    text, home = str(path), str(Path.home())
    return "~" + text[len(home) :] if text == home or text.startswith(home + os.sep) else text


def pip(what: str) -> str:
    """The command that installs something for this very Python."""
    return f"{shlex.quote(sys.executable)} -m pip install {what}"


def unset(variable: str) -> str:
    """The command that takes a variable away."""
    return f"set {variable}=" if os.name == "nt" else f"unset {variable}"


ALL = (
    python,
    processor,
    packages,
    backend,
    shipped,
    photos,
    profile,
    memory,
    folders,
    jupyter,
    widgets,
    ports,
    language,
)
