"""Somebody's own photos, by the command line alone: checked, split by person, learnt and scored."""

import json
import re
from pathlib import Path

import pytest
from conftest import draw_blob, save_pair

from handseg_lib import InputError
from handseg_lib.__main__ import main
from handseg_lib.data.own_folders import as_skin, split_own

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def folders(tmp_path):
    """Two photos of each of anna, ben, cleo and dan, whose hands are elsewhere each time."""
    for i, name in enumerate(["anna_1", "anna_2", "ben_1", "ben_2", "cleo_1", "cleo_2", "dan_1", "dan_2"]):
        save_pair(tmp_path, f"{name}.png", *draw_blob(i))
    return tmp_path / "original_images", tmp_path / "skin_masks"


def test_persons_are_split_by_name_and_always_alike(folders):
    split = split_own(*folders, "^[^_]+")
    assert [sorted({s.person for s in part}) for part in split] == [["anna", "ben"], ["cleo"], ["dan"]]
    assert [len(part) for part in split] == [4, 2, 2]


@pytest.mark.parametrize("rule, words", [(None, "no --person"), (r"\d$", "finds ['1', '2']")])
def test_fewer_than_three_persons_are_no_test_of_anything(folders, rule, words):
    with pytest.raises(InputError, match="three persons at least") as error:
        split_own(*folders, rule)
    assert words in str(error.value)


@pytest.mark.slow
def test_train_learns_from_own_photos_and_scores_the_persons_kept_back(folders, tmp_path, capfd):
    images, masks = map(str, folders)
    options = ["--images", images, "--masks", masks, "--person", "^[^_]+", "--profile", "smoke", "--size", "32"]
    assert main(["train", *options, "--out", str(tmp_path / "run"), "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["photos"] == 4 and told["test_photos"] == 2
    assert 0 <= told["test_iou"] <= 1 and (tmp_path / "run" / "model.keras").is_file()


@pytest.mark.parametrize("given", [["--images"], ["--masks"], ["--images", "--masks", "--data"]])
def test_half_of_two_folders_is_refused(folders, tmp_path, given, capfd):
    options = [word for name in given for word in (name, str(folders[0]))]
    assert main(["train", *options, "--profile", "smoke", "--out", str(tmp_path / "run")]) == 2
    assert "both of them" in capfd.readouterr().err


def test_check_is_silent_where_all_is_well_and_names_each_fault(folders, capfd):
    images, masks = folders
    assert main(["check", str(images), str(masks)]) == 0
    assert "pairs: 8" in (out := capfd.readouterr()).out and not out.err
    (masks / "ben_2.bmp").unlink()
    assert main(["check", str(images), str(masks), "--json"]) == 2
    out = capfd.readouterr()
    assert json.loads(out.out)["faults"] == 1 and "ben_2.png" in out.err


@pytest.mark.slow
def test_the_script_of_the_readme_is_nine_lines_and_runs(folders, tmp_path, monkeypatch, capsys):
    script = re.search(r"```python\n(import handseg_lib.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)[1]
    assert len([line for line in script.splitlines() if line]) == 9
    for name, there in zip(('"photos"', '"masks"'), folders):
        script = script.replace(name, repr(str(there)))
    small = (
        script.replace("size=224", "size=32").replace("epochs=20", "epochs=2").replace('skin="white"', 'skin="black"')
    )
    monkeypatch.chdir(tmp_path)
    exec(small, {})
    assert "no faults found" in (out := capsys.readouterr().out) and "'persons': 1" in out
    assert (tmp_path / "mine.keras").is_file()


def test_what_masks_call_skin_is_read_from_a_word():
    assert [as_skin(text) for text in ("white", "1", "1,2", "#ff0000,3")] == ["white", (1,), (1, 2), ("#ff0000", 3)]
