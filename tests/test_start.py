"""The start: what a machine sets for all of Keras does not change the course, and whatever goes wrong is shown."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from handseg_lib import InputError, build_unet, load_predictor, start

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow


def python(*args, settings=None, home=None, **variables):
    """Runs Python with a keras.json of its own; settings: what is in it."""
    if settings is not None:
        (home / "keras.json").write_text(settings if isinstance(settings, str) else json.dumps(settings))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("KERAS_")}
    environ |= {"PYTHONPATH": str(ROOT), "HANDSEG_PROFILE": "smoke", "KERAS_HOME": str(home)} | variables
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, env=environ)


ODD = {"floatx": "float16", "epsilon": 0.01, "image_data_format": "channels_first", "backend": "tensorflow"}


def test_a_machines_settings_change_neither_the_hand_nor_the_training(tmp_path, samples):
    """Were they to, the course's model would find another hand, and nobody would know why."""
    photo = samples[0].image
    lines = """
import sys, keras, numpy as np
keras.layers.Dense(1)  # made before the course is imported: from then on Keras remembers floatx
import handseg_lib as hs
model = hs.build_unet(64, weights=None)
kinds = sorted({(weight.dtype, layer.compute_dtype) for layer in model.layers for weight in layer.weights})
print(kinds, keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format())
print(repr(float(hs.load_predictor().mask(hs.read_image(sys.argv[1])).mean())))
"""
    ran = python("-c", lines, str(photo), settings=ODD, home=tmp_path)
    assert ran.returncode == 0, ran.stderr
    kinds, share = ran.stdout.splitlines()
    assert kinds == "[('float32', 'float32')] float32 1e-07 channels_last"
    assert float(share) == pytest.approx(float(load_predictor().mask(np.array(Image.open(photo))).mean()), abs=1e-3)


@pytest.mark.parametrize(
    "settings, said",
    [
        (ODD, "floatx=float16, epsilon=0.01, image_data_format=channels_first"),
        ("no JSON", "what cannot be read (JSONDecodeError)"),
        ({"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow", "image_data_format": "channels_last"}, None),
    ],
    ids=["odd", "no JSON", "Keras's own"],
)
def test_the_doctor_names_the_file_and_what_is_odd_in_it(tmp_path, settings, said):
    ran = python("-m", "handseg_lib", "doctor", "--json", settings=settings, home=tmp_path)
    assert ran.returncode == 0 and not ran.stderr
    found = json.loads(ran.stdout)["keras_json"]
    assert found == (f"{tmp_path / 'keras.json'}: {said}; the course passes over it" if said else False)


@pytest.mark.parametrize(
    "settings, variables, cause",
    [
        ({"backend": "jacks"}, {}, "backend=jacks"),
        ({"floatx": "float8"}, {}, "floatx=float8"),
        ({"epsilon": "small"}, {}, "epsilon=small"),
        ([], {}, "what is no JSON object"),
        ({}, {"KERAS_BACKEND": "jacks"}, "KERAS_BACKEND=jacks"),
    ],
    ids=["backend", "floatx", "epsilon", "a list", "variable"],
)
def test_what_keeps_keras_from_starting_is_named_in_one_sentence(tmp_path, settings, variables, cause):
    """A traceback out of Keras names neither the file nor the setting."""
    ran = python("-m", "handseg_lib", "evaluate", settings=settings, home=tmp_path, **variables)
    assert ran.returncode == 2 and ran.stdout == "" and len(ran.stderr.splitlines()) == 1, ran.stderr
    assert ran.stderr.startswith(f"handseg_lib: {tmp_path / 'keras.json'}: ") and f"told {cause}:" in ran.stderr
    in_python = (
        "try:\n import handseg_lib, keras\nexcept ImportError as error: print(error)"  # a program may go on without
    )
    ran = python("-c", in_python, settings=settings, home=tmp_path, **variables)
    assert ran.returncode == 0 and f"told {cause}:" in ran.stdout


WITHOUT_KERAS = """
import sys
{}
held = {{"keras", "tensorflow", "matplotlib", "pandas", "sklearn"}} & set(sys.modules)
assert not held, held
"""


@pytest.mark.parametrize(
    "lines",
    [
        "import handseg_lib",
        "import handseg_lib as hs; hs.read_image, hs.Sample, hs.Predictor, hs.load_predictor, hs.quiz('05').text()",
        "import handseg_lib.__main__ as cli; cli.main(['quiz', '05'])",
        "import handseg_lib.__main__ as cli\ntry: cli.main(['--help'])\nexcept SystemExit: pass",
        "import handseg_lib.painting, handseg_lib.resume",
    ],
)
def test_what_needs_no_keras_does_not_wait_for_it(tmp_path, lines):
    """TensorFlow takes seconds and half a gigabyte; matplotlib and pandas half a second each."""
    ran = python("-c", WITHOUT_KERAS.format(lines), settings={}, home=tmp_path)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("first", ["handseg_lib.losses", "handseg_lib.metrics", "handseg_lib.data.batches", "keras"])
def test_whatever_brings_keras_the_course_is_ready(tmp_path, first):
    """A saved model is loaded by Keras's own function, too, before anything else of the course was used."""
    lines = f"""
import handseg_lib, {first}
import keras
print(keras.config.floatx(), sorted(map(bool, map(keras.saving.get_registered_object, {REGISTERED}))))
"""
    ran = python("-c", lines, settings=ODD, home=tmp_path)
    assert ran.stdout == "float32 [True, True, True]\n", ran.stderr


REGISTERED = ["handseg>StillModel", "handseg>dice_loss", "handseg>batch_iou"]


def test_a_layout_set_by_hand_is_refused_in_one_sentence():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(InputError, match="channels_first.*set_image_data_format"):
            build_unet(64, weights=None)
    finally:
        keras.config.set_image_data_format("channels_last")


def test_a_policy_set_by_hand_is_kept(tmp_path):
    """As it is set for a faster network, here before the course is imported."""
    lines = """
import keras
keras.config.set_dtype_policy("mixed_bfloat16")
import handseg_lib as hs
model = hs.build_unet(64, weights=None)
print(keras.config.dtype_policy().name, model.get_layer("conv2d").dtype_policy.name)
"""
    ran = python("-c", lines, settings={}, home=tmp_path)
    assert ran.stdout.split() == ["mixed_bfloat16"] * 2, ran.stderr


def test_what_tensorflow_writes_is_kept_back_until_its_import_fails(tmp_path):
    """A Keras that writes to descriptor 2, as TensorFlow's native code does, and then fails, or not."""
    (tmp_path / "keras").mkdir()
    module = tmp_path / "keras" / "__init__.py"
    chatter, lines = "import os\nos.write(2, b'no AVX here\\n')\n", "import handseg_lib, keras"
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])

    module.write_text(chatter + "raise ImportError('DLL load failed')")
    ran = python("-c", lines, settings={}, home=tmp_path, PYTHONPATH=paths)
    assert "no AVX here" in ran.stderr and ran.stderr.endswith("ImportError: DLL load failed\n")

    module.write_text(chatter + "raise SystemExit")
    assert python("-c", lines, settings={}, home=tmp_path, PYTHONPATH=paths).stderr == "no AVX here\n"

    quiet = "import handseg_lib, keras, os; os.write(2, b'descriptor 2 is back')"
    assert python("-c", quiet, settings={}, home=tmp_path).stderr == "descriptor 2 is back"


def test_a_notebook_does_not_warn_of_retracing(tmp_path):
    """There, TensorFlow's logger sets its level anew and writes to the page, above a lesson's picture."""
    lines = """
import sys
sys.ps1 = ">>> "  # by which TensorFlow knows a notebook
import handseg_lib
from tensorflow.python.platform import tf_logging
tf_logging.warning("5 out of the last 10 calls triggered tf.function retracing.")
tf_logging.warning("The disk is full.")
"""
    assert python("-c", lines, settings={}, home=tmp_path).stdout == "WARNING:tensorflow:The disk is full.\n"


@pytest.mark.parametrize("module", ["tqdm", "keras"])
def test_ctrl_c_in_the_first_seconds_is_no_traceback(tmp_path, module):
    """That is while the command line's own imports last, and while Keras is imported."""
    (tmp_path / module).mkdir()
    (tmp_path / module / "__init__.py").write_text("raise KeyboardInterrupt")
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    ran = python("-m", "handseg_lib", "evaluate", settings={}, home=tmp_path, PYTHONPATH=paths)
    assert (ran.returncode, ran.stderr) == (130, "handseg_lib: interrupted.\n")


def test_the_import_leaves_the_callers_warnings_alone(tmp_path):
    """Of the course's own files, that is; Keras and scikit-learn may have filters of their own."""
    lines = "import warnings, handseg_lib; print([entry for entry in warnings.filters if 'PIL' in str(entry)])"
    assert python("-c", lines, settings={}, home=tmp_path).stdout == "[]\n"


def test_keras_json_is_where_keras_looks_for_it(monkeypatch, tmp_path):
    from keras.src.backend.config import keras_home

    assert start.keras_json().parent == Path(keras_home()).expanduser()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert start.keras_json() == tmp_path / "keras.json"
