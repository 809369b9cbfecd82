"""Builds the page for the browser into build/web, a folder for any static host; ``--serve`` shows it on this machine.

    python web/build.py                     the course's own network
    python web/build.py --network mine.onnx another one: from hs.export(..., calibrate=photos), its card beside it

The page runs a network of eight-bit numbers on the processor. A graphics card computes with floats, so for it the build
takes the steps between the layers out again; both read the same weights. Each graph comes in two sizes: the network's
own for photos, and a smaller one for the camera. To keep what a visitor waits for small, the weights get fewer steps,
and all large files are packed.
"""

import argparse
import hashlib
import http.server
import json
import re
import shutil
import subprocess
import sys
import zlib
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build"
PAGES = ("index.html", "style.css", "icon.svg", "app.js", "painting.js", "network.js")
RUNTIMES = {  # of onnxruntime-web, for the processor and for a graphics card
    "wasm": {"api": "ort.wasm.min.mjs", "glue": "ort-wasm-simd-threaded.mjs", "wasm": "ort-wasm-simd-threaded.wasm"},
    "webgpu": {
        "api": "ort.jspi.min.mjs",
        "glue": "ort-wasm-simd-threaded.jspi.mjs",
        "wasm": "ort-wasm-simd-threaded.jspi.wasm",
    },
}
CAMERA_SIZE = 160  # pixels: what two processor cores can do a dozen times a second
STEP, LARGE_STEP, LARGE = 4, 5, 500_000  # of a weight's 255 levels every fourth is used; in large kernels every fifth
HEADERS = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}


class Missing(Exception):
    """What is needed and not there, in a sentence."""


def build(out: Path, network: Path | None = None) -> None:
    """Makes the folder anew. What takes long, npm's package and the course's network, is kept for the next time."""
    runtime = bring_runtime(KEPT / "web-runtime")
    network = network or export(KEPT / "web-network" / "hand.onnx")
    shutil.rmtree(out, ignore_errors=True)
    (out / "runtime").mkdir(parents=True)
    for name in PAGES:
        shutil.copy(ROOT / "web" / name, out)
    for files in RUNTIMES.values():
        shutil.copy(runtime / files["api"], out / "runtime")
        shutil.copy(runtime / files["glue"], out / "runtime")
        pack((runtime / files["wasm"]).read_bytes(), out / "runtime" / files["wasm"])
    mit = re.sub(r"Copyright .*", "Copyright (c) Microsoft Corporation", (ROOT / "LICENSE").read_text("utf-8"))
    (out / "runtime" / "LICENSE.txt").write_text(f"onnxruntime-web, whose files are in this folder\n\n{mit}", "utf-8")
    draw_example(out)
    card = write_network(network, out / "model")
    card["runtimes"] = {kind: files | {"wasm": f"{files['wasm']}.packed"} for kind, files in RUNTIMES.items()}
    for kind, files in card["runtimes"].items():
        needed = [out / "runtime" / name for name in files.values()]
        needed += [out / "model" / f"{kind}-{card['camera_size']}.onnx.packed", out / "model" / "weights.bin.packed"]
        card["bytes"][kind] = sum(path.stat().st_size for path in needed)
    (out / "model" / "card.json").write_text(json.dumps(card, indent=1), "utf-8")
    service = (ROOT / "web" / "service.js").read_text("utf-8")
    (out / "service.js").write_text(service.replace("{{version}}", version(out, service)), "utf-8")


def version(out: Path, service: str) -> str:
    """A name for what all files hold together."""
    content = hashlib.sha256(service.encode())
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        content.update(path.relative_to(out).as_posix().encode() + path.read_bytes())
    return content.hexdigest()[:12]


def pack(content: bytes, path: Path, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> None:
    """Writes a file in gzip's form, under a name that no server takes for one to unpack on the way."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31, 9, strategy)
    path.with_name(f"{path.name}.packed").write_bytes(packer.compress(content) + packer.flush())


# The runtime


def bring_runtime(folder: Path) -> Path:
    """onnxruntime-web, the version of package-lock.json, by npm. Returns the folder of its files."""
    lock = ROOT / "web" / "package-lock.json"
    dist = folder / "node_modules" / "onnxruntime-web" / "dist"
    if (folder / lock.name).exists() and (folder / lock.name).read_bytes() == lock.read_bytes() and dist.exists():
        return dist
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise Missing("The page needs Node.js with npm to bring the browser's runtime: install it (nodejs.org).")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "web" / "package.json", folder)
    shutil.copy(lock, folder)
    done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True)
    if done.returncode or not dist.exists():
        (folder / lock.name).unlink(missing_ok=True)
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise Missing(f"npm could not bring onnxruntime-web (it says: {said[-1]}). Is there a network connection?")
    return dist


# The network


def export(path: Path) -> Path:
    """The course's network in eight bits, calibrated on drawn hands, by the library. Kept until the network changes."""
    import handseg_lib as hs

    predictor, stamp = hs.load_predictor(), path.with_suffix(".sha256")
    if path.exists() and stamp.exists() and stamp.read_text() == predictor.card["sha256"]:
        return path
    if not callable(getattr(hs, "export", None)):
        raise Missing("This version of the library exports nothing: name a network by --network FILE.onnx.")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        hs.export(predictor, path, calibrate=hs.split_by_person(hs.drawn.load()).train[::2])
    except hs.InputError as error:
        raise Missing(str(error)) from None
    stamp.write_text(predictor.card["sha256"])
    return path


def write_network(path: Path, folder: Path) -> dict:
    """Writes the weights once and four graphs that use them, and returns the page's card."""
    try:
        import onnx
    except ImportError:
        raise Missing('The page needs the packages that exports need: pip install -e ".[export]"') from None
    try:
        told = json.loads(path.with_name(f"{path.name}.json").read_text("utf-8"))
        model = onnx.load(path)
    except Exception as error:  # a damaged file raises almost anything
        raise Missing(
            f"{path}: no export with its card ({error}). Make one by hs.export(..., calibrate=photos)."
        ) from None
    if told["precision"] != "int8":
        raise Missing(f"{path}: its numbers are {told['precision']}. Export it with calibrate=photos, to eight bits.")
    folder.mkdir()
    coarsen(model)
    card = {"size": told["size"], "camera_size": min(CAMERA_SIZE, told["size"]), "threshold": told["threshold"]}
    card |= {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "network": told.get("network"), "bytes": {}}
    onnx.save_model(
        model, folder / "whole.onnx", save_as_external_data=True, location="weights.bin", size_threshold=10_000
    )
    pack((folder / "weights.bin").read_bytes(), folder / "weights.bin", zlib.Z_HUFFMAN_ONLY)  # they repeat nothing
    for kind in RUNTIMES:
        for side in {card["size"], card["camera_size"]}:
            graph = onnx.load(folder / "whole.onnx", load_external_data=False)
            resize(graph, card["size"], side)
            if kind == "webgpu":
                take_steps_out(graph)
            pack(graph.SerializeToString(), folder / f"{kind}-{side}.onnx")
    (folder / "whole.onnx").unlink()
    (folder / "weights.bin").unlink()
    return card


def coarsen(model) -> None:
    """Leaves of the levels of each kernel every fourth or fifth: some two bits of each weight less to load."""
    import numpy as np
    from onnx import numpy_helper

    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.int8 and values.size > 10_000:
            step = LARGE_STEP if values.size > LARGE else STEP
            coarse = np.clip(np.rint(values / step) * step, -127, 127).astype(np.int8)
            tensor.CopyFrom(numpy_helper.from_array(coarse, tensor.name))


def resize(model, size: int, side: int) -> None:
    """Makes a graph for photos of another side, one at a time: the same convolutions, other shapes."""
    import numpy as np
    from onnx import TensorProto, numpy_helper

    for value in (*model.graph.input, *model.graph.output):
        dims = value.type.tensor_type.shape.dim
        for dim, new in zip(dims, (1, side, side, dims[3].dim_value)):
            dim.dim_value = new
    model.graph.ClearField("value_info")  # shapes within, which are worked out anew
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.INT64 and tensor.data_location != TensorProto.EXTERNAL:
            shape = numpy_helper.to_array(tensor)
            tensor.CopyFrom(numpy_helper.from_array(np.where(shape == size, side, shape), tensor.name))


def take_steps_out(model) -> None:
    """Removes each pair of nodes that rounds what a layer hands on; the weights' own steps stay."""
    from onnx import helper

    graph = model.graph
    rounded = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "QuantizeLinear"}
    instead = {
        node.output[0]: rounded[node.input[0]]
        for node in graph.node
        if node.op_type == "DequantizeLinear" and node.input[0] in rounded
    }

    def source(name: str) -> str:
        return source(instead[name]) if name in instead else name

    kept = [node for node in graph.node if node.output[0] not in rounded | instead]
    for node in kept:
        node.input[:] = [source(name) for name in node.input]
    ends = [value.name for value in graph.output if value.name in instead]
    kept += [helper.make_node("Identity", [source(end)], [end]) for end in ends]
    del graph.node[:]
    graph.node.extend(kept)


# The picture that shows what to do


def draw_example(out: Path) -> None:
    """A drawn hand, as a photo and outlined."""
    import cv2

    from handseg_lib import drawn, plots

    image, mask = drawn.render(person=3, gesture="5", take=1, size=480)
    for name, picture in (("photo.jpg", image), ("outlined.jpg", plots.overlay(image, mask))):
        cv2.imwrite(str(out / name), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])


# Here


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files, with the headers that let a page compute in threads."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}

    def end_headers(self):
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *args):
        pass


def serve(out: Path, port: int) -> None:
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(out)))
    except OSError as error:
        raise Missing(
            f"The page is in {out}, but port {port} cannot be had ({error.strerror}): name another."
        ) from None
    print(
        f"See it at http://127.0.0.1:{port}/ (end it with Ctrl-C). For others, put the folder on any static host.",
        flush=True,
    )
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "web")
    parser.add_argument("--network", type=Path, help="an exported network of eight bits, its card beside it")
    parser.add_argument("--serve", type=int, metavar="PORT", help="show the page on this machine")
    options = parser.parse_args()
    try:
        build(options.out, options.network)
        print(f"The page is in {options.out}.")
        if options.serve:
            serve(options.out, options.serve)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
