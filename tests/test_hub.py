"""The course for a class: the image, the values for a cluster, the links, and how seats are measured."""

import json
import re
import subprocess
from urllib.parse import parse_qs, urlparse

import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook
from test_house import PROJECT, PYTHONS, ROOT, builder, script

from benchmarks import RESULTS, report, seats

links = script("hub/links.py")
CONFIG = yaml.safe_load((ROOT / "hub" / "config.yaml").read_text("utf-8"))
SEAT = CONFIG["singleuser"]
STEPS = subprocess.run(["bash", ROOT / "hub" / "by_hand.sh", "--steps"], capture_output=True, text=True).stdout
STEPS = [line.split(" ", 1) for line in STEPS.splitlines()]
PAGE = (ROOT / "docs" / "hub.md").read_text("utf-8")


def told(instruction: str) -> list[str]:
    return [rest for word, rest in STEPS if word == instruction]


# The image


def test_the_image_is_not_root_when_it_runs():
    assert told("USER") == [str(SEAT["uid"])]
    names = [word for word, _ in STEPS]
    assert set(names[names.index("USER") :]) == {"USER", "WORKDIR", "ENTRYPOINT", "CMD"}
    assert f"useradd --uid {SEAT['uid']} --gid {SEAT['fsGid']}" in "\n".join(told("RUN"))


def test_the_image_has_what_is_locked_and_the_library():
    (base,) = told("FROM")
    assert re.fullmatch(r"python:(\d\.\d+)-slim-\w+", base)[1] in PYTHONS
    runs = "\n".join(told("RUN"))
    assert "pip install --no-cache-dir -r /srv/handseg/requirements.lock" in told("RUN"), "and nothing for tests"
    assert "pip install --no-cache-dir --no-deps --no-build-isolation /srv/handseg" in runs
    for line in told("COPY"):
        *sources, _ = line.split()
        assert all((ROOT / source).exists() for source in sources), line


def test_the_steps_by_hand_are_all_that_the_dockerfile_says():
    """The script reads the Dockerfile, so none can be forgotten; and it must know every instruction in it."""
    text = (ROOT / "hub" / "Dockerfile").read_text("utf-8")
    written = [line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    assert STEPS == written
    known = re.findall(r"^    ([A-Z]+)\)", (ROOT / "hub" / "by_hand.sh").read_text("utf-8"), re.M)
    assert {word for word, _ in STEPS} <= set(known)


@pytest.mark.parametrize("name", ["by_hand.sh", "start.sh"])
def test_scripts_can_be_read_by_a_shell_and_run(name):
    path = ROOT / "hub" / name
    assert path.stat().st_mode & 0o111
    said = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr


def test_a_new_home_gets_the_drawn_hands_once(tmp_path):
    text = (ROOT / "hub" / "start.sh").read_text("utf-8").replace("/srv/handseg", str(tmp_path / "srv"))
    (tmp_path / "start.sh").write_text(text)
    drawn = tmp_path / "srv" / "cache" / "handseg" / "drawn" / "hand.jpg"
    drawn.parent.mkdir(parents=True)
    drawn.write_text("drawn")
    home = tmp_path / "home"
    home.mkdir()
    start = ["sh", tmp_path / "start.sh", "sh", "-c", "echo $0 $1", "x y"]
    for _ in range(2):
        said = subprocess.run(start, env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
        assert (said.stdout, said.returncode) == ("x y\n", 0), said.stderr
        kept = home / ".cache" / "handseg" / "drawn" / "hand.jpg"
        assert kept.read_text() in ("drawn", "the learner's")
        kept.write_text("the learner's")
    assert kept.read_text() == "the learner's"


def test_the_image_is_tried_every_week():
    weekly = (ROOT / ".github" / "workflows" / "weekly.yml").read_text("utf-8")
    assert "hub/by_hand.sh" in weekly and "docker build -f hub/Dockerfile" in weekly


# The values for a cluster


def test_a_seat_has_the_memory_that_lessons_take():
    most = json.loads((RESULTS / "memory.json").read_text())["figures"]["max_gib"]
    sure, limit = (int(SEAT["memory"][name].removesuffix("G")) for name in ("guarantee", "limit"))
    assert most < sure < limit, "what is set aside holds the largest lesson, and the limit leaves room for Jupyter"
    assert limit >= most + 0.5, "the server, and the libraries' files"
    assert 0 < SEAT["cpu"]["guarantee"] < SEAT["cpu"]["limit"]


def test_threads_are_as_many_as_cores():
    limit = str(SEAT["cpu"]["limit"])
    assert {SEAT["extraEnv"][f"{name}_THREADS"] for name in ("OMP_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")} == {limit}


def test_one_copy_of_hgr1_which_no_seat_can_change():
    (volume,), (mount,) = SEAT["storage"]["extraVolumes"], SEAT["storage"]["extraVolumeMounts"]
    assert volume["name"] == mount["name"] and mount["mountPath"] == SEAT["extraEnv"]["HANDSEG_HGR1"]
    assert mount["readOnly"] is True and volume["persistentVolumeClaim"]["readOnly"] is True


def test_what_is_idle_ends_and_images_are_there_before_learners():
    assert CONFIG["cull"]["enabled"] and CONFIG["cull"]["timeout"] <= 3600
    assert CONFIG["prePuller"]["hook"]["enabled"] and CONFIG["prePuller"]["continuous"]["enabled"]
    assert (
        SEAT["extraFiles"]["culling"]["data"]["MappingKernelManager"]["cull_idle_timeout"] < CONFIG["cull"]["timeout"]
    )


def test_the_versions_are_those_of_the_course():
    assert SEAT["image"]["tag"] == PROJECT["version"] and f"handseg:{PROJECT['version']}" in PAGE


# The page


def test_there_is_a_link_for_every_lesson_and_the_page_has_them():
    table = links.table("https://hub.example.org/")
    assert table in PAGE
    found = dict(re.findall(r"^- \[(.+)\]\((\S+)\)$", table, re.M))
    assert len(found) == len(builder.lessons()) + 1
    for lesson in builder.lessons():
        address = urlparse(found[builder.title(lesson)])
        asked = {key: value for key, (value,) in parse_qs(address.query).items()}
        assert address.path == "/hub/user-redirect/git-pull" and asked["repo"] == builder.URL
        folder, _, place = asked["urlpath"].removeprefix("lab/tree/").partition("/")
        assert folder == builder.URL.rpartition("/")[2] and ROOT / place == builder.target(lesson, solved=False)


def test_the_page_is_on_the_site():
    contents = (ROOT / "docs" / "conf.py").read_text("utf-8").partition("CONTENTS")[2]
    assert "\ndocs/hub\n" in contents and "\ndocs/scaling\n" in contents


def test_the_page_says_what_the_file_says():
    """All seats, and the ten that are kept free: 0.5 cores and 2 GiB each."""
    assert report.cost_block() in PAGE
    assert seats.set_aside(20, CONFIG) == (15, 60) and seats.set_aside(200, CONFIG) == (105, 420)
    assert seats.cost(20, core=0.04, gib=0.005, config=CONFIG) == pytest.approx(0.9)


# How seats are measured: a small notebook stands for a lesson

HOLD = "held = bytes(bytearray(300_000_000))"
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{HOLD}; import time; time.sleep(1)'])"


@pytest.mark.slow
@pytest.mark.parametrize("code", [HOLD + "; import time; time.sleep(0.5)", CHILD], ids=["kernel", "what it starts"])
def test_a_seat_is_asked_for_what_it_holds(code):
    seat = seats.sit(builder, new_notebook(cells=[new_code_cell(code)]), limit=2)
    assert 0.28 < seat["peak_gib"] < 0.6 and seat["median_gib"] <= seat["peak_gib"] and seat["cpu_seconds"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("cgroup", [True, False])
def test_a_kernel_beyond_the_limit_is_killed_and_counted(cgroup, monkeypatch):
    """By a cgroup where that can be had, and else by the watcher."""
    if not cgroup:
        monkeypatch.setattr(seats, "make_cgroup", lambda limit: "")
    more = "held = bytes(bytearray(900_000_000)); import time; time.sleep(5)"
    assert seats.sit(builder, new_notebook(cells=[new_code_cell(more)]), limit=0.5) is None
