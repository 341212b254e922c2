// Save what the page has changed, and have the answer soon.
// The notebook server holds a small message back until the page has acknowledged the one before it (Nagle's algorithm),
// and a page that has nothing to send acknowledges 40 ms late. The kernel first answers that it is busy, then with the
// face: so the page answers the first with an empty message, which nobody listens to. Where a front end does not pass the
// kernel's status on, the face comes those 40 ms later.
function save(model) {
  const theirs = model.widget_manager?.callbacks?.() ?? {}; // such as the one that logs what the kernel prints
  const status = ({ content }) => content.execution_state === "busy" && model.send({});
  model.save_changes({ ...theirs, iopub: { ...theirs.iopub, status } });
}
// Count what was moved: the kernel takes no more from a message, which may hold old values of all else.
function count(model, names) {
  const moves = { ...model.get("moves") };
  for (const name of names) moves[name] = (moves[name] ?? 0) + 1;
  model.set("moves", moves);
}
// Keys of controls that are not ours, such as menus, belong to the box, too. JupyterLab takes them unless what has the focus
// tells it not to; VS Code takes all that bubble up to the page, and Enter on a button would move the focus out of the box.
function keepKeys(el, frames = 100) {
  const box = el.closest(".animegan-box");
  if (!box) {
    if (frames) requestAnimationFrame(() => keepKeys(el, frames - 1)); // it is put into the box only later
    return;
  }
  box.addEventListener("focusin", ({ target }) => (target.dataset.lmSuppressShortcuts = "true"));
  box.addEventListener("keydown", (event) => {
    const theirs = event.ctrlKey || event.altKey || event.metaKey || event.key === "Escape";
    if (!theirs && !(event.shiftKey && event.key === "Enter")) event.stopPropagation();
  });
}

