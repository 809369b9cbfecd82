"""How the page for the browser is built: what is missing is said in a sentence; graphs change as they are meant to."""

import importlib.util

import numpy as np
import pytest
from test_house import ROOT

spec = importlib.util.spec_from_file_location("web_build", ROOT / "web" / "build.py")
page = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page)


def test_without_node_it_says_so_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(page.Missing, match=r"^The page needs Node\.js with npm [^.]+\(nodejs\.org\)\.$"):
        page.bring_runtime(tmp_path / "runtime")


def test_the_lock_names_no_host():
    lock = (ROOT / "web" / "package-lock.json").read_text("utf-8")
    assert "://" not in lock and lock.count('"integrity"') == lock.count('"node_modules/')


def test_all_that_the_page_loads_first_is_kept_for_later():
    """A file that the service worker does not know at once would be missing without a connection."""
    service = (ROOT / "web" / "service.js").read_text("utf-8")
    assert not [name for name in page.PAGES if f'"{name}"' not in service]


@pytest.fixture
def graph():
    """A photo (1, 8, 8, 1), rounded to steps of 0.5, through a ReLU, rounded again; and a shape that says 8."""
    onnx = pytest.importorskip("onnx")
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    steps = [
        onnx.numpy_helper.from_array(np.array(0.5, np.float32), "step"),
        onnx.numpy_helper.from_array(np.array(128, np.uint8), "zero"),
        onnx.numpy_helper.from_array(np.array([1, 8, 8, 1]), "shape"),
        onnx.numpy_helper.from_array(np.arange(-100, 100, dtype=np.int8).repeat(100), "kernel"),
    ]
    nodes = [
        helper.make_node("Reshape", ["photo", "shape"], ["a"]),
        helper.make_node("QuantizeLinear", ["a", "step", "zero"], ["b"]),
        helper.make_node("DequantizeLinear", ["b", "step", "zero"], ["c"]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("QuantizeLinear", ["d", "step", "zero"], ["e"]),
        helper.make_node("DequantizeLinear", ["e", "step", "zero"], ["hand"]),
    ]
    ends = [helper.make_tensor_value_info(name, floats, (1, 8, 8, 1)) for name in ("photo", "hand")]
    graph = helper.make_graph(nodes, "steps", ends[:1], ends[1:], steps)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])


def run(model, photo):
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(model).run(None, {"photo": photo})[0]


def test_steps_between_layers_are_taken_out_and_nothing_else(graph):
    photo = np.linspace(-1, 1.1, 64, dtype=np.float32).reshape(1, 8, 8, 1)
    assert not np.allclose(run(graph, photo), np.maximum(photo, 0))
    page.take_steps_out(graph)
    assert np.array_equal(run(graph, photo), np.maximum(photo, 0))


def test_a_graph_of_another_side_is_the_same_but_for_its_shapes(graph):
    page.resize(graph, 8, 12)
    photo = np.full((1, 12, 12, 1), 0.5, np.float32)
    assert run(graph, photo).shape == (1, 12, 12, 1) and (run(graph, photo) == 0.5).all()


def test_weights_keep_every_fourth_level(graph):
    from onnx import numpy_helper

    before = numpy_helper.to_array(graph.graph.initializer[3]).astype(int)
    page.coarsen(graph)
    after = numpy_helper.to_array(graph.graph.initializer[3]).astype(int)
    assert set(np.unique(after % page.STEP)) == {0} and np.abs(after - before).max() <= page.STEP / 2


def test_a_network_without_eight_bits_is_refused_in_one_sentence(tmp_path, graph):
    import onnx

    onnx.save(graph, tmp_path / "a.onnx")
    (tmp_path / "a.onnx.json").write_text('{"precision": "float32", "size": 4, "threshold": 0.5}')
    for name, words in (("a", "its numbers are float32"), ("b", "no export with its card")):
        with pytest.raises(page.Missing, match=words):
            page.write_network(tmp_path / f"{name}.onnx", tmp_path / "model")
