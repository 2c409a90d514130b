// The river's rates, every second.

import { byId, drawn, make } from "./dom.js";

const SECONDS = 120;
const SECONDS_MIN = 30;
const past = [];

const number = (value) => (value >= 100 ? Math.round(value).toLocaleString("en") : String(Math.round(value * 10) / 10));
const rate = (value) => `${number(value)}/s`;
const milliseconds = (value) => (value === null ? "–" : `${value.toLocaleString("en")} ms`);

export function showNow(now) {
  const shown = {
    "events-rate": rate(now.events_per_s),
    "lists-rate": rate(now.lists_per_s),
    "examples-rate": rate(now.examples_per_s),
    "letters-rate": rate(now.dead_letters_per_s),
    p50: milliseconds(now.event_to_list_p50_ms),
    p99: milliseconds(now.event_to_list_p99_ms),
    lag: now.lag.reduce((sum, row) => sum + row.lag_events, 0).toLocaleString("en"),
    counts: `${now.users.toLocaleString("en")}, ${now.items.toLocaleString("en")}`,
  };
  for (const [id, text] of Object.entries(shown)) byId(id).textContent = text;
  byId("lag").parentElement.title = now.lag
    .map((row) => `${row.role}: ${row.lag_events.toLocaleString("en")} of ${row.topic}`)
    .join("\n");
  showSpark(now.lists_per_s);
  showRefused(now.refused);
}

function showSpark(value) {
  past.push(value);
  if (past.length > SECONDS) past.shift();
  const top = Math.max(1, ...past);
  const width = Math.max(past.length, SECONDS_MIN) - 1;
  const start = width + 1 - past.length;
  const points = past.map((at, second) => `${start + second},${40 - (36 * at) / top}`).join(" L");
  const spark = byId("spark");
  spark.setAttribute("viewBox", `0 0 ${width} 42`);
  spark.setAttribute("preserveAspectRatio", "none");
  spark.replaceChildren(
    drawn("path", { class: "under", d: `M${start},42 L${points} L${width},42 Z` }),
    drawn("path", { d: `M${points}` }),
  );
}

function showRefused(refused) {
  byId("refused").hidden = refused.length === 0;
  const rows = refused.map((one) =>
    make("li", { class: "quiet" }, `${one.topic} ${one.partition}@${one.offset}: ${one.code} at ${one.path} – ${one.message}`),
  );
  byId("refused").querySelector("ul").replaceChildren(...rows);
}
