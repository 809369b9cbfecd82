"""The doctor: a machine is broken, in a folder or a process where it can be, and its one fault named with a remedy."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_house import ROOT

from handseg_lib.course import checkup, doctor
from handseg_lib.data import archives, hgr1

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such thing")


@pytest.fixture(autouse=True)
def sound(monkeypatch, tmp_path):
    """A machine on which nothing is broken, with a cache of its own."""
    for name in ("HANDSEG_HGR1", "HANDSEG_ROOMS", "HANDSEG_PROFILE", "KERAS_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras").mkdir()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """The library in a repository whose commits hold what is shipped: its folder."""
    folder = tmp_path_factory.mktemp("shipped")
    shutil.copytree(ROOT / "handseg_lib", folder / "handseg_lib", ignore=shutil.ignore_patterns("__pycache__"))
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=b", "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


@pytest.fixture
def clone(shipped, monkeypatch, tmp_path):
    """A clone of the library to break: its folder."""
    copy = shutil.copytree(shipped, tmp_path / "clone")
    monkeypatch.setattr(checkup, "LIBRARY", copy / "handseg_lib")
    return copy / "handseg_lib"


def broken() -> list[checkup.Finding]:
    return [finding for finding in doctor.examine() if finding.mark == checkup.BROKEN]


def in_a_process(*args, **variables) -> subprocess.CompletedProcess:
    """The command as it is typed."""
    environ = os.environ | {"PYTHONPATH": str(ROOT)} | variables
    command = [sys.executable, "-m", "handseg_lib", "doctor", *args]
    return subprocess.run(command, capture_output=True, text=True, env=environ)


def told(done: subprocess.CompletedProcess) -> dict[str, dict]:
    """What is broken by the line of JSON, by the name of the check."""
    assert done.returncode == 1 and done.stderr == "", done.stderr
    (line,) = done.stdout.splitlines()
    found = json.loads(line)["checks"]
    return {finding["check"]: finding for finding in found if finding["mark"] == "broken"}


def test_a_sound_machine_is_told_to_be_one():
    assert broken() == []
    for finding in doctor.examine():
        assert finding.reason and bool(finding.remedy) == (finding.mark != checkup.OK), finding


# What is shipped


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    "name, spoil, fault",
    [
        ("assets/encoder.npz", flip, "not as it was shipped"),
        ("assets/course_model.npz", flip, "not as it was shipped"),
        ("assets/encoder.npz", empty, "empty"),
        ("assets/course_model.npz", empty, "empty"),
        ("assets/encoder.npz", Path.unlink, "missing"),
        ("assets/course_model.npz", Path.unlink, "missing"),
        ("assets/course_model.json", Path.unlink, "missing"),
        ("course/quizzes/05.json", Path.unlink, "missing"),
        ("course/quizzes/05.json", empty, "not as it was shipped"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_file_that_is_not_as_it_was_shipped_comes_back_by_the_remedy(clone, name, spoil, fault):
    spoil(clone / name)
    (finding,) = broken()
    assert finding.check == "shipped files" and f"{name} is {fault}" in finding.reason
    subprocess.run(finding.remedy, shell=True, check=True, capture_output=True)
    assert broken() == []


def test_without_a_clone_the_package_is_to_be_installed_again(clone):
    shutil.rmtree(clone.parent / ".git")
    (clone / "assets" / "encoder.npz").unlink()
    (finding,) = broken()
    assert "pip install --force-reinstall --no-deps git+https://" in finding.remedy


# Python, processor, ports, language


def marks(findings) -> list[str]:
    return [finding.mark for finding in findings]


def test_a_python_for_which_there_is_no_tensorflow_is_named(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 14, 0, "final", 0))
    (finding,) = checkup.python()
    assert finding.mark == "broken" and "3.14.0, 64 bits; the course needs 3.11 to 3.13" in finding.reason
    assert "make env PYTHON=python3.12" in finding.remedy


@pytest.mark.parametrize(
    "flags, cores, mark, words",
    [("sse4_2", 4, "broken", "no AVX"), ("sse4_2 avx", 1, "note", "one core"), ("sse4_2 avx", 4, "ok", "4 cores")],
)
def test_a_processor_that_cannot_run_tensorflow_is_named(monkeypatch, tmp_path, flags, cores, mark, words):
    monkeypatch.setattr(checkup.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    (tmp_path / "cpuinfo").write_text(f"flags : fpu {flags}\n")
    (finding,) = checkup.processor(tmp_path / "cpuinfo")
    assert finding.mark == mark and words in finding.reason
    assert list(checkup.processor(tmp_path / "nowhere")) == [], "other systems have no such file"


def test_a_port_that_is_taken_is_no_fault(monkeypatch):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        monkeypatch.setattr(checkup, "PORT", server.getsockname()[1])
        (finding,) = checkup.ports()
    assert finding.mark == "ok" and "is taken" in finding.reason
    (finding,) = checkup.ports()
    assert finding.mark == "ok" and "is free" in finding.reason


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other words for a language")
@pytest.mark.parametrize(
    "language, words", [("xx_XX", "this machine has no such language"), ("C", "names with accents")]
)
def test_a_language_in_which_names_may_be_lost_is_named(language, words):
    """In a process of its own, for a process has one language."""
    code = "from handseg_lib.course import checkup; (f,) = checkup.language(); print(f.mark, f.reason, f.remedy)"
    environ = os.environ | {"LC_ALL": language, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)}
    told = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True).stdout
    assert told.startswith("note ") and words in told and "export " in told


# Packages and front ends


@pytest.fixture
def install(monkeypatch, tmp_path):
    """Installs a package of that version before all others, as far as pip's records say so."""

    def put(name, version, *requirements):
        folder = tmp_path / "site" / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        (folder / "METADATA").write_text("\n".join(lines + [f"Requires-Dist: {line}" for line in requirements]) + "\n")
        monkeypatch.syspath_prepend(tmp_path / "site")

    return put


def test_the_widgets_front_end_of_another_ipywidgets_is_named(install):
    install("jupyterlab_widgets", "1.1.11")
    install("ipywidgets", "8.1.9", "jupyterlab_widgets~=3.0.15")
    (finding,) = broken()
    assert finding.reason == "ipywidgets needs jupyterlab_widgets~=3.0.15, and 1.1.11 is installed"
    assert finding.remedy.endswith('pip install "jupyterlab_widgets~=3.0.15"')


def test_an_ipywidgets_that_has_no_front_end_here_is_named(install):
    """ipywidgets 7 in JupyterLab with the front end of 8: sliders would be shown as text."""
    if checkup.front_end("@jupyter-widgets/jupyterlab-manager") is None:
        pytest.skip("no JupyterLab here")
    install("ipywidgets", "7.7.1")
    (finding,) = broken()
    assert finding.check == "widgets" and "3 belongs to ipywidgets 7.7.1" in finding.reason
    assert "jupyterlab_widgets<3" in finding.remedy


def test_a_version_that_is_too_old_is_named_with_the_one_that_does(install):
    install("keras", "3.12.0")
    (finding,) = broken()
    assert finding.reason == "handseg needs keras>=3.13.2, and 3.12.0 is installed"
    assert finding.remedy.endswith('pip install "keras>=3.13.2"')


def test_two_opencvs_in_one_folder_are_named(install):
    there = next(name for name in checkup.ALIKE["opencv-python-headless"] if checkup.installed(name) is None)
    install(there, "4.0.0")
    (finding,) = [each for each in checkup.packages() if "share one folder" in each.reason]
    assert finding.mark == "note" and there in finding.reason and "--force-reinstall" in finding.remedy


def test_what_opens_no_notebook_is_named(monkeypatch):
    monkeypatch.setattr(checkup, "installed", lambda name: None)
    kernel, lab = checkup.jupyter()
    assert kernel.mark == "broken" and "without ipykernel no notebook runs" in kernel.reason
    assert lab.mark == "note" and lab.remedy.endswith("pip install jupyterlab")
    assert list(checkup.widgets()) == [], "without JupyterLab it has no front end"


def test_colab_brings_its_own_jupyter(install):
    install("google-colab", "1.0.0")
    (finding,) = checkup.jupyter()
    assert finding.mark == "ok" and finding.reason == "Colab's own"


# Folders, memory


@pytest.mark.parametrize("gib, mark, words", [(0.5, "broken", "even a small lesson"), (1.9, "note", "04 and 06")])
def test_memory_that_is_short_for_some_lessons_is_named(monkeypatch, gib, mark, words):
    monkeypatch.setattr(checkup, "memory_limits", lambda: iter([(8.0, "free"), (gib, "allowed")]))
    (finding,) = checkup.memory()
    assert finding.mark == mark and finding.reason.startswith(f"{gib} GiB allowed") and words in finding.reason


def test_memory_that_cannot_be_seen_is_no_fault(monkeypatch):
    monkeypatch.setattr(checkup, "memory_limits", lambda: iter([]))
    assert marks(checkup.memory()) == ["note"]


@pytest.mark.parametrize("gib, mark", [(0.01, "broken"), (0.2, "note"), (9.0, "ok")])
def test_a_disk_with_little_room_is_named(monkeypatch, gib, mark):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=gib * 2**30))
    assert marks(checkup.folders()) == [mark, mark]


@POSIX
def test_a_cache_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way, for whoever it is that runs this")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    (finding,) = broken()
    assert finding.check == "cache" and "cannot be written (Not a directory)" in finding.reason
    assert "export XDG_CACHE_HOME=$HOME/" in finding.remedy


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's namespaces")
def test_a_full_disk_is_named(tmp_path):
    """A disk of one megabyte, mounted for this process alone."""
    (tmp_path / "small").mkdir()
    code = (
        "import os; from handseg_lib.course import checkup\nfor finding in checkup.folders(): print(*finding, sep='|')"
    )
    script = f'mount -t tmpfs -o size=1m none "{tmp_path}/small" || exit 99\nexec "{sys.executable}" -c "{code}"'
    environ = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "small")}
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, env=environ)
    if done.returncode in (1, 99) and "handseg_lib" not in done.stderr:
        pytest.skip("no namespaces here")
    check, mark, reason, remedy = done.stdout.splitlines()[0].split("|")
    assert (check, mark) == ("cache", "broken") and "the disk is full" in reason
    assert "Make room" in remedy and "XDG_CACHE_HOME" in remedy


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="others do not heed the limit")
def test_too_little_memory_is_named():
    code = "import resource; resource.setrlimit(resource.RLIMIT_AS, (900 << 20, 900 << 20));"
    code += "import sys, runpy; sys.argv = ['handseg', 'doctor', '--json'];"
    code += "runpy.run_module('handseg_lib', run_name='__main__')"
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    found = told(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environ))
    assert (
        "0.9 GiB allowed to a process" in found["memory"]["reason"] and "jupyter lab stop" in found["memory"]["remedy"]
    )


@pytest.mark.parametrize("version, kind", [("0::/a/b", ""), ("4:memory:/a/b", "memory")])
def test_the_limit_of_a_container_is_seen_in_its_innermost_group_and_around_it(tmp_path, version, kind):
    file = "memory.limit_in_bytes" if kind else "memory.max"
    for group, limit in {"": "9223372036854771712" if kind else "max", "a": 2 << 30, "a/b": 3 << 30}.items():
        (tmp_path / kind / group).mkdir(parents=True, exist_ok=True)
        (tmp_path / kind / group / file).write_text(f"{limit}\n")
    (tmp_path / "own").write_text(f"1:cpu:/x\n{version}\n")
    assert list(checkup.group_limits(tmp_path, tmp_path / "own")) == [3 << 30, 2 << 30]


def test_the_memory_that_is_asked_for_is_what_the_lessons_take():
    """The record counts what a kernel has of its own; the libraries' files take 0.4 GiB more."""
    record = json.loads((ROOT / "benchmarks" / "results" / "memory.json").read_text())
    assert record["figures"]["max_gib"] + 0.4 == pytest.approx(checkup.MEMORY, abs=0.3)
    assert min(row["peak_gib"] for row in record["rows"]) + 0.4 < checkup.LITTLE_MEMORY


# Photos and settings


@pytest.mark.parametrize("variable", ["HANDSEG_HGR1", "HANDSEG_ROOMS"])
@pytest.mark.parametrize("made", [False, True], ids=["nowhere", "empty"])
def test_a_variable_that_leads_to_no_photos_is_named(monkeypatch, tmp_path, variable, made):
    folder = tmp_path / "photos"
    if made:
        folder.mkdir()
    monkeypatch.setenv(variable, str(folder))
    (finding,) = broken()
    assert f"{variable}={folder}" in finding.reason and f"unset {variable}" in finding.remedy.replace(
        "set ", "unset ", 1
    )


def test_hgr1_in_the_cache_that_has_lost_a_photo_is_to_be_fetched_again(monkeypatch, tmp_path, hands):
    """A list of other photos stands for HGR1's, which are not shipped."""
    names = [f"{path.parent.name}/{path.name}" for path in sorted(hands.glob("*/*"))]
    listing = tmp_path / "list"
    listing.write_text("".join(f"{archives.sha256(hands / name)}  {name}\n" for name in names))
    monkeypatch.setattr(hgr1, "LIST", listing)
    home = tmp_path / "cache" / "handseg" / "hgr1"
    shutil.copytree(hands, home)
    assert broken() == []
    flip(home / names[3])
    (finding,) = broken()
    assert names[3] in finding.reason and finding.remedy == f"rm -r {home}; python -m handseg_lib fetch"


def test_photos_of_ones_own_in_hgr1s_layout_are_not_held_against_its_list(monkeypatch, hands):
    monkeypatch.setenv("HANDSEG_HGR1", str(hands))
    assert broken() == []
    monkeypatch.setenv("HANDSEG_HGR1", "none")
    assert broken() == []


def test_a_damaged_zip_is_named(monkeypatch, tmp_path):
    for name in hgr1.ZIPS:
        shutil.make_archive(tmp_path / Path(name).stem, "zip", ROOT / "lessons")
    monkeypatch.setenv("HANDSEG_HGR1", str(tmp_path))
    assert broken() == []
    flip(tmp_path / hgr1.ZIPS[1])
    (finding,) = broken()
    assert f"{hgr1.ZIPS[1]} is damaged" in finding.reason and hgr1.HOME in finding.remedy


def test_a_profile_that_there_is_not_is_named(monkeypatch):
    monkeypatch.setenv("HANDSEG_PROFILE", "fast")
    assert "profile" in {finding.check for finding in broken()}


def test_a_backend_with_which_the_course_does_not_train_is_named(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    (finding,) = [each for each in checkup.backend() if each.mark == "broken"]
    assert finding.reason == "KERAS_BACKEND=numpy: the course trains with tensorflow, jax, torch alone"


# Keras, in a process of its own: what is broken is just what the rest needs


@pytest.mark.slow
def test_a_backend_that_is_named_and_missing(tmp_path):
    """It is hidden, wherever the tests run."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['jax'] = None\n")
    done = in_a_process("--json", KERAS_BACKEND="jax", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    found = told(done)
    assert list(found) == ["backend", "keras"], "and nothing else is"
    assert found["backend"]["reason"] == "KERAS_BACKEND=jax, and jax is not installed"
    assert "set KERAS_BACKEND" in found["backend"]["remedy"] and "pip install" in found["backend"]["remedy"]
    assert "KERAS_BACKEND=jax" in found["keras"]["reason"]


@pytest.mark.slow
def test_a_keras_json_that_keras_cannot_read(tmp_path):
    settings = tmp_path / "keras" / "keras.json"
    settings.write_text("[]")
    done = in_a_process()
    assert done.returncode == 1 and done.stderr == ""
    assert f"mv {settings} {settings}.old" in done.stdout and done.stdout.endswith("broken: keras.json, keras\n")


def test_a_process_that_dies_is_told_by_its_signal(monkeypatch):
    """As TensorFlow's does on a processor that lacks an instruction."""
    if os.name == "nt":
        pytest.skip("Windows has no signals")
    monkeypatch.setattr(doctor, "ASK", "import os, signal; os.kill(os.getpid(), signal.SIGILL)  # {!r}")
    facts, fault = doctor._asked.__wrapped__()
    assert facts is None and fault == "its process ended by SIGILL: this processor cannot run TensorFlow"


def test_a_process_that_never_comes_up_is_told(monkeypatch):
    monkeypatch.setattr(doctor, "ASK", "import time; time.sleep(60)  # {!r}")
    monkeypatch.setattr(doctor, "PATIENCE", 0.1)
    assert doctor._asked.__wrapped__() == (None, "it has not started within 0.1 seconds")


def test_a_process_that_says_nothing_is_told_by_its_exit_code(monkeypatch):
    monkeypatch.setattr(doctor, "ASK", "raise SystemExit(3)  # {!r}")
    assert doctor._asked.__wrapped__() == (None, "its process ended with exit code 3")


@POSIX
@pytest.mark.parametrize("seen, mark", [("an H200", "ok"), ("", "note")])
def test_a_gpu_that_is_there_and_not_used_is_named(monkeypatch, tmp_path, seen, mark):
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(doctor, "asked", lambda: ({"gpu": seen, "backend": "tensorflow"}, ""))
    assert marks(doctor.gpu()) == [mark]


def test_an_examination_that_stumbles_does_not_hide_the_others(monkeypatch):
    def stumbling():
        raise RuntimeError("no such thing")

    monkeypatch.setattr(checkup, "ALL", (stumbling, checkup.python))
    first, second, *_ = doctor.examine()
    assert "RuntimeError: no such thing" in first.reason and first.mark == "broken" and second.check == "python"
