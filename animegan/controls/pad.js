// A pad over two directions: drag, or focus it and press arrow keys (with Shift: ten times as far; Home: the middle).
function render({ model, el }) {
  const pad = document.createElement("div");
  const dot = document.createElement("div");
  const across = document.createElement("span");
  const up = document.createElement("span");
  pad.className = "animegan-pad";
  pad.tabIndex = 0;
  // JupyterLab takes arrow keys to go from cell to cell, before any control sees them, unless told not to.
  pad.dataset.lmSuppressShortcuts = "true";
  pad.setAttribute("role", "application");
  across.className = "across";
  up.className = "up";
  pad.append(across, up, dot);
  el.append(pad);

  function update() {
    const reach = model.get("reach");
    const [x, y] = model.get("place");
    const [right, top] = model.get("names");
    dot.style.left = `${50 + (50 * Math.max(-reach, Math.min(reach, x))) / reach}%`;
    dot.style.top = `${50 - (50 * Math.max(-reach, Math.min(reach, y))) / reach}%`;
    across.textContent = `${right} →`;
    up.textContent = `${top} ↑`;
    const words = `${right} ${x.toFixed(1)}, ${top} ${y.toFixed(1)}`;
    pad.setAttribute("aria-label", `Pad of two directions. Arrow keys move. Now ${words}`);
  }

  function go(x, y) {
    const reach = model.get("reach");
    const within = (value) => Math.round(100 * Math.max(-reach, Math.min(reach, value))) / 100;
    const [old, place] = [model.get("place"), [within(x), within(y)]];
    model.set("place", place);
    count(model, model.get("names").filter((_, index) => place[index] !== old[index]));
    save(model);
    update();
  }

  function drag(event) {
    const box = pad.getBoundingClientRect();
    const reach = model.get("reach");
    go(reach * (2 * (event.clientX - box.left) / box.width - 1), reach * (1 - 2 * (event.clientY - box.top) / box.height));
  }

  pad.addEventListener("pointerdown", (event) => { pad.setPointerCapture(event.pointerId); pad.focus(); drag(event); });
  pad.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
  pad.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const step = event.shiftKey ? 1 : 0.1;
    const [x, y] = model.get("place");
    if (event.key === "Home") go(0, 0);
    else if (moves[event.key]) go(x + step * moves[event.key][0], y + step * moves[event.key][1]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  for (const name of ["place", "names"]) model.on(`change:${name}`, update);
  update();
  return () => { for (const name of ["place", "names"]) model.off(`change:${name}`, update); };
}
export default { render };
