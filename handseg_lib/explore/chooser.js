// Three ways to a photo: a file chosen by a button, a file dropped on the frame, a snapshot of the camera.
// The file goes to Python as it is, which judges it. It travels in messages, and is at no time part of the widget's
// state, which a notebook may store. Jupyter drops a message of more than 10 MiB without a word: a file goes in pieces.

const PIECE = 4e6; // bytes
const MOST = 50e6; // bytes
const PATIENCE = 15e3; // milliseconds

const FRAME = `
  <div role="group" aria-label="photo" style="border: 2px dashed gray; margin: 2px 8px 2px 2px; padding: 2px">
    <button>choose a photo</button> or drop one here, or <button>use the camera</button>
    <div>
      <video muted playsinline aria-label="what the camera sees"
        style="display: block; max-width: 100%; max-height: 240px"></video>
      <button>take the photo</button> <button>camera off</button>
    </div>
    <div role="status" style="white-space: normal"></div>
  </div>`;

function render({ model, el }) {
  el.innerHTML = FRAME;
  const frame = el.querySelector("[role=group]");
  const [choose, open, take, close] = frame.querySelectorAll("button");
  for (const button of [choose, open, take, close]) {
    button.className = "jupyter-button widget-button";
    button.style = "width: auto; margin: 2px";
  }
  const video = frame.querySelector("video");
  const camera = video.parentElement;
  camera.remove(); // until it is on
  let late;
  const say = (text) => {
    clearTimeout(late);
    frame.querySelector("[role=status]").textContent = text;
  };
  const done = () => say(""); // Python has done what it can
  model.on("msg:custom", done);

  async function send(files) {
    const [file] = files;
    const refuse = (reason) => model.send({ refused: reason });
    if (!file) return refuse("That is no file. Drop a photo's file.");
    if (files.length > 1) return refuse(`${files.length} files at once. Choose one photo.`);
    const size = `${Math.round(file.size / 1e6)} MB, and at most ${MOST / 1e6} are read`;
    if (file.size > MOST) return refuse(`${file.name}: ${size}. Choose a smaller photo.`);
    say(`${file.name} is on its way.`);
    late = setTimeout(say, PATIENCE, `No answer yet for ${file.name}. If the kernel was restarted, run this cell again.`);
    const bytes = await file.arrayBuffer().catch(() => null);
    if (!bytes) return refuse(`${file.name} cannot be read: it is a folder, or it has moved. Choose another.`);
    for (let start = 0; start === 0 || start < bytes.byteLength; start += PIECE) {
      const message = { name: file.name, start, size: bytes.byteLength };
      model.send(message, undefined, [bytes.slice(start, start + PIECE)]);
    }
  }

  // A file, chosen or dropped

  const input = Object.assign(document.createElement("input"), { type: "file", accept: "image/*" });
  choose.onclick = () => input.click();
  input.onchange = () => {
    send([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  };

  const light = (style) => (event) => {
    event.preventDefault(); // which would open the file in place of the notebook
    event.stopPropagation();
    frame.style.borderStyle = style;
  };
  frame.ondragover = light("solid");
  frame.ondragleave = light("dashed");
  frame.ondrop = (event) => {
    light("dashed")(event);
    send([...event.dataTransfer.files]);
  };

  // The camera, which is on while its picture is shown and no longer

  const off = () => {
    giveBack(video);
    camera.remove();
    open.disabled = false;
  };
  open.onclick = async () => {
    open.disabled = true;
    say("Waiting for the camera.");
    try {
      video.srcObject = await lend(1280);
      if (!frame.isConnected) return off(); // the widget was removed meanwhile
      frame.append(camera);
      await video.play();
      take.focus();
      say("");
    } catch (error) {
      off();
      say(`No camera: ${reason(error)} Or choose a photo, or drop one.`);
    }
  };
  const leave = () => {
    off();
    open.focus();
  };
  close.onclick = leave;
  take.onclick = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((picture) => send([new File([picture], "camera.jpg")]), "image/jpeg", 0.95);
    leave();
  };
  // is called when the widget is removed, while its model may live on
  return () => {
    off();
    clearTimeout(late);
    model.off("msg:custom", done);
  };
}

export default { render };
