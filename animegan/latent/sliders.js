// Sliders with names that a screen reader says. Keys are handled here: JupyterLab stops what the browser would do.
function render({ model, el }) {
  el.classList.add("animegan-sliders");
  // JupyterLab takes arrow keys to go from cell to cell, before any control sees them, unless told not to.
  el.dataset.lmSuppressShortcuts = "true";
  let inputs = {};

  function build() {
    inputs = {};
    const rows = model.get("names").map((name) => {
      const row = document.createElement("label");
      const words = document.createElement("span");
      const input = document.createElement("input");
      const shown = document.createElement("output");
      const [low, high, step] = model.get("ranges")[name] ?? model.get("reach");
      words.textContent = name;
      Object.assign(input, { type: "range", min: low, max: high, step });
      input.setAttribute("aria-label", name);
      input.addEventListener("input", () => {
        shown.textContent = Number(input.value).toFixed(2);
        model.set("values", { ...model.get("values"), [name]: Number(input.value) });
        model.save_changes();
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
      row.append(words, input, shown);
      return row;
    });
    el.replaceChildren(...rows);
    update();
  }

  function update() {
    for (const [name, [input, shown]] of Object.entries(inputs)) {
      const value = model.get("values")[name] ?? 0;
      if (Number(input.value) !== value) input.value = value;
      shown.textContent = Number(value).toFixed(2);
    }
  }

  model.on("change:names", build);
  model.on("change:values", update);
  build();
  return () => { model.off("change:names", build); model.off("change:values", update); };
}
export default { render };
