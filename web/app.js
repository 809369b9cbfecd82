// The page: photos and the camera's frames go to the network, which runs in a worker; masks come back and are drawn.
// Only one picture is with the network at a time, so none pile up.

import { cutOut, maskOf, paint } from "./painting.js";

const MOST = 1600; // pixels of a photo's longer side on the screen
const WAIT = 4000; // milliseconds for the service worker, which is a help and no need
const REASONS = {
  NotAllowedError: "it was refused. Allow it beside the page's address, and press again",
  NotFoundError: "none was found",
  NotReadableError: "another program uses it",
};

const $ = (id) => document.getElementById(id);
const view = $("view");
const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
let current = null; // { picture, side, hand }: what is shown, and the network's answer
let facing = "user";

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

// The network

let network;
const answers = new Map(); // what to do with the answer to each picture, by its number
let number = 0;

function ask(picture, camera) {
  return new Promise((resolve, reject) => {
    answers.set(++number, { resolve, reject });
    createImageBitmap(picture).then((bitmap) => network.postMessage({ number, bitmap, camera }, [bitmap]), reject);
  });
}

const ready = new Promise((resolve, reject) => {
  begin().catch(reject);
  async function begin() {
    await keepForLater();
    network = new Worker("network.js", { type: "module" });
    network.onerror = () => reject(new Error("this browser cannot start it"));
    network.onmessage = ({ data }) => {
      if (data.progress) $("loading").value = data.progress;
      else if (data.ready) resolve(data.ready);
      else if (data.failed) reject(new Error(data.failed));
      else {
        const { resolve, reject } = answers.get(data.number);
        answers.delete(data.number);
        data.error ? reject(new Error(data.error)) : resolve(data);
      }
    };
  }
});

// The service worker keeps the page for later, and gives it the headers without which a browser lends no threads.
async function keepForLater() {
  if (!navigator.serviceWorker) return;
  const control = new Promise((resolve) => {
    if (navigator.serviceWorker.controller) resolve();
    navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true });
  });
  try {
    await navigator.serviceWorker.register("service.js");
    await Promise.race([control, new Promise((resolve) => setTimeout(resolve, WAIT))]);
  } catch {
    return; // a private window, say: the page works, and has to be loaded anew the next time
  }
  if (!crossOriginIsolated && navigator.serviceWorker.controller && !sessionStorage.loadedAgain) {
    sessionStorage.loadedAgain = "for threads";
    location.reload();
    await new Promise(() => {});
  }
}

ready.then(
  ({ threshold, engine, megabytes }) => {
    $("threshold").value = threshold;
    $("level").textContent = threshold.toFixed(2);
    $("engine").textContent = `The network computes by ${engine}.`;
    $("size").textContent = `${megabytes} megabytes`;
    $("loading").hidden = true;
    say("Ready. Choose a photo, drop one, or use the camera.");
  },
  (error) => {
    $("loading").hidden = true;
    say(`The network could not be loaded: ${error.message}. Load the page again; an old browser may lack what it needs.`, true);
  },
);

// What is shown

function draw() {
  if (!current) return;
  const { picture, hand, side } = current;
  const [width, height] = fit(picture.width, picture.height, MOST);
  if (view.width !== width || view.height !== height) Object.assign(view, { width, height });
  const mask = maskOf(hand, side, width, height, Number($("threshold").value));
  paint(view.getContext("2d"), picture, mask, $("show").value);
  const share = Math.round((100 * mask.reduce((sum, pixel) => sum + pixel, 0)) / mask.length);
  view.setAttribute("aria-label", `Your picture, ${$("show").selectedOptions[0].text}: ${share} % of it is hand.`);
  return share;
}

function fit(width, height, most) {
  const scale = Math.min(1, most / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

function show(picture, answer) {
  current = { picture, ...answer };
  $("guide").hidden = true;
  $("stage").querySelector("figcaption").hidden = true;
  view.hidden = $("controls").hidden = false;
  const share = draw();
  view.dispatchEvent(new CustomEvent("mask", { detail: answer }));
  return share;
}

$("threshold").oninput = () => {
  $("level").textContent = Number($("threshold").value).toFixed(2);
  draw();
};
$("show").onchange = draw;

$("save").onclick = async () => {
  const { picture, hand, side } = current; // the next frame may come meanwhile
  const blob = await cutOut(picture, maskOf(hand, side, picture.width, picture.height, Number($("threshold").value)));
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: "hand.png" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say(`hand.png is saved: ${picture.width} x ${picture.height} pixels, transparent where there is no hand.`);
};

// A photo: chosen, dropped, pasted, or the drawn one

async function look(files) {
  const [file] = files;
  stop();
  if (!file) return say("That is no file. Drop a photo's file.", true);
  if (files.length > 1) return say(`${files.length} files at once. Choose one photo.`, true);
  const picture = await createImageBitmap(file).catch(() => null); // turned upright as the camera said
  if (!picture) return say(`${file.name}: this browser cannot read it. Choose a photo as JPEG or PNG.`, true);
  try {
    await ready;
    say(`${file.name} is looked at.`);
    view.classList.remove("mirrored");
    const share = show(picture, await ask(picture, false));
    $("speed").textContent = "";
    say(share ? `${file.name}: ${share} % of the photo is hand.` : `${file.name}: no hand found. A lower threshold may find one.`);
  } catch (error) {
    say(`${file.name}: ${error.message}.`, true);
  }
}

$("choose").onclick = () => $("file").click();
$("file").onchange = () => {
  look([...$("file").files]);
  $("file").value = ""; // so that the same file can be chosen again
};
$("example").onclick = async () => {
  const answer = await fetch("photo.jpg").catch(() => null);
  if (!answer?.ok) return say("The drawn hand could not be loaded.", true);
  look([new File([await answer.blob()], "The drawn hand")]);
};
addEventListener("paste", (event) => event.clipboardData.files.length && look([...event.clipboardData.files]));
addEventListener("dragover", (event) => {
  event.preventDefault(); // which would open the file in place of the page
  $("stage").classList.add("over");
});
addEventListener("dragleave", () => $("stage").classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  $("stage").classList.remove("over");
  look([...event.dataTransfer.files]);
});

// The camera, which is on while its frames are shown and no longer

let pressed = 0; // counts, so that a camera that comes after "stop" is closed again

function stop() {
  pressed++;
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  $("camera").setAttribute("aria-pressed", "false");
  $("camera").textContent = "Use the camera";
  $("turn").hidden = true;
}

async function start() {
  const mine = ++pressed;
  $("camera").setAttribute("aria-pressed", "true");
  $("camera").textContent = "Stop the camera";
  say("Waiting for the camera.");
  try {
    if (!navigator.mediaDevices) throw new Error("browsers lend one only to a page on https or on this machine");
    const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: facing };
    const stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
    if (mine !== pressed) return stream.getTracks().forEach((track) => track.stop());
    const [track] = stream.getVideoTracks();
    track.onended = () => mine === pressed && (stop(), say("The camera was taken away.", true));
    view.classList.toggle("mirrored", track.getSettings().facingMode !== "environment"); // as in a mirror
    video.srcObject = stream;
    await video.play();
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    $("turn").hidden = cameras.length < 2;
    await ready;
    if (mine !== pressed) return;
    say("The camera is on. Hold one hand before it.");
    await watch(mine);
  } catch (error) {
    if (mine !== pressed) return;
    stop();
    say(`No camera: ${REASONS[error.name] ?? error.message}. Or choose a photo, or drop one.`, true);
  }
}

async function watch(mine) {
  let since = performance.now();
  let masks = 0;
  while (mine === pressed) {
    const frame = await createImageBitmap(video);
    const answer = await ask(frame, true);
    if (mine !== pressed) break; // stopped meanwhile: the last mask stays
    current?.picture.close?.();
    show(frame, answer);
    masks++;
    const passed = performance.now() - since;
    if (passed > 1000) {
      $("speed").textContent = `masks a second: ${((1000 * masks) / passed).toFixed(0)}`;
      [since, masks] = [performance.now(), 0];
    }
    await new Promise(requestAnimationFrame); // a tab that nobody sees does nothing
  }
}

$("camera").onclick = () => {
  if ($("camera").getAttribute("aria-pressed") === "false") return start();
  stop();
  say("The camera is off. The last picture can be saved.");
};
$("turn").onclick = () => {
  facing = facing === "user" ? "environment" : "user";
  stop();
  start();
};
addEventListener("pagehide", stop);
