// A picture with words for those who do not see it.
function render({ model, el }) {
  const picture = document.createElement("img");
  let link = null;
  picture.className = "animegan-picture";
  el.append(picture);

  function update() {
    const old = link;
    link = URL.createObjectURL(new Blob([model.get("value")], { type: "image/png" }));
    picture.src = link;
    if (old) URL.revokeObjectURL(old);
  }
  function name() {
    picture.alt = model.get("words");
    picture.style.width = model.get("width");
  }

  model.on("change:value", update);
  model.on("change:words", name);
  name();
  update();
  return () => { model.off("change:value", update); model.off("change:words", name); URL.revokeObjectURL(link); };
}
export default { render };
