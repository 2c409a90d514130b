// Looking for items: by words, by a picture or a sound, or like an item.

import { get, itemPath, post } from "./api.js";
import { byId, placeRow, titleOf } from "./dom.js";

const SIDE = 512;
const K = 8;

// `acting`: the user's id, and what choosing an item does.
export function prepareSearch(acting) {
  const show = async (told, asked) => {
    byId("found-about").textContent = "Looking …";
    byId("found-about").classList.remove("problem");
    try {
      const found = await asked();
      const rows = found.places.map((place) => placeRow(place, found.items, { why: likeness(place), act: acting.act, alike }));
      byId("found").replaceChildren(...rows);
      byId("found-about").textContent = `${told}: ${found.places.length} items in ${found.took_ms} ms`;
    } catch (error) {
      byId("found").replaceChildren();
      byId("found-about").textContent = error.message;
      byId("found-about").classList.add("problem");
    }
  };
  const common = () => ({ k: K, user_id: acting.userId() });
  const alike = (itemId) => {
    const title = document.querySelector(`[data-item="${CSS.escape(itemId)}"] .title`)?.textContent ?? titleOf(itemId, {});
    byId("search").scrollIntoView({ block: "nearest" });
    return show(`Like ${title}`, () => get(itemPath(itemId, "similar"), common()));
  };
  const byWords = (text) => show(`“${text}”`, () => get("/search", { text, ...common() }));
  const byFile = (file) => show(file.name, async () => post(`/search?${given(common())}`, await form(file)));

  byId("find").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = byId("text").value.trim();
    const [file] = byId("file").files;
    if (text) byWords(text);
    else if (file) byFile(file);
  });
  byId("file").addEventListener("change", () => {
    const [file] = byId("file").files;
    if (file) {
      byId("text").value = "";
      byFile(file);
    }
  });
  return alike;
}

const likeness = ({ score, reasons }) => `${reasons[0]?.modality ?? "all media"}: likeness ${score.toFixed(2)}`;

const given = (parameters) => new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));

// A form with the file; a picture is reduced first, since encoders look at a few hundred pixels only.
async function form(file) {
  const data = new FormData();
  if (file.type.startsWith("audio/")) data.append("audio", file);
  else data.append("image", await reduced(file), "picture.jpg");
  return data;
}

async function reduced(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.min(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
}
