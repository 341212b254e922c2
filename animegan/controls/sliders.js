// Sliders with names that a screen reader says. Keys are handled here: JupyterLab stops what the browser would do.
function render({ model, el }) {
  el.classList.add("animegan-sliders");
  // JupyterLab takes arrow keys to go from cell to cell, before any control sees them, unless told not to.
  el.dataset.lmSuppressShortcuts = "true";
  keepKeys(el);
  let inputs = {};

  const range = (name) => model.get("ranges")[name] ?? model.get("reach");
  function words(name, value) {
    const [, , step, kind] = range(name);
    if (kind === "power") return Number((10 ** value).toPrecision(2)).toString();
    return Number(value).toFixed(step >= 1 ? 0 : 2);
  }
  function show(name, [input, shown]) {
    shown.textContent = words(name, input.value);
    if (range(name)[3]) input.setAttribute("aria-valuetext", shown.textContent);
  }

  function build() {
    inputs = {};
    const rows = model.get("names").map((name) => {
      const row = document.createElement("label");
      const title = document.createElement("span");
      const input = document.createElement("input");
      const shown = document.createElement("output");
      const [low, high, step] = range(name);
      title.textContent = name;
      Object.assign(input, { type: "range", min: low, max: high, step });
      input.setAttribute("aria-label", name);
      input.addEventListener("input", () => {
        show(name, inputs[name]);
        model.set("values", { ...model.get("values"), [name]: Number(input.value) });
        count(model, [name]);
        save(model);
      });
      input.addEventListener("keydown", (event) => {
        const far = Math.max(1, Math.round((high - low) / step / 10));
        const moves = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: far, PageDown: -far };
        if (event.key in moves) input.stepUp(moves[event.key]);
        else if (event.key === "Home") input.value = low;
        else if (event.key === "End") input.value = high;
        else return;
        event.preventDefault();
        event.stopPropagation();
        input.dispatchEvent(new Event("input"));
      });
      inputs[name] = [input, shown];
      row.append(title, input, shown);
      return row;
    });
    el.replaceChildren(...rows);
    update();
  }

  function update() {
    for (const [name, slider] of Object.entries(inputs)) {
      const value = model.get("values")[name] ?? 0;
      if (Number(slider[0].value) !== value) slider[0].value = value;
      show(name, slider);
    }
  }

  model.on("change:names", build);
  model.on("change:values", update);
  build();
  return () => { model.off("change:names", build); model.off("change:values", update); };
}
export default { render };
