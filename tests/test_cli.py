"""The command line: exit code 0 only on success, one line of JSON where asked, one line where the input is wrong."""

import io
import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import draw_blob, save_pair
from PIL import Image

from handseg_lib import Batches, read_image, split_by_person, training
from handseg_lib.__main__ import chosen_profile, main, parser
from handseg_lib.profile import PROFILES

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def policy_stays():
    yield
    assert keras.config.dtype_policy().name == "float32"


@pytest.fixture(scope="module")
def trained(hands, tmp_path_factory):
    """What the smoke profile leaves after training on the tiny data set: folder, exit code."""
    out = tmp_path_factory.mktemp("cli") / "run"
    code = main(["train", "--data", str(hands), "--profile", "smoke", "--out", str(out), "--json"])
    return out, code


def args_for(command, data, out):
    """A command on that data, with the model that the course ships."""
    extra = {"train": ["--profile", "smoke", "--out", str(out)], "evaluate": []}[command]
    return [command, "--data", str(data), *extra]


# Bad input


@pytest.fixture
def copy(hands, tmp_path):
    return shutil.copytree(hands, tmp_path / "data")


def wrong_path(folder):
    return folder / "nowhere", "nowhere", "HANDSEG_HGR1"


def empty_folder(folder):
    (folder / "empty").mkdir()
    return folder / "empty", "empty", "HANDSEG_HGR1"


def photo_without_mask(folder):
    (folder / "skin_masks" / "A_P_hgr1_id02_1.bmp").unlink()
    return folder, "A_P_hgr1_id02_1.jpg", "Add the mask"


def mask_of_another_size(folder):
    for person in ("01", "02"):  # one that is trained on and one that is tested on
        Image.new("1", (33, 44)).save(folder / "skin_masks" / f"A_P_hgr1_id{person}_1.bmp")
    return folder, "A_P_hgr1_id0", "Use the mask that was made for this photo"


def broken_photo(folder):
    for person in ("01", "02"):
        path = folder / "original_images" / f"A_P_hgr1_id{person}_1.jpg"
        path.write_bytes(path.read_bytes()[:200])
    return folder, "A_P_hgr1_id0", "Replace or remove it"


@pytest.mark.parametrize("command", ["train", "evaluate"])
@pytest.mark.parametrize(
    "spoil",
    [wrong_path, empty_folder, photo_without_mask, mask_of_another_size, broken_photo],
    ids=lambda function: function.__name__,
)
def test_bad_data_is_one_line_and_exit_code_2(copy, tmp_path, capfd, command, spoil):
    data, name, way_out = spoil(copy)
    assert main(args_for(command, data, tmp_path / "out")) == 2
    out, err = capfd.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("handseg_lib: ") and name in line and way_out in line


@pytest.mark.parametrize(
    "argv, words",
    [
        (["predict", "nowhere.jpg"], ["nowhere.jpg", "Check the path"]),
        (["predict", "a/hand.jpg", "b/hand.png"], ["hand", "Predict them apart"]),
        (["predict", "a/hand.jpg", "b/Hand.png"], ["hand", "Predict them apart"]),
        (["predict", "a/hand.jpg", "a/hand_mask.png", "--out", "a"], ["hand_mask.png", "overwrite", "--out"]),
        (["predict", "photo.jpg", "--model", "nowhere.keras"], ["nowhere.keras", "Train one"]),
        (["train", "--size", "100"], ["size=100", "say 96"]),
        (["train", "--size", "0"], ["size=0", "say 32"]),
        (["train", "--seed", "-1"], ["--seed", "from 0 to 4294967295"]),
        (["train", "--seed", "4294967296"], ["--seed", "from 0 to 4294967295"]),
        (["predict", str(ROOT / "docs" / "hands.jpg"), "--out", "file"], ["file", "exists"]),
        (["train", "--epochs", "0"], ["--epochs", "from 1 on"]),
        (["train", "--epochs", "two"], ["--epochs", "from 1 on"]),
        (["train", "--profile", "fast"], ["--profile", "smoke"]),
    ],
    ids=" ".join,
)
def test_bad_arguments_are_named_in_the_last_line_and_exit_code_2(tmp_path, monkeypatch, capfd, argv, words):
    monkeypatch.chdir(tmp_path)
    Path("file").write_bytes(b"")
    try:
        code = main(argv)
    except SystemExit as stopped:  # argparse leaves by itself
        code = stopped.code
    assert code == 2
    line = capfd.readouterr().err.splitlines()[-1]
    for word in words:
        assert word in line


def test_bad_data_in_a_process_of_its_own(copy):
    """The same from outside: nothing of TensorFlow's talk comes before the line, and no traceback."""
    data, name, way_out = mask_of_another_size(copy)
    env = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    command = [sys.executable, "-m", "handseg_lib", *args_for("evaluate", data, None)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert name in line and way_out in line


# Train, evaluate


def test_train_writes_model_and_record(trained):
    out, code = trained
    assert code == 0 and (out / "model.keras").is_file()
    record = json.loads((out / "train.json").read_text())
    assert record.keys() >= {"name", "command", "date", "machine", "versions", "figures", "rows"}
    assert [row["stage"] for row in record["rows"]] == ["frozen", "tuned"]
    figures = record["figures"]
    assert (figures["profile"], figures["size"], figures["photos"], figures["epochs"]) == ("smoke", 64, 21, 2)
    assert figures["val_iou"] == max(row["val_iou"] for row in record["rows"])
    assert figures["seconds"] == pytest.approx(sum(row["seconds"] for row in record["rows"]), abs=0.1)


def test_the_training_persons_train_and_the_validation_persons_choose(trained, hands):
    split = split_by_person(PROFILES["smoke"].samples(hands))
    train, val = (Batches(part, 64) for part in (split.train, split.val))
    told = json.loads((trained[0] / "state" / "history.json").read_text())["recipe"]["data"]
    assert told == training.checksum(train.images, train.masks, val.images, val.masks)


def test_the_model_file_is_in_float32_for_machines_where_bfloat16_is_slow(trained):
    model = keras.models.load_model(trained[0] / "model.keras", compile=False)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


def test_train_again_in_the_same_folder_goes_on_and_so_ends_at_once(trained, hands, capfd):
    out, _ = trained
    before = (out / "state" / "history.json").read_text()
    assert main(["train", "--data", str(hands), "--profile", "smoke", "--out", str(out), "--json"]) == 0
    assert (out / "state" / "history.json").read_text() == before
    printed = json.loads(capfd.readouterr().out)
    assert printed == json.loads((out / "train.json").read_text())["figures"]


def test_train_in_the_folder_of_another_run_is_refused(trained, hands, capfd):
    out, _ = trained
    assert main(["train", "--data", str(hands), "--profile", "smoke", "--out", str(out), "--epochs", "3"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "epochs=2" in line and "epochs=3" in line


@pytest.mark.parametrize("profile, epochs, frozen", [("full", 1, 1), ("quick", 2, 2), ("smoke", 1, 1)])
def test_so_few_epochs_that_nothing_is_fine_tuned_are_told_of(capfd, profile, epochs, frozen):
    chosen_profile(parser().parse_args(["train", "--profile", profile, "--epochs", str(epochs)]))
    (line,) = capfd.readouterr().err.splitlines()
    assert f"--epochs {epochs}" in line and f"after {frozen}" in line and f"--epochs {frozen + 1}" in line
    chosen_profile(parser().parse_args(["train", "--profile", profile, "--epochs", str(epochs + 1)]))
    chosen_profile(parser().parse_args(["train", "--profile", profile]))
    assert capfd.readouterr().err == ""


def test_evaluate_prints_one_line_of_json_with_the_contracts_figures(trained, hands, capfd):
    model = str(trained[0] / "model.keras")
    assert main(["evaluate", "--data", str(hands), "--model", model, "--json"]) == 0
    (line,) = capfd.readouterr().out.splitlines()
    figures = json.loads(line, parse_constant=pytest.fail)  # NaN is no JSON
    assert figures.keys() >= {
        "photos", "persons", "iou", "iou_low", "iou_high", "f1", "worst_person", "worst_person_iou",
        "worst_person_f1", "iou_pooled", "miou", "boundary_px", "threshold",
    }  # fmt: skip
    assert figures["data"] == "/".join(hands.parts[-2:])
    assert figures["photos"] == 9 and figures["persons"] == 3 and figures["worst_person"] in ("02", "05", "09")
    assert 0 <= figures["iou_low"] <= figures["iou"] <= figures["iou_high"] <= 1


def test_evaluate_prints_a_table_for_people(trained, hands, capfd):
    assert main(["evaluate", "--data", str(hands), "--model", str(trained[0] / "model.keras")]) == 0
    out = capfd.readouterr().out
    for word in ("person", "boundary_px", "02", "05", "09", "worst_person_iou: 0."):
        assert word in out


def test_figures_without_a_value_are_null_in_json(make_pair, tmp_path, capfd):
    """A model that never sees a hand draws no outline, so that there is no distance to it."""
    for person in ("01", "02", "04"):
        save_pair(tmp_path / "data", f"A_P_hgr1_id{person}_1.png", *draw_blob(int(person)))
    never = {"kernel_initializer": "zeros", "bias_initializer": keras.initializers.Constant(-9)}
    last = keras.layers.Conv2D(1, 1, activation="sigmoid", **never)
    blind = keras.Sequential([keras.Input((32, 32, 3)), last])
    blind.save(tmp_path / "blind.keras")
    assert main(["evaluate", "--data", str(tmp_path / "data"), "--model", str(tmp_path / "blind.keras"), "--json"]) == 0
    assert json.loads(capfd.readouterr().out, parse_constant=pytest.fail)["boundary_px"] is None


# Predict


def test_pillows_own_warnings_are_silenced_by_the_command_line_alone(tmp_path, capfd, recwarn):
    """They name no file; but in a program or notebook that imports the library, warnings are the caller's."""
    Image.new("RGB", (40, 30)).save(tmp_path / "odd.jpg", exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01")
    before = list(warnings.filters)
    assert main(["predict", str(tmp_path / "odd.jpg"), "--out", str(tmp_path / "out")]) == 0
    assert not recwarn.list and warnings.filters == before
    read_image(tmp_path / "odd.jpg")
    assert "EXIF" in str(recwarn.pop(UserWarning).message)


@pytest.mark.parametrize("model", ["course", "trained"])
def test_predict_writes_overlay_and_mask_of_the_photos_size(trained, tmp_path, capfd, model):
    image, _ = draw_blob(0)
    photo = tmp_path / "my hand.jpg"
    Image.fromarray(image).resize((210, 140)).save(photo)
    chosen = ["--model", str(trained[0] / "model.keras")] if model == "trained" else []
    assert main(["predict", str(photo), "--out", str(tmp_path / "new" / "out"), *chosen, "--json"]) == 0
    share = json.loads(capfd.readouterr().out)["hand_share"][str(photo)]
    assert {path.name for path in (tmp_path / "new" / "out").iterdir()} == {"my hand_overlay.jpg", "my hand_mask.png"}
    overlay = Image.open(tmp_path / "new" / "out" / "my hand_overlay.jpg")
    assert overlay.size == (210, 140) and overlay.mode == "RGB"
    mask = np.array(Image.open(tmp_path / "new" / "out" / "my hand_mask.png"))
    assert mask.shape == (140, 210) and set(np.unique(mask)) <= {0, 255}
    assert (mask == 255).mean() == pytest.approx(share, abs=1e-4)


def test_a_name_that_the_terminal_cannot_write_is_no_error(tmp_path, monkeypatch):
    """As in a pipe of Windows, whose letters are some 200."""
    photo = Path(shutil.copy(ROOT / "docs" / "hands.jpg", tmp_path / "рука.jpg"))
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", pipe)
    assert main(["predict", str(photo), "--out", str(tmp_path / "out")]) == 0
    pipe.flush()
    assert rb"\u0440" in pipe.buffer.getvalue() and (tmp_path / "out" / "рука_mask.png").exists()


def test_predict_takes_several_photos_and_any_kind(trained, tmp_path):
    image, _ = draw_blob(1)
    names = ["a.png", "b.bmp", "c.webp"]
    for name in names:
        Image.fromarray(image).save(tmp_path / name)
    photos = [str(tmp_path / name) for name in names]
    assert main(["predict", *photos, "--model", str(trained[0] / "model.keras"), "--out", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 6


# The rest


def test_doctor_says_what_the_machine_has(capfd):
    assert main(["doctor", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["keras"] == keras.__version__ and told["backend"] == keras.backend.backend()
    assert told[told["backend"]][0].isdigit(), "the backend's own version, whatever its package is called"
    assert told.keys() >= {"python", "system", "cores", "gpu", "dtype", "hgr1", "course_model", "profile"}


def test_an_interrupted_command_says_how_to_go_on(monkeypatch, capfd):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("handseg_lib.profile.current", lambda name=None: interrupted())
    for command, rest in {"doctor": "", "train": " The same command goes on where this one stopped."}.items():
        assert main([command]) == 130
        assert capfd.readouterr().err == f"handseg_lib: interrupted.{rest}\n"


@pytest.mark.parametrize(
    "name, value",
    [("profile", "full"), ("size", "320"), ("epochs", "2"), ("seed", "1"), ("out", "mine"), ("workers", "2")],
)
def test_scoring_refuses_what_only_training_heeds(name, value, capfd):
    assert main(["evaluate", f"--{name}", value]) == 2
    assert f"--{name}: to score a model trains nothing" in capfd.readouterr().err


def test_without_a_command_it_says_which_there_are(capsys):
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    for command in ("train", "evaluate", "predict", "doctor"):
        assert command in out
