// Small makers of elements. Text from the stream only ever becomes text.

import { itemPath } from "./api.js";

export const byId = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function drawn(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

export const titleOf = (itemId, briefs) => briefs[itemId]?.title || itemId;

// The item's picture, or a coloured field with its first letter where there is none, or none can be had.
export function picture(itemId, briefs) {
  if (!briefs[itemId]?.has_picture) return field(itemId, briefs);
  const image = make("img", {
    class: "picture", src: itemPath(itemId, "picture"), alt: "", loading: "lazy", width: 56, height: 56,
  });
  image.addEventListener("error", () => image.replaceWith(field(itemId, briefs)), { once: true });
  return image;
}

function field(itemId, briefs) {
  const title = titleOf(itemId, briefs);
  const element = make("span", { class: "picture", "aria-hidden": "true" }, [...title][0].toUpperCase());
  const named = briefs[itemId]?.category || title;
  const hue = [...named].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  element.style.setProperty("--hue", hue);
  return element;
}

const percent = (weight) => `${Math.round((weight ?? 0) * 100)} %`;

// Why an item is in a list, one text for each cause: an item of the past, with the media that are alike, or a rule.
export function reasonTexts(reasons, briefs) {
  const byCause = new Map();
  for (const reason of reasons) {
    const cause = reason.item_id
      ? `because of ${titleOf(reason.item_id, briefs)}`
      : reason.rule ? `rule ${reason.rule}` : reason.kind.replaceAll("_", " ");
    const told = reason.rule ? [] : [`${reason.modality ? `${reason.modality} ` : ""}${percent(reason.weight)}`];
    byCause.set(cause, [...(byCause.get(cause) ?? []), ...told]);
  }
  return [...byCause].map(([cause, told]) => (told.length ? `${cause} (${told.join(", ")})` : cause));
}

const whyListed = (place, briefs) =>
  reasonTexts(place.reasons, briefs).join(", ") || place.source.replaceAll("_", " ");

// One place of a list: a button that does the chosen action, and one that looks for what is alike.
export function placeRow(place, briefs, { why = whyListed(place, briefs), move = null, act, alike }) {
  const title = titleOf(place.item_id, briefs);
  const words = make(
    "span", { class: "words" },
    make("span", { class: "title", title }, title),
    make("span", { class: "why", title: why }, why),
  );
  const button = make(
    "button", { type: "button", class: "item", "data-item": place.item_id, onclick: () => act(place.item_id) },
    make("span", { class: "rank" }, String(place.rank)), picture(place.item_id, briefs), words, move,
  );
  const more = make(
    "button",
    { type: "button", class: "alike", "aria-label": `Find what is like ${title}`, onclick: () => alike(place.item_id) },
    make("span", { class: "wide" }, "alike"), make("span", { class: "narrow" }, "≈"),
  );
  return make("li", {}, button, more);
}
