// A picture to point at, or to paint on. By mouse or finger: press and drag. By keys: arrows move the point; with a brush,
// space puts it down and lifts it. Strokes are taken back here, too, and not by Python: its answer could come between two of
// the hand's moves.

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FRAME = `
  <div tabindex="0" role="application" style="position: relative; width: 320px; max-width: 100%; cursor: crosshair;
      touch-action: none; user-select: none">
    <img alt="" draggable="false" style="display: block; width: 100%">
    <canvas style="position: absolute; inset: 0; width: 100%; height: 100%"></canvas>
    <div style="position: absolute; box-sizing: border-box; border: 2px solid #d55e00; outline: 1px solid white;
        pointer-events: none; transform: translate(-50%, -50%)"></div>
  </div>
  <div><button>undo</button> <button>clean photo</button></div>
  <div role="status" style="white-space: normal; font-size: 90%"></div>`;

function render({ model, el }) {
  el.innerHTML = FRAME;
  const pad = el.firstElementChild;
  const [image, canvas, tip] = pad.children;
  const [undo, clean] = el.querySelectorAll("button");
  const tools = undo.parentElement;
  tools.remove(); // until there is a brush
  for (const button of [undo, clean]) {
    button.className = "jupyter-button widget-button";
    button.style = "width: auto; margin: 2px";
  }
  const say = (text) => (el.querySelector("[role=status]").textContent = text);
  const brushOf = () => (Object.keys(model.get("brush") ?? {}).length ? model.get("brush") : null); // {} is none, too
  const paints = () => brushOf() !== null;
  pad.dataset.lmSuppressShortcuts = ""; // in Lab its keys are its own
  let at = paints() ? [0.5, 0.5] : [...model.get("value")];
  let down = false; // whether the brush is on the paper

  const draw = () => {
    const brush = brushOf();
    if (!brush) at = [...model.get("value")];
    const side = brush ? brush.width : model.get("window");
    Object.assign(tip.style, {
      left: `${100 * at[0]}%`,
      top: `${100 * at[1]}%`,
      width: `max(10px, ${100 * side}%)`,
      aspectRatio: 1,
      borderRadius: brush || !side ? "50%" : 0,
      borderStyle: brush && !down ? "dashed" : "solid",
      background: brush ? `${brush.colour}80` : "none", // half of it shines through
    });
    if (!brush) return;
    if (!tools.isConnected) pad.after(tools);
    [canvas.width, canvas.height] = [640, (640 * image.naturalHeight) / image.naturalWidth];
    const pen = canvas.getContext("2d");
    Object.assign(pen, { lineCap: "round", lineJoin: "round" });
    for (const stroke of model.get("value")) {
      Object.assign(pen, { strokeStyle: stroke.colour, globalAlpha: stroke.strength, lineWidth: stroke.width * canvas.width });
      pen.beginPath();
      for (const [x, y] of [stroke.points[0], ...stroke.points]) pen.lineTo(x * canvas.width, y * canvas.height);
      pen.stroke();
    }
  };
  const load = () => {
    image.src = model.get("picture");
    image.style.imageRendering = model.get("window") ? "pixelated" : "auto"; // where pixels are to be seen
    pad.setAttribute("aria-label", model.get("label"));
    if (!el.querySelector("[role=status]").textContent) say(model.get("label"));
  };
  image.onload = draw;

  // What the hand does

  const clip = (value) => Math.min(1, Math.max(0, value));
  const move = (x, y) => {
    at = [clip(x), clip(y)];
    if (!paints()) model.set("value", at);
    else if (down) {
      const strokes = model.get("value");
      const last = strokes[strokes.length - 1];
      model.set("value", [...strokes.slice(0, -1), { ...last, points: [...last.points, at] }]);
    }
    draw();
    if (!paints() || down) model.save_changes();
  };
  const press = () => {
    down = true;
    if (paints()) model.set("value", [...model.get("value"), { ...model.get("brush"), points: [at] }]);
  };
  const lift = () => {
    down = false;
    draw();
  };
  const tell = () =>
    say(down ? "The brush is down: arrows paint, space lifts it." : "The brush is up: arrows move it, space puts it down.");
  const leave = (strokes) => {
    if (down) {
      down = false;
      tell();
    }
    model.set("value", strokes);
    model.save_changes();
  };
  undo.onclick = () => leave(model.get("value").slice(0, -1));
  clean.onclick = () => leave([]);
  const place = (event) => {
    const box = pad.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  pad.onpointerdown = (event) => {
    event.preventDefault();
    pad.focus();
    pad.setPointerCapture(event.pointerId);
    at = place(event).map(clip);
    press();
    move(...at);
  };
  pad.onpointermove = (event) => {
    if (down && event.buttons) move(...place(event));
  };
  pad.onpointerup = pad.onpointercancel = lift;
  pad.onkeydown = (event) => {
    const by = MOVES[event.key];
    if (by) {
      const step = model.get("step") * (event.shiftKey ? 5 : 1);
      move(at[0] + by[0] * step, at[1] + (by[1] * step * image.width) / image.height);
    } else if (event.key === " " && paints()) {
      if (down) lift();
      else {
        press();
        move(...at);
      }
      tell();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const events = { "change:value": draw, "change:brush": draw, "change:window": draw, "change:picture": load };
  for (const [name, act] of Object.entries(events)) model.on(name, act);
  load();
  return () => {
    for (const [name, act] of Object.entries(events)) model.off(name, act);
  };
}

export default { render };
