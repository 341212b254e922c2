// A picture with words for those who do not see it.
const SLICE = 0x8000; // bytes that become letters in one call: it takes no more than some 120,000 arguments
function render({ model, el }) {
  const picture = document.createElement("img");
  picture.className = "animegan-picture";
  el.append(picture);

  function update() {
    // Bytes in the address itself: an object URL would have to be fetched, which takes the browser twice as long.
    const { buffer, byteOffset, byteLength } = model.get("value");
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    let letters = "";
    for (let at = 0; at < byteLength; at += SLICE) letters += String.fromCharCode(...bytes.subarray(at, at + SLICE));
    picture.src = `data:image/png;base64,${btoa(letters)}`;
  }
  function name() {
    picture.alt = model.get("words");
    picture.style.width = model.get("width");
  }

  model.on("change:value", update);
  model.on("change:words", name);
  name();
  update();
  return () => { model.off("change:value", update); model.off("change:words", name); };
}
export default { render };
