// Sliders with names: native inputs, which a keyboard moves and a screen reader names.
function render({ model, el }) {
  el.classList.add("animegan-sliders");
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
