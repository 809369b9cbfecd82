// A drawing of which a part is chosen: by a click, or by a key, as among radio buttons: Tab leads to the chosen one,
// arrows to the next and the one before.

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const ACROSS = ["ArrowDown", "ArrowUp"]; // in a table, from row to row
const STYLE = `<style>
  .handseg-choice svg { display: block; width: 100%; max-width: 1000px; height: auto }
  .handseg-choice [data-name] { cursor: pointer; outline: none }
  .handseg-choice [data-name]:hover rect { stroke-width: 6 }
  .handseg-choice [aria-checked=true] rect { stroke: #d55e00; stroke-width: 6 }
  .handseg-choice [data-name]:focus-visible rect { stroke-dasharray: 8 4 }
  .handseg-choice div[data-name] { position: relative; border: 3px solid transparent }
  .handseg-choice div[aria-checked=true] { border-color: #d55e00 }
  .handseg-choice div[data-name]:focus-visible { border-style: dashed }
  .handseg-choice div[data-name] img { display: block; width: 100%; height: auto }
  .handseg-choice div[data-name] img + img { position: absolute; inset: 0; opacity: 0 }
  .handseg-choice div[data-name]:is(:hover, :focus) img + img, .handseg-all div[data-name] img + img { opacity: 1 }
</style>`;

function render({ model, el }) {
  let parts = [];
  const mark = () => {
    for (const part of parts) {
      const chosen = part.dataset.name === model.get("value");
      part.setAttribute("aria-checked", chosen);
      part.setAttribute("tabindex", chosen ? 0 : -1);
    }
  };
  const reveal = () => el.classList.toggle("handseg-all", model.get("all")); // a class of Python's would come too late
  const draw = () => {
    el.innerHTML = STYLE + model.get("drawing");
    parts = [...el.querySelectorAll("[data-name]")];
    for (const part of parts) part.dataset.lmSuppressShortcuts = ""; // in Lab its keys are its own
    mark();
  };
  const choose = (part) => {
    model.set("value", part.dataset.name);
    model.save_changes();
    part.focus();
  };
  el.classList.add("handseg-choice");
  el.onclick = (event) => {
    const part = event.target.closest("[data-name]");
    if (part) choose(part);
  };
  el.onkeydown = (event) => {
    const at = parts.indexOf(event.target.closest("[data-name]"));
    if (at < 0 || !(event.key in STEPS)) return;
    event.preventDefault();
    event.stopPropagation();
    const columns = model.get("columns");
    if (columns && ACROSS.includes(event.key)) {
      const below = Number(parts[at].dataset.at) + STEPS[event.key] * columns;
      choose(parts.find((part) => Number(part.dataset.at) === below) ?? parts[at]);
    } else choose(parts[(at + STEPS[event.key] + parts.length) % parts.length]);
  };
  const events = { "change:value": mark, "change:drawing": draw, "change:all": reveal };
  for (const [name, act] of Object.entries(events)) model.on(name, act);
  draw();
  reveal();
  return () => {
    for (const [name, act] of Object.entries(events)) model.off(name, act);
  };
}

export default { render };
