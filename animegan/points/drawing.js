// A square to draw on: drag with mouse or finger; or focus it, move the pen with arrow keys and put it down with Space.
function render({ model, el }) {
  const canvas = document.createElement("canvas");
  const brush = canvas.getContext("2d");
  const side = 220;
  const step = 0.05;
  let pen = [0, 0];
  let down = false;
  let strokes = [];
  Object.assign(canvas, { width: side, height: side, tabIndex: 0, className: "animegan-drawing" });
  // JupyterLab takes arrow keys to go from cell to cell, before any control sees them, unless told not to.
  canvas.dataset.lmSuppressShortcuts = "true";
  canvas.setAttribute("role", "application");
  el.append(canvas);

  const across = (x) => (side * (1 + x)) / 2;
  const within = (value) => Math.round(1000 * Math.max(-1, Math.min(1, value))) / 1000;

  function update() {
    brush.clearRect(0, 0, side, side);
    brush.lineWidth = 2;
    brush.lineCap = "round";
    brush.strokeStyle = "#0072B2";
    for (const stroke of strokes) {
      brush.beginPath();
      for (const [x, y] of [stroke[0], ...stroke]) brush.lineTo(across(x), across(-y));
      brush.stroke();
    }
    brush.strokeStyle = down ? "#D55E00" : "#777777";
    brush.strokeRect(across(pen[0]) - 4, across(-pen[1]) - 4, 8, 8);
    const place = `at ${pen[0].toFixed(2)} across, ${pen[1].toFixed(2)} up`;
    const words = `${strokes.length} lines drawn. Pen ${down ? "down" : "up"}, ${place}`;
    canvas.setAttribute("aria-label", `Drawing pad. Arrow keys move, Space puts the pen down or up. ${words}`);
  }

  function tell() {
    model.set("strokes", strokes.map((stroke) => stroke.map((place) => [...place])));
    model.save_changes();
  }

  function go(place) {
    pen = place.map(within);
    if (down) strokes[strokes.length - 1].push(pen);
    update();
  }

  function put(lowered) {
    if (lowered && !down) strokes.push([pen]);
    if (!lowered && down) tell();
    down = lowered;
    update();
  }

  function under(event) {
    const box = canvas.getBoundingClientRect();
    return [2 * (event.clientX - box.left) / box.width - 1, 1 - 2 * (event.clientY - box.top) / box.height];
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    canvas.focus();
    put(false);
    go(under(event));
    put(true);
  });
  canvas.addEventListener("pointermove", (event) => { if (event.buttons && down) go(under(event)); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => put(false));
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (event.key === " ") put(!down);
    else if (moves[event.key]) go([pen[0] + step * moves[event.key][0], pen[1] + step * moves[event.key][1]]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  function forget() {
    strokes = model.get("strokes").map((stroke) => [...stroke]);
    down = down && strokes.length > 0;
    update();
  }
  model.on("change:strokes", forget);
  forget();
  return () => model.off("change:strokes", forget);
}
export default { render };
