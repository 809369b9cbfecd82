// The network, in a worker of its own, so that the page stays awake while it computes.
// In: { number, bitmap, camera }. Out: { number, hand, side }, the probability of hand as side x side numbers 0-255.

const THREADS = Math.min(4, navigator.hardwareConcurrency || 1);
const here = (name) => new URL(name, self.location).href;

let loaded = 0; // bytes
let ort, card, weights, provider, options;
const sessions = {};

// Files are packed by the build, since not every host packs them for the way; and unpacked here, whoever did it.
async function load(name, total) {
  const answer = await fetch(here(name));
  if (!answer.ok) throw new Error(`${name} is missing on the server (${answer.status})`);
  const counted = new TransformStream({
    transform(piece, out) {
      loaded += piece.byteLength;
      if (total) postMessage({ progress: loaded / total });
      out.enqueue(piece);
    },
  });
  const unpacked = answer.body.pipeThrough(counted).pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

// A graphics card, where the browser lends one and can wait for it (JSPI); else the processor.
async function hasGraphics() {
  if (!navigator.gpu || !("Suspending" in WebAssembly)) return false;
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return Boolean(adapter) && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter);
}

async function start() {
  card = await (await fetch(here("model/card.json"))).json();
  const gpu = await hasGraphics();
  provider = gpu ? "webgpu" : "wasm";
  const runtime = card.runtimes[provider];
  const total = card.bytes[provider];
  let binary;
  [ort, binary, weights] = await Promise.all([
    import(here(`runtime/${runtime.api}`)),
    load(`runtime/${runtime.wasm}`, total),
    load("model/weights.bin.packed", total),
  ]);
  ort.env.wasm.wasmPaths = { mjs: here(`runtime/${runtime.glue}`) };
  ort.env.wasm.wasmBinary = binary;
  ort.env.wasm.numThreads = gpu || !self.crossOriginIsolated ? 1 : THREADS;
  ort.env.logLevel = "error";
  options = {
    executionProviders: [provider],
    externalData: [{ path: "weights.bin", data: weights }],
    ...(gpu && { extra: { session: { disable_quant_qdq: "1" } } }), // the weights become floats once, not for each mask
  };
  await session(card.camera_size);
  const engine = gpu ? "WebGPU" : `WebAssembly, ${ort.env.wasm.numThreads === 1 ? "one thread" : `${ort.env.wasm.numThreads} threads`}`;
  postMessage({ ready: { threshold: card.threshold, engine, megabytes: (total / 1e6).toFixed(1) } });
}

// A session for photos of this side; the graphs differ in nothing else, and share their weights.
function session(side) {
  sessions[side] ??= load(`model/${provider}-${side}.onnx.packed`).then((graph) => ort.InferenceSession.create(graph, options));
  return sessions[side];
}

const canvas = new OffscreenCanvas(1, 1);
const context = canvas.getContext("2d", { willReadFrequently: true });

// A photo, squashed to the network's size: red, green and blue of each pixel, 0-255.
function squash(bitmap, side) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white"; // below what is transparent
  context.fillRect(0, 0, side, side);
  context.drawImage(bitmap, 0, 0, side, side);
  bitmap.close();
  const { data } = context.getImageData(0, 0, side, side);
  const photo = new Float32Array(side * side * 3);
  for (let i = 0, j = 0; i < data.length; i += 4) {
    photo[j++] = data[i];
    photo[j++] = data[i + 1];
    photo[j++] = data[i + 2];
  }
  return photo;
}

async function answer({ number, bitmap, camera }) {
  const side = camera ? card.camera_size : card.size;
  const run = await session(side);
  const photo = new ort.Tensor("float32", squash(bitmap, side), [1, side, side, 3]);
  const { [run.outputNames[0]]: result } = await run.run({ [run.inputNames[0]]: photo });
  const hand = Uint8Array.from(result.data, (probability) => Math.round(255 * probability));
  postMessage({ number, hand, side }, [hand.buffer]);
}

const started = start();
started.catch((error) => postMessage({ failed: error.message }));
let last = started; // one after the other
onmessage = ({ data }) => {
  last = last.then(() => answer(data)).catch((error) => postMessage({ number: data.number, error: error.message }));
};
