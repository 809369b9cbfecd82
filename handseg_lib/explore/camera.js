// The camera in the notebook. A frame goes to Python as a JPEG, the mask comes back, and both are drawn; only then is
// the next frame sent, so none pile up, however slow the kernel. No frame is ever part of the widget's state, which a
// notebook may store.

const FRAME = 320; // pixels of a frame's longer side on its way to Python: more than the network looks at
const PATIENCE = 15e3; // milliseconds
const SKY = 0xe9b456; // of the mask, in the order of a canvas: blue, green, red

const HTML = `
  <div class="handseg-live" role="group" aria-label="the camera and its mask" style="max-width: 656px; padding: 2px">
    <div class="row">
      <button class="start">start the camera</button>
      <label>show <select class="show">
        <option value="mask">mask over the picture</option>
        <option value="blur">background blurred</option>
        <option value="replace">background replaced</option>
        <option value="picture">picture alone</option>
      </select></label>
      <label>threshold <input class="threshold" type="range" min="0.05" max="0.95" step="0.01"> <span class="level" aria-hidden="true"></span></label>
      <label>background <input class="amount" type="range" min="0" max="1" step="0.01" value="0.4"></label>
    </div>
    <div role="status" style="white-space: normal"></div>
    <div class="speed" style="min-height: 1.5em"></div>
  </div>`;

function render({ model, el }) {
  el.innerHTML = HTML;
  const live = el.querySelector(".handseg-live");
  const find = (selector) => live.querySelector(selector);
  const [start, show, threshold, amount, level] = [".start", ".show", ".threshold", ".amount", ".level"].map(find);
  start.className = "start jupyter-button widget-button";
  start.style = "width: auto; margin: 2px";
  find(".row").style = "display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center";
  for (const control of live.querySelectorAll("button, select, input")) control.dataset.lmSuppressShortcuts = "";
  const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
  const [view, small, mask] = [0, 1, 2].map(() => document.createElement("canvas"));
  view.setAttribute("role", "img");
  view.style = "display: block; max-width: 100%; height: auto";

  const say = (text) => (find("[role=status]").textContent = text);
  const number = () => (level.textContent = Number(threshold.value).toFixed(2));
  threshold.value = model.get("threshold");
  number();

  // Frames out, masks in: an answer belongs to the frame that is out, and to a camera that is still on

  let turn = 0; // of the camera's being on: an answer to an earlier turn is late
  let out = 0; // the frame that Python has
  let frames = 0;
  let since = 0;
  let patience;
  let answered = () => {};

  function ask(frame) {
    const scale = Math.min(1, FRAME / Math.max(frame.width, frame.height));
    [small.width, small.height] = [frame.width, frame.height].map((side) => Math.max(1, Math.round(side * scale)));
    small.getContext("2d").drawImage(frame, 0, 0, small.width, small.height);
    return new Promise((resolve, reject) => {
      answered = resolve;
      patience = setTimeout(() => reject(new Error("no answer from the kernel. If it was restarted, run this cell again.")), PATIENCE);
      small.toBlob(async (jpeg) => model.send({ frame: ++out }, undefined, [await jpeg.arrayBuffer()]), "image/jpeg", 0.9);
    });
  }

  const receive = (message, buffers = []) => {
    if (message.frame !== out) return;
    clearTimeout(patience);
    answered({ ...message, hand: new Uint8Array(buffers[0]?.buffer ?? 0, buffers[0]?.byteOffset, buffers[0]?.byteLength) });
  };
  model.on("msg:custom", receive);

  async function watch(mine) {
    [frames, since] = [0, performance.now()];
    while (mine === turn) {
      const frame = await createImageBitmap(video);
      const answer = await ask(frame); // of this very picture: the video has moved on by the time that the mask comes
      if (mine !== turn) return frame.close();
      if (answer.error) throw new Error(answer.error);
      draw(frame, answer);
      frame.close();
      view.dispatchEvent(new CustomEvent("mask"));
      const passed = performance.now() - since;
      if (++frames && passed > 1000) {
        find(".speed").textContent = `masks a second: ${((1000 * frames) / passed).toFixed(0)}`;
        [frames, since] = [0, performance.now()];
      }
      await new Promise(requestAnimationFrame); // a page that nobody sees sends nothing
    }
  }

  function draw(frame, { hand, side }) {
    const [width, height] = ([view.width, view.height] = [frame.width, frame.height]); // which wipes the last picture
    const [context, cut] = [view.getContext("2d"), 255 * threshold.value];
    const how = show.value;
    mask.width = mask.height = side;
    const picture = new ImageData(side, side);
    const inside = (i) => hand[i] >= cut;
    const pixels = new Uint32Array(picture.data.buffer);
    for (let i = 0; i < hand.length; i++) {
      if (!inside(i)) continue;
      const edge = !(inside(i - 1) && inside(i + 1) && inside(i - side) && inside(i + side));
      pixels[i] = SKY + (how === "mask" && !edge ? 72 : 255) * 2 ** 24;
    }
    mask.getContext("2d").putImageData(picture, 0, 0);
    context.globalCompositeOperation = "copy";
    context.filter = "none";
    if (how === "mask" || how === "picture") context.drawImage(frame, 0, 0, width, height);
    if (how === "mask") {
      context.globalCompositeOperation = "source-over";
      context.drawImage(mask, 0, 0, width, height);
    }
    if (how === "blur" || how === "replace") {
      context.drawImage(mask, 0, 0, width, height);
      context.globalCompositeOperation = "source-in";
      context.drawImage(frame, 0, 0, width, height);
      context.globalCompositeOperation = "destination-over";
      if (how === "blur") {
        context.filter = `blur(${Math.round(1 + 30 * amount.value)}px)`;
        context.drawImage(frame, 0, 0, width, height);
        context.filter = "none";
      } else {
        context.fillStyle = `hsl(${Math.round(360 * amount.value)} 60% 45%)`;
        context.fillRect(0, 0, width, height);
      }
    }
    context.globalCompositeOperation = "source-over";
    const share = Math.round((100 * hand.reduce((sum, pixel) => sum + (pixel >= cut), 0)) / hand.length);
    view.setAttribute("aria-label", `the camera's picture, ${show.selectedOptions[0].text}: ${share} % of it is hand`);
  }
  threshold.oninput = number;

  // The camera, which is on from "start" to "stop", and no longer than the widget is there

  const stop = () => {
    turn++;
    clearTimeout(patience);
    giveBack(video);
    start.textContent = "start the camera";
    start.setAttribute("aria-pressed", "false");
    find(".speed").textContent = "";
  };
  start.onclick = async () => {
    if (start.getAttribute("aria-pressed") === "true") {
      stop();
      return say("The camera is off.");
    }
    const mine = ++turn;
    start.textContent = "stop the camera";
    start.setAttribute("aria-pressed", "true");
    say("Waiting for the camera.");
    try {
      const stream = await lend(640);
      if (mine !== turn || !live.isConnected) return stream.getTracks().forEach((track) => track.stop());
      video.srcObject = stream;
      const [track] = stream.getVideoTracks();
      track.onended = () => mine === turn && (stop(), say("The camera was taken away."));
      view.style.transform = track.getSettings().facingMode === "environment" ? "" : "scaleX(-1)"; // as in a mirror
      await video.play();
      find("[role=status]").after(view);
      say("The camera is on. Hold one hand before it.");
      await watch(mine);
    } catch (error) {
      if (mine !== turn) return;
      stop();
      say(`No live picture: ${reason(error)}`);
    }
  };
  // is called when the widget is removed, while its model may live on
  return () => {
    stop();
    model.off("msg:custom", receive);
  };
}

export default { render };
