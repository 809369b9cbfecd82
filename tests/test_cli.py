"""The command line: exit code 0 only on success, one line of JSON where asked, one line where the input is wrong."""

import io
import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from conftest import draw_blob, save_pair
from PIL import Image
from test_training import small_unet

from handseg_lib import Batches, read_image, split_by_person, training
from handseg_lib.__main__ import chosen_profile, main, parser
from handseg_lib.course.profile import PROFILES

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def policy_stays():
    yield
    assert keras.config.dtype_policy().name == "float32"


@pytest.fixture(scope="module", autouse=True)
def small():
    """The command trains a small network: what it promises does not hang on the network's size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("handseg_lib.recipe.build_unet", lambda size, weights=None: small_unet(size))
        yield


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
        (["predict", str(ROOT / "docs" / "hands.jpg"), "--out", "file"], ["file", "the name of a folder"]),
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


@pytest.mark.slow
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


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder of a learner's photos, and beside it what is no photo of it; the test runs in the folder around it."""
    monkeypatch.chdir(tmp_path)
    for name in ("ben.jpg", "anna.png", "a[1].jpg", "[2]/cara.jpg", "deeper/dora.jpg"):
        Path("own", name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw_blob(0)[0]).save(Path("own", name))
    Path("own", "._ben.jpg").write_bytes(b"what a Mac leaves")
    Path("own", "notes.txt").write_bytes(b"no photo")
    return Path("own")


@pytest.fixture
def predicted(trained, own, capfd):
    """A function that runs predict with JSON: its exit code, what it printed, and its lines of errors."""

    def run(*argv):
        model = [] if "--model" in argv else ["--model", str(trained[0] / "model.keras")]
        code = main(["predict", *map(str, argv), *model, "--json"])
        out, err = capfd.readouterr()
        return code, json.loads(out) if out else None, [line for line in err.splitlines() if "handseg_lib: " in line]

    return run


@pytest.mark.parametrize(
    "given, photos",
    [
        (["own"], ["own/a[1].jpg", "own/anna.png", "own/ben.jpg"]),
        (["own/*.jpg"], ["own/a[1].jpg", "own/ben.jpg"]),
        (["own/[ab]*"], ["own/a[1].jpg", "own/anna.png", "own/ben.jpg"]),
        (["own/a[1].jpg"], ["own/a[1].jpg"]),  # it is there, and so is meant itself
        (["own/[2]/*.jpg"], ["own/[2]/cara.jpg"]),  # and so is a folder
        (["own/**/*a.jpg"], ["own/[2]/cara.jpg", "own/deeper/dora.jpg"]),
        (["own/d*"], ["own/deeper/dora.jpg"]),
        (["own/ben.jpg", "own", "own/deeper/../ben.jpg"], ["own/a[1].jpg", "own/anna.png", "own/ben.jpg"]),
    ],
    ids=str,
)
def test_predict_takes_photos_folders_and_wildcards_that_no_shell_has_expanded(predicted, given, photos):
    code, figures, errors = predicted(*given)
    assert code == 0 and not errors and figures["failed"] == {}
    assert sorted(Path(os.path.normpath(photo)).as_posix() for photo in figures["hand_share"]) == photos
    wanted = {f"{Path(photo).stem}_{end}" for photo in photos for end in ("mask.png", "overlay.jpg")}
    assert {path.name for path in Path("predictions").iterdir()} == wanted


def test_a_folder_without_pictures_that_a_wildcard_fits_is_passed_over(predicted):
    Path("own/empty.jpg").mkdir()
    code, figures, errors = predicted("own/*.jpg")
    assert code == 0 and not errors and figures["failed"] == {}


@pytest.mark.parametrize(
    "given, words",
    [
        (["own/ben.jpg", "own/*.heic"], ["own/*.heic: no file fits"]),
        (["own", "bare"], ["bare: no pictures in it"]),
        (["own", "other"], ["other/ben.jpg", "own/ben.jpg", "Predict them apart"]),
    ],
    ids=str,
)
def test_what_gives_no_photo_or_one_name_twice_is_told_before_any_work(predicted, given, words):
    for folder in ("bare", "other"):
        Path(folder).mkdir()
    shutil.copy("own/ben.jpg", "other/ben.jpg")
    code, figures, (line,) = predicted(*given)
    assert code == 2 and figures is None and not Path("predictions").exists()
    for word in words:
        assert word in line


def test_a_broken_photo_is_named_at_the_end_and_the_others_have_their_results(predicted, own):
    (own / "anna.png").write_bytes(b"\x89PNG, and no more")
    code, figures, (broken, missing) = predicted("own", "own/nobody.jpg")
    assert code == 1 and set(figures["hand_share"]) == {"own/a[1].jpg", "own/ben.jpg"}
    assert "own/anna.png: this is not a picture" in broken and "own/nobody.jpg: there is no such file" in missing
    assert [f"handseg_lib: {message}" for message in figures["failed"].values()] == [broken, missing]
    assert sorted(path.name for path in Path("predictions").iterdir()) == [
        "a[1]_mask.png", "a[1]_overlay.jpg", "ben_mask.png", "ben_overlay.jpg",
    ]  # fmt: skip


def test_a_name_too_long_for_its_results_keeps_no_other_photo_from_them(predicted, own):
    long = own / f"{'o' * 245}.jpg"
    shutil.copy(own / "ben.jpg", long)
    code, figures, (line,) = predicted("own")
    assert code == 1 and "cannot be written" in line and "Take a shorter name" in line
    assert list(figures["failed"]) == [str(long)]
    assert len(list(Path("predictions").iterdir())) == 6


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a file that is always full is Linux's")
def test_a_full_disk_is_told_once_and_not_for_each_photo(predicted, own):
    Path("predictions").mkdir()
    for name in ("a[1]", "anna", "ben"):
        Path("predictions", f"part-{name}_mask.png").symlink_to("/dev/full")
    code, figures, lines = predicted("own")
    assert code == 2 and figures is None and len(lines) == 1
    assert "No space left on device" in lines[0] and "Make room there" in lines[0]


def test_a_file_in_place_of_the_folder_for_results_is_named(predicted, own):
    Path("predictions").write_text("mine")
    code, figures, (line,) = predicted("own")
    assert code == 2 and "predictions: it is a file. Give --out the name of a folder." in line
    assert Path("predictions").read_text() == "mine"


def test_a_mask_drawn_by_hand_is_not_overwritten_without_a_word(predicted, own):
    drawn_by_hand = own / "ben_mask.png"
    Image.new("L", (5, 5)).save(drawn_by_hand)
    before = drawn_by_hand.read_bytes()
    code, figures, (line,) = predicted("own/anna.png", "own/ben.jpg", "--out", "own")
    assert code == 2 and figures is None and f"{drawn_by_hand}: there already" in line and "--again" in line
    assert drawn_by_hand.read_bytes() == before and not (own / "anna_mask.png").exists(), "refused before any work"
    assert predicted("own/anna.png", "own/ben.jpg", "--out", "own", "--again")[0] == 0
    assert drawn_by_hand.read_bytes() != before


def test_what_is_finished_is_not_done_again(predicted, own):
    assert predicted("own")[0] == 0
    before = {path: path.stat().st_mtime_ns for path in Path("predictions").iterdir()}
    code, figures, errors = predicted("own")
    assert code == 0 and not errors and figures["hand_share"] == {} and figures["finished_before"] == 3
    assert {path: path.stat().st_mtime_ns for path in Path("predictions").iterdir()} == before
    Path("predictions/ben_overlay.jpg").unlink()  # as after a kill between the two
    Image.fromarray(draw_blob(7)[0]).save(own / "dan.jpg")
    code, figures, _ = predicted("own")
    assert set(figures["hand_share"]) == {"own/ben.jpg", "own/dan.jpg"} and figures["finished_before"] == 2
    assert len(predicted("own", "--again")[1]["hand_share"]) == 4


@pytest.mark.parametrize("changed", ["photo", "model"])
def test_results_of_another_photo_or_model_are_not_taken_for_finished(predicted, own, changed, trained):
    """Else somebody would look at the masks of last week's network, or of a photo that he has replaced."""
    assert predicted("own/ben.jpg")[0] == 0
    if changed == "photo":
        Image.fromarray(draw_blob(7)[0]).save(own / "ben.jpg")
        code, _, (line,) = predicted("own/ben.jpg")
    else:
        other = shutil.copy(trained[0] / "model.keras", "other.keras")
        with open(other, "ab") as file:
            file.write(b"0")
        code, _, (line,) = predicted("own/ben.jpg", "--model", other)
    assert code == 2 and "predictions/ben_overlay.jpg: there already, and 1 more of the results" in line
    assert "not made of this photo by this model" in line and "--again" in line


def film(path, count=6):
    """Writes a video of a hand that moves."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 12.0, (64, 48))
    for shift in range(count):
        frame = np.full((48, 64, 3), (130, 90, 60), np.uint8)  # BGR
        writer.write(cv2.circle(frame, (20 + 3 * shift, 24), 12, (120, 150, 210), -1))
    writer.release()


def test_a_video_gives_two_videos_frame_by_frame(predicted, own):
    film(own / "wave.mp4")
    (own / "broken.mov").write_bytes((own / "wave.mp4").read_bytes()[:300])
    code, figures, (line,) = predicted("own/wave.mp4", "own/broken.mov")
    assert code == 1 and "own/broken.mov: 0 frames of it can be read" in line, "FFmpeg's own words are kept back"
    assert 0 <= figures["hand_share"]["own/wave.mp4"] <= 1
    wanted = {"wave_mask.mp4", "wave_overlay.mp4", "wave_film.json"}
    assert {path.name for path in Path("predictions").iterdir()} == wanted
    for name in ("mask", "overlay"):
        video = cv2.VideoCapture(f"predictions/wave_{name}.mp4")
        seen = [video.get(key) for key in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_WIDTH)]
        assert seen == [6, 12, 64]
    (own / "broken.mov").unlink()
    _, figures, _ = predicted("own")  # photos and videos may share a folder
    assert set(figures["hand_share"]) == {"own/a[1].jpg", "own/anna.png", "own/ben.jpg"}
    assert figures["finished_before"] == 1, "the video"


@pytest.mark.parametrize("name", ["ben_mask.png", "BEN_mask.PNG", "link.jpg"])
def test_a_photo_is_never_overwritten(predicted, own, name):
    """Not even where it has the name of another one's result, in the letters of another disk, or by a link."""
    shutil.copy(own / "anna.png", own / name)
    if name == "link.jpg":
        (own / "ben_mask.png").symlink_to(name)
    before = (own / name).read_bytes()
    code, _, (line,) = predicted("own/ben.jpg", own / name, "--out", "own", "--again")
    assert code == 2 and "one of the photos" in line and "another --out" in line
    assert (own / name).read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_can_neither_forge_a_line_nor_command_the_terminal(predicted, own):
    forged = own / "x\nhandseg_lib: all is well \x1b[2J\u202e.jpg"
    forged.write_bytes(b"no photo")
    _, _, lines = predicted(forged)
    (line,) = lines
    assert line.startswith(rf"handseg_lib: {own}/x\nhandseg_lib: all is well \x1b[2J\u202e.jpg: this is not a picture")
    assert line.isprintable()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_typing_error_is_repeated_in_one_line(capfd):
    with pytest.raises(SystemExit):
        main(["predict", "a.jpg", "--x\n\x1b[2J"])
    assert capfd.readouterr().err.splitlines()[-1].endswith(r"unrecognized arguments: --x\n\x1b[2J")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("json_or_not", [[], ["--json"]], ids=str)
def test_links_in_a_circle_and_names_of_any_bytes_are_no_traceback_in_a_pipe_of_ascii(own, json_or_not):
    (own / "circle.jpg").symlink_to("circle.jpg")
    (own / "gone.jpg").symlink_to("nowhere.jpg")
    shutil.copy(own / "ben.jpg", os.fsdecode(b"own/\xff\xc3\xa9.jpg"))
    Path(os.fsdecode(b"own/\xfe.jpg")).write_bytes(b"no photo")
    command = [sys.executable, "-m", "handseg_lib", "predict", "own", "--out", os.fsdecode(b"out\xff"), *json_or_not]
    env = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, capture_output=True)
    assert done.returncode == 1, "some of them could be used"
    errors = done.stderr.decode("ascii").splitlines()
    assert [line.partition(":")[2].partition(":")[0] for line in errors if line.startswith("handseg_lib")] == [
        " own/circle.jpg", " own/gone.jpg", r" own/\udcfe.jpg",
    ]  # fmt: skip
    assert Path(os.fsdecode(b"out\xff/\xff\xc3\xa9_mask.png")).exists() and b"Traceback" not in done.stderr
    if json_or_not:
        assert os.fsdecode(b"own/\xff\xc3\xa9.jpg") in json.loads(done.stdout)["hand_share"]
    else:
        assert rb"hand_share of own/\udcff\xe9.jpg: 0." in done.stdout


@pytest.mark.slow
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

    monkeypatch.setattr("handseg_lib.course.profile.current", lambda name=None: interrupted())
    for command, rest in {"doctor": "", "train": " The same command goes on where this one stopped."}.items():
        assert main([command]) == 130
        assert capfd.readouterr().err == f"handseg_lib: interrupted.{rest}\n"


@pytest.mark.parametrize(
    "name, value",
    [
        ("profile", "full"),
        ("size", "320"),
        ("epochs", "2"),
        ("seed", "1"),
        ("out", "mine"),
        ("workers", "2"),
        ("scheduler", "tcp://x:1"),
    ],
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
