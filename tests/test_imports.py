"""The house: imports run one way, from the wing that teaches down to the data, and never in a circle."""

import ast
import importlib
import pkgutil
from graphlib import TopologicalSorter

import pytest
from test_house import ROOT

import handseg_lib

LIBRARY = ROOT / "handseg_lib"
HEART = "handseg_lib"  # the flat modules
# What a wing may see: itself and those before it. Those beside are seen by all.
WINGS = ("data", HEART, "evaluation", "explore", "course", "__main__")
BESIDE = {
    "plots": {"metrics", "painting", "data.samples", "data.gate"},
    "painting": {"data.gate"},
    "machine": {"resume", "data.gate"},
    "resume": {"data.gate"},
}


def name_of(path) -> str:
    """handseg_lib/data/hgr1.py as data.hgr1, a package's __init__ as the package, the library's own as ''."""
    return ".".join(path.relative_to(LIBRARY).with_suffix("").parts).removesuffix("__init__").removesuffix(".")


MODULES = {name_of(path): path for path in LIBRARY.rglob("*.py")}


def imports(name: str) -> set[str]:
    """The modules of the library that one imports, at its head or within a function."""
    path, found = MODULES[name], set()
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [part for part in package if part][: len(package) - node.level + 1]
            base += node.module.split(".") if node.module else []
            for alias in node.names:
                below = ".".join([*base, alias.name])
                found.add(below if below in MODULES else ".".join(base))
    return found


def wing(name: str) -> str:
    return name.partition(".")[0] if "." in name or name in WINGS else HEART


def test_the_test_sees_imports():
    assert imports("data.hgr1") >= {"data.archives", "data.samples"} and "unet" in imports("predictor")
    assert "course.profile" in imports("__main__")


def test_imports_make_no_circle():
    graph = {name: imports(name) - {""} for name in MODULES if name}
    TopologicalSorter(graph).prepare()  # raises CycleError, which shows the circle


@pytest.mark.parametrize("name", sorted(set(MODULES) - {""}))
def test_a_module_sees_no_wing_above_its_own(name):
    if name in BESIDE:
        assert imports(name) <= BESIDE[name]
        return
    mine = WINGS.index(wing(name))
    above = {other for other in imports(name) - BESIDE.keys() if WINGS.index(wing(other)) > mine}
    assert not above, f"{name} is in the wing {WINGS[mine]}, which comes before that of {', '.join(sorted(above))}"
    if wing(name) == "explore":
        assert not {other for other in imports(name) if wing(other) == "course"}


def test_no_function_hides_a_module():
    for module in pkgutil.walk_packages(handseg_lib.__path__, "handseg_lib."):
        package, _, leaf = module.name.rpartition(".")
        if leaf != "__main__":
            importlib.import_module(module.name)
            there = getattr(importlib.import_module(package), leaf)
            assert type(there).__name__ == "module", f"{package}.{leaf} is no module but {there!r}"


def test_every_public_name_is_there_and_is_what_it_is_called():
    for name in handseg_lib.__all__:
        found = getattr(handseg_lib, name)
        assert found.__name__.rpartition(".")[2] == name and name in dir(handseg_lib)
    assert handseg_lib.quiz is handseg_lib.course.quiz.quiz, "the function, not its module"
    with pytest.raises(AttributeError, match="has no attribute 'build_net'"):
        handseg_lib.build_net  # noqa: B018


def test_what_lessons_use_is_public():
    used = {node.attr for path in (ROOT / "lessons").glob("*.py") for node in _attributes_of_hs(path)}
    assert used <= set(handseg_lib.__all__), sorted(used - set(handseg_lib.__all__))


def _attributes_of_hs(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "hs":
            yield node


EVENING = "unet encoder losses metrics data/augment data/batches training recipe predictor evaluation/report".split()


def test_the_core_is_as_long_as_the_pages_say():
    lines = sum(len((LIBRARY / f"{name}.py").read_text("utf-8").splitlines()) for name in EVENING)
    assert 1350 < lines < 1450
    design = " ".join((ROOT / "docs" / "design.md").read_text("utf-8").split())
    assert ", ".join(f"`{name}`" for name in EVENING) + ", some 1,400 lines" in design
    assert "ten files of [`handseg_lib`](handseg_lib) with some 1,400 lines" in (ROOT / "README.md").read_text("utf-8")


def test_the_page_on_the_house_names_every_room():
    design = (ROOT / "docs" / "design.md").read_text("utf-8")
    rooms = {name.replace(".", "/") for name in MODULES if wing(name) not in ("explore",) and "check" not in name}
    packages = {"", "data", "evaluation", "course"}
    assert not [name for name in rooms - packages if f"`{name}`" not in design]
