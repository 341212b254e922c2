// A sheet of faces to pick from: each is a button. Tab enters the sheet, arrow keys go from face to face, Enter picks.
function render({ model, el }) {
  const grid = document.createElement("div");
  grid.className = "animegan-sheet";
  // JupyterLab takes arrow keys to go from cell to cell, before any control sees them, unless told not to.
  grid.dataset.lmSuppressShortcuts = "true";
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", "Faces to pick from. Arrow keys go from face to face, Enter picks");
  el.append(grid);
  let link = null;

  function build() {
    const count = model.get("count");
    const columns = model.get("columns");
    const rows = Math.ceil(count / columns);
    if (link) URL.revokeObjectURL(link);
    link = URL.createObjectURL(new Blob([model.get("picture")], { type: "image/png" }));
    grid.style.gridTemplateColumns = `repeat(${columns}, 1fr)`;
    const buttons = Array.from({ length: count }, (_, index) => {
      const button = document.createElement("button");
      const [x, y] = [index % columns, Math.floor(index / columns)];
      button.setAttribute("aria-label", `Face ${index + 1} of ${count}`);
      button.tabIndex = index ? -1 : 0;
      button.style.backgroundImage = `url(${link})`;
      button.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
      button.style.backgroundPosition = `${(100 * x) / Math.max(1, columns - 1)}% ${(100 * y) / Math.max(1, rows - 1)}%`;
      button.addEventListener("click", () => {
        model.set("picked", [index, model.get("picked")[1] + 1]);
        save(model);
      });
      return button;
    });
    grid.replaceChildren(...buttons);
    mark();
  }

  function mark() {
    [...grid.children].forEach((button, index) => button.setAttribute("aria-pressed", index === model.get("shown")));
  }

  grid.addEventListener("keydown", (event) => {
    const columns = model.get("columns");
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const buttons = [...grid.children];
    const next = buttons[buttons.indexOf(document.activeElement) + moves[event.key]];
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!next) return;
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  });
  model.on("change:picture", build);
  model.on("change:shown", mark);
  build();
  return () => {
    model.off("change:picture", build);
    model.off("change:shown", mark);
    URL.revokeObjectURL(link);
  };
}
export default { render };
