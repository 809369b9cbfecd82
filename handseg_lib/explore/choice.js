// A drawing of which a part is chosen: by a click, or by a key, as among radio buttons: Tab leads to the chosen one,
// arrows to the next and the one before.

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const STYLE = `<style>
  .handseg-choice svg { display: block; width: 100%; max-width: 1000px; height: auto }
  .handseg-choice [data-name] { cursor: pointer; outline: none }
  .handseg-choice [data-name]:hover rect { stroke-width: 6 }
  .handseg-choice [aria-checked=true] rect { stroke: #d55e00; stroke-width: 6 }
  .handseg-choice [data-name]:focus-visible rect { stroke-dasharray: 8 4 }
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
    choose(parts[(at + STEPS[event.key] + parts.length) % parts.length]);
  };
  model.on("change:value", mark);
  model.on("change:drawing", draw);
  draw();
  return () => {
    model.off("change:value", mark);
    model.off("change:drawing", draw);
  };
}

export default { render };
