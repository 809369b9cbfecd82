"""Promises of the house: one URL, versions in step, notebooks that are what the lessons say."""

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
import yaml
from nbconvert import HTMLExporter
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import handseg_lib
from handseg_lib import __main__ as cli
from handseg_lib.course.version import PINNED

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT, BUILD = PYPROJECT["project"], PYPROJECT["build-system"]
URL = PROJECT["urls"]["Repository"]
SLUG = URL.removeprefix("https://github.com/")
PYTHONS = ["3.11", "3.12", "3.13"]
EXTRAS = ("lab", "test", "export", "rooms", "cluster")
PLATFORMS = [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64")]


def script(name: str):
    """A script of the house, as a module."""
    spec = importlib.util.spec_from_file_location(Path(name).stem, ROOT / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


builder = script("lessons/build.py")
colab, kit = script("scripts/colab_moved.py"), script("scripts/offline_kit.py")

NOTEBOOKS = sorted([*builder.notebooks(), *(ROOT / "notebooks" / f"{name}.ipynb" for name in builder.PAGES)])
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.relative_to(ROOT / "notebooks").as_posix())


def test_the_library_needs_no_backend_of_its_own():
    """Keras alone, but for the question which GPU there is, where a network leaves TensorFlow for LiteRT, and where

    processes of one training meet.
    """
    backend = re.compile(r"^\s*(?:import|from) (?:tensorflow|jax|torch)\b", re.M)
    files = (ROOT / "handseg_lib").rglob("*.py")
    assert sorted(path.name for path in files if backend.search(path.read_text("utf-8"))) == [
        "devices.py",
        "exporter.py",
        "machine.py",
    ]


# Versions


LOCKS = ["requirements.lock", "requirements-test.lock"]


def locked(*locks):
    """What is locked, or of that what some files lock: each pin with the hashes of its files."""
    pins = {}
    for name in locks or LOCKS:
        text = (ROOT / name).read_text("utf-8").partition("\n")[2].replace("\\\n", "")
        parts = [line.split(" --hash=") for line in text.splitlines()]
        pins |= {Requirement(pin.strip()): [text.strip() for text in hashes] for pin, *hashes in parts}
    return pins


def pins(*locks):
    return list(locked(*locks))


@pytest.mark.parametrize("locks, extras", [(LOCKS[:1], ["lab", "cluster"]), (LOCKS, EXTRAS)], ids=["lessons", "tests"])
@pytest.mark.parametrize("platform", PLATFORMS, ids="-".join)
@pytest.mark.parametrize("python", PYTHONS)
def test_lock_satisfies_pyproject_everywhere(python, platform, locks, extras):
    here = {"python_version": python, "python_full_version": f"{python}.9", "extra": ""}
    here |= {"sys_platform": platform[0], "platform_machine": platform[1]}
    here |= {"os_name": "nt" if platform[0] == "win32" else "posix", "implementation_name": "cpython"}
    locked = {}
    for pin in pins(*locks):
        if not pin.marker or pin.marker.evaluate(here):
            name = pin.name.replace("tensorflow-cpu", "tensorflow")  # the same library, without CUDA
            assert name not in locked, f"{name} is pinned twice for Python {python} on {platform}"
            locked[name] = next(iter(pin.specifier)).version
    asked = PROJECT["optional-dependencies"]
    for wanted in map(Requirement, sum((asked[name] for name in extras), PROJECT["dependencies"])):
        assert wanted.name in locked, f"{wanted.name} is not in {' or '.join(locks)}"
        assert wanted.specifier.contains(locked[wanted.name]), f"{wanted.name} {locked[wanted.name]} is not {wanted}"


def test_a_learner_gets_no_package_that_only_tests_and_exports_need():
    """They are a gigabyte: a browser and its driver, two more engines, and JAX."""
    learner = {pin.name for pin in pins("requirements.lock")}
    extras = PROJECT["optional-dependencies"]
    assert not learner & {pin.name for pin in pins("requirements-test.lock")}, "one of the two is enough"
    assert not learner & {Requirement(line).name for line in extras["export"] + extras["rooms"]}
    assert not learner & {"jax", "jaxlib", "playwright", "pytest", "hypothesis"}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_is_exact_and_names_no_host(name):
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text and "--" not in text.replace(" --hash=", "") and "@" not in text
    assert all([s.operator for s in pin.specifier] == ["=="] for pin in pins())


def test_every_pin_is_held_to_the_hashes_of_its_files():
    """One pin without would do away with all of them: pip looks at hashes where every pin has one."""
    hashes = locked()
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", text) for files in hashes.values() for text in files)
    assert not [str(pin) for pin, files in hashes.items() if not files]
    # a wheel for each system and Python, and not those of the machine alone on which the lock was made
    assert all(len(files) >= 3 * 4 for pin, files in hashes.items() if pin.name in ("numpy", "h5py", "pillow"))


def test_each_package_that_is_asked_for_has_its_reason():
    extras = PROJECT["optional-dependencies"]
    wanted = [Requirement(line).name for line in PROJECT["dependencies"] + sum(extras.values(), [])]
    page = (ROOT / "docs" / "packages.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `([\w-]+)` \| (.{10,}) \|$", page, re.M))
    assert sorted(told) == sorted(set(wanted))


def test_conda_and_binder_install_what_is_locked():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    binder = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text("utf-8"))["dependencies"]
    assert conda == [*binder, {"pip": ["-r requirements.lock"]}]
    python = Requirement(binder[0].replace("=", "=="))
    version = next(iter(python.specifier)).version
    assert python.name == "python" and version in PYTHONS and binder[1:] == ["pip"]
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)
    script = ROOT / "binder" / "postBuild"
    installs = [
        line.split("--no-cache-dir ")[-1] for line in script.read_text("utf-8").splitlines() if "pip install" in line
    ]
    assert installs == ["-r requirements.lock", "--no-deps --no-build-isolation -e ."]
    assert script.stat().st_mode & 0o111, "binder/postBuild must be executable"


@pytest.mark.slow
def test_a_wheel_is_built_without_a_word_of_deprecation_and_has_all_that_the_course_needs(tmp_path):
    """What setuptools deprecates it refuses a year or two later, and then nobody can install the course."""
    (source := tmp_path / "source").mkdir()
    for name in ("pyproject.toml", "README.md", *PROJECT["license-files"]):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "handseg_lib", source / "handseg_lib", ignore=shutil.ignore_patterns("__pycache__"))
    build = ["-m", "pip", "wheel", "-v", "--no-build-isolation", "--no-deps", "--no-index", "-w", tmp_path, source]
    made = subprocess.run([sys.executable, *build], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert not re.findall(
        r".*(?:SetuptoolsDeprecat|SetuptoolsWarn|deprecated(?! as an API)).*", made.stdout + made.stderr
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        (about,) = (archive.read(name).decode() for name in held if name.endswith("/METADATA"))
        (entry,) = (archive.read(name).decode() for name in held if name.endswith("/entry_points.txt"))
    wanted = {path.relative_to(source).as_posix() for path in (source / "handseg_lib").rglob("*") if path.is_file()}
    assert wanted <= held and all(".dist-info/" in name for name in held - wanted)
    assert entry == "[console_scripts]\nhandseg = handseg_lib.__main__:main\n"
    assert {".npz", ".json", ".txt", ".js", ".py"} == {Path(name).suffix for name in wanted}
    assert "License-Expression: MIT\n" in about
    assert {f"License-File: {name}" for name in PROJECT["license-files"]} <= set(about.splitlines())


def test_what_builds_is_locked_too():
    """Binder and the Makefile build with the setuptools that is there."""
    locked = {pin.name: next(iter(pin.specifier)).version for pin in pins()}
    for wanted in map(Requirement, BUILD["requires"]):
        assert wanted.specifier.contains(locked[wanted.name])


def test_colab_may_keep_its_versions():
    """There the package is installed with --no-deps: a lower bound above Colab's would be a promise nobody keeps."""
    lines = [line for line in (ROOT / "tests" / "colab.txt").read_text("utf-8").splitlines() if line[:1] != "#"]
    bounds = {wanted.name: wanted.specifier for wanted in map(Requirement, PROJECT["dependencies"])}
    for pin in map(Requirement, lines):
        for spec in pin.specifier:
            if spec.operator == "==" and pin.name in bounds:
                assert bounds[pin.name].contains(spec.version.replace("*", "99")), f"{pin} is not {bounds[pin.name]}"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", ["linux", "mac", "windows"])
def test_the_offline_kit_has_what_the_course_needs_on_each_system(system, python):
    """Made on one machine for another: pip would ask the markers of the machine that it runs on."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    names = [Requirement(line.partition(" --hash=")[0]).name for line in kit.wanted(lock, system, python)]
    assert len(set(names)) == len(names) > 100
    assert ("tensorflow-cpu" if system == "linux" else "tensorflow") in names and "setuptools" in names
    assert ("pywinpty" in names) == (system == "windows")


def test_the_offline_kit_is_tried_by_a_command_that_there_is():
    assert kit.OUTLINE[:2] == ["-m", "handseg_lib"]
    (photo,) = cli.parser().parse_args(kit.OUTLINE[2:]).photos
    assert (ROOT / photo).is_file()


def test_a_locked_line_keeps_its_hashes_and_loses_its_marker():
    lock = (
        "# a word\nnumpy==2.4 ; python_version >= '3.12' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "old==1 ; python_version < '3.12'\n"
    )
    assert kit.wanted(lock, "mac", "3.12") == ["numpy==2.4 --hash=sha256:aa --hash=sha256:bb"]


def test_what_moved_on_colab_is_named():
    """Fails, too, where the list has a form that cannot be read: then every package would count as gone."""
    freeze = "keras==3.14.0\nscikit_learn==1.6.1\njax==0.10.2+cuda12\ntorch @ file:///a.whl\n# a note\n-e git+x\n"
    theirs = colab.versions(freeze)
    assert theirs == {"keras": "3.14.0", "scikit-learn": "1.6.1", "jax": "0.10.2+cuda12"}
    assert colab.moved("# ours\nkeras==3.13.*\nscikit-learn==1.6.1\njax==0.10.2\nnumpy<3", theirs) == [
        "keras==3.13.* here, 3.14.0 on Colab",
        "numpy<3 here, not there on Colab",
    ]


def test_one_version():
    """A lesson's first cell brings the tag of this version, and a release has the notes of it."""
    version = PROJECT["version"]
    assert handseg_lib.__version__ == version
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["version"] == version
    assert re.search(r"^## (\S+?),", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)[1] == version
    assert URL in PINNED


def test_a_lesson_and_a_library_of_another_version_say_what_to_do(capsys, monkeypatch):
    monkeypatch.setattr(handseg_lib, "__version__", "0.2.1")
    handseg_lib.made_for("0.2.0")
    assert capsys.readouterr().out == ""
    handseg_lib.made_for("0.1.3")
    assert "made for handseg 0.1.3, and here is handseg 0.2.1" in (said := capsys.readouterr().out)
    assert f"{URL}/blob/v0.2.1/notebooks" in said
    handseg_lib.made_for("0.10.0")  # as numbers, 10 comes after 2
    assert "git pull" in capsys.readouterr().out


# One URL


def test_every_badge_derives_from_the_url():
    pages = [ROOT / "README.md", *NOTEBOOKS]
    addresses = {
        "Colab": f"colab.research.google.com/github/{SLUG}/blob/main/",
        "Kaggle": f"kaggle.com/kernels/welcome?src={URL}/blob/main/",
        "Binder": f"mybinder.org/v2/gh/{SLUG}/main",
    }
    for page in pages:
        text = page.read_text("utf-8")
        for name, address in addresses.items():
            assert address in text, f"{page.name} has no {name} badge"
        hosts = r"google\.com/github|welcome\?src=https://github\.com|mybinder\.org/v2/gh"
        for slug in re.findall(rf"(?:{hosts})/([\w.-]+/[\w.-]+)", text):
            assert slug == SLUG, f"{page.name} links to {slug}"
    assert URL in (ROOT / "CITATION.cff").read_text("utf-8")


# Notebooks


def test_notebooks_are_what_the_lessons_say():
    assert builder.stale() == [], "run: make notebooks"


def code_cells(path):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code" and cell.source]


@each_notebook
def test_notebook_can_be_committed(path):
    assert builder.faults(nbformat.read(path, 4)) == []
    assert path.stat().st_size <= builder.MAX_BYTES


@each_notebook
def test_notebook_was_executed_cleanly(path):
    for cell in code_cells(path):
        assert cell.execution_count, f"never executed: {cell.source}"
        assert not [o for o in cell.outputs if o.output_type == "error" or o.get("name") == "stderr"]


class Alts(HTMLParser):
    """The alt texts of a page's pictures, None where a picture has none."""

    def __init__(self, page: str):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.found.append(dict(attributes).get("alt"))


@each_notebook
def test_every_picture_of_the_rendered_page_has_alt_text(path):
    """Pages leave out the alt text of an output's metadata, or have a word of their own for it: what is read counts."""
    page, _ = HTMLExporter().from_filename(path)
    alts = Alts(page).found
    assert len(alts) > 3 and all(alt and not alt.startswith("No description") for alt in alts)


@each_notebook
def test_first_cell_moves_no_package(path):
    lines = [line.strip() for cell in code_cells(path) for line in cell.source.splitlines() if "install" in line]
    command = f'%pip install -q --no-deps anywidget psygnal jupyterquiz "handseg @ git+{URL}@v{PROJECT["version"]}"'
    assert [line for line in lines if "pip" in line] == [command]


@each_notebook
def test_links_lead_somewhere(path):
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "markdown":
            for link, place in re.findall(r"(?:\]\(|(?:src|href)=\")([^)\"#\s]+)(?:#([\w-]+))?", cell.source):
                assert "://" in link or (path.parent / link).exists(), f"dead link: {link}"
                if place and link.endswith("glossary.md"):
                    assert f'<a id="{place}">' in (path.parent / link).read_text("utf-8"), f"not a word there: {place}"


def test_forms_workflows_and_hooks_can_be_read():
    """None of them runs here: a slip of the pen would be found by whoever wants to help."""
    files = [*ROOT.glob(".github/**/*.yml"), ROOT / ".pre-commit-config.yaml"]
    read = {path.name: yaml.safe_load(path.read_text("utf-8")) for path in files}
    assert len(read) == len(files) >= 9
    forms = [form for name, form in read.items() if (ROOT / ".github" / "ISSUE_TEMPLATE" / name).exists()]
    for form in forms:
        ids = [part["id"] for part in form.get("body", [])]
        assert len(set(ids)) == len(ids) and ("contact_links" in form or {"name", "description"} <= form.keys())
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for path in ROOT.glob(".github/workflows/*.yml"):
        for words in re.findall(r"\bmake ([a-z -]+[a-z])", path.read_text("utf-8").partition("jobs:")[2]):
            assert set(words.split()) <= targets, f"{path.name}: make {words}"


# The builder

LESSON = """\
# %% [markdown]
# # 00 A lesson
# See [the design](../docs/design.md) and [the web](https://example.org).

# %%
def twice(x):
    # <solution>
    return 2 * x
    # </solution>
"""


def test_builder_makes_exercise_and_solution(tmp_path, monkeypatch):
    monkeypatch.setattr(builder, "ROOT", tmp_path)
    monkeypatch.setattr(builder, "PAGES", ())
    lesson = tmp_path / "lessons" / "00_a_lesson.py"
    lesson.parent.mkdir()
    lesson.write_text(LESSON, "utf-8")
    exercise, solution = builder.generate(lesson, solved=False), builder.generate(lesson, solved=True)
    assert exercise.cells[2].source == "def twice(x):\n    ...  # your turn"
    assert solution.cells[2].source == "def twice(x):\n    return 2 * x"
    assert "](../docs/design.md)" in exercise.cells[0].source
    assert (
        "](../../docs/design.md)" in solution.cells[0].source and "](https://example.org)" in solution.cells[0].source
    )
    assert builder.stale() == ["notebooks/00_a_lesson.ipynb", "notebooks/solutions/00_a_lesson.ipynb"]
    builder.build(lesson, solved=False, run=False)
    assert builder.stale() == ["notebooks/solutions/00_a_lesson.ipynb"]
    checkpoints = builder.target(lesson, solved=False).parent / ".ipynb_checkpoints"  # JupyterLab's, of what it opened
    checkpoints.mkdir()
    (checkpoints / "00_a_lesson-checkpoint.ipynb").write_bytes(builder.target(lesson, solved=False).read_bytes())
    assert builder.stale() == ["notebooks/solutions/00_a_lesson.ipynb"]
    lesson.write_text(LESSON.replace("    # </solution>\n", ""))
    with pytest.raises(SystemExit, match="without its partner"):
        builder.generate(lesson, solved=True)


def test_outputs_are_made_on_drawn_hands_in_the_quick_profile_whatever_is_set(monkeypatch):
    monkeypatch.setenv("HANDSEG_HGR1", str(ROOT))
    monkeypatch.setenv("HANDSEG_PROFILE", "full")
    cell = nbformat.v4.new_code_cell("import os; print(os.environ['HANDSEG_HGR1'], os.environ['HANDSEG_PROFILE'])")
    builder.execute(notebook := nbformat.v4.new_notebook(cells=[cell]))
    assert notebook.cells[0].outputs[0].text == "none quick\n"


@pytest.mark.parametrize(
    "output, fault",
    [
        ("saved to /home/ann/runs", "a path of this machine: /home/ann/runs"),
        ("x" * builder.MAX_BYTES, "bytes, and at most"),
        ("see https://example.org/home/page", None),
        ('<img src="data:image/png;base64,iVBO+/tmp/Yg==">', None),
    ],
    ids=["path", "size", "address", "picture"],
)
def test_builder_finds_what_must_not_be_committed(output, fault):
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("stream", text=output)])
    found = builder.faults(nbformat.v4.new_notebook(cells=[cell]))
    assert (fault in " ".join(found)) if fault else not found


def test_builder_notices_a_measurement_that_other_programs_spoilt():
    """The cell says so in its output. Its own text has the sentence, too, and says nothing of the machine."""
    said = f"This is less than two free cores give. Then {builder.BUSY}."
    for output, busy in ((said, True), ("two workers are 1.9 times as fast as one", False)):
        outputs = [nbformat.v4.new_output("stream", text=output)]
        cell = nbformat.v4.new_code_cell(f'print("{said}")', outputs=outputs)
        assert builder.measured_on_a_busy_machine(nbformat.v4.new_notebook(cells=[cell])) == busy
    said_in = [lesson.stem[:2] for lesson in builder.lessons() if builder.BUSY in lesson.read_text("utf-8")]
    assert said_in == ["09", "10"]


@pytest.mark.parametrize(
    "data, kept",
    [
        ({"text/html": '<img alt="A hand.">', "text/plain": "A hand."}, True),
        ({builder.WIDGET: {}, "text/html": '<img alt="A hand.">', "text/plain": "A hand."}, True),
        ({builder.WIDGET: {}, "text/html": "No photo yet.", "text/plain": "No photo yet."}, True),
        ({builder.WIDGET: {}, "text/plain": "VBox()"}, False),
    ],
    ids=["picture", "widget with a picture", "widget with a sentence", "widget alone"],
)
def test_builder_keeps_of_a_widget_its_preview(data, kept):
    output = nbformat.v4.new_output("display_data", data=data)
    assert builder.can_be_kept(output) == kept and builder.WIDGET not in output.data


def test_make_refuses_a_wrong_python_in_one_line(tmp_path):
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text("utf-8"))
    (tmp_path / "requirements.lock").touch()
    made = subprocess.run(["make", "-s", "PYTHON=false", "env"], cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode and "Needs CPython 3.11" in made.stdout and not (tmp_path / ".venv").exists()
