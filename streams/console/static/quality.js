// How good lists are over time: what users did next, and whether the list that stood had it.

import { byId, drawn, make } from "./dom.js";

const WIDTH = 400;
const HEIGHT = 150;
const ALARMS = 4;

const ratio = (value) => value.toFixed(3);
const clock = (atMs) => new Date(atMs).toLocaleTimeString("en-GB");

export function showQuality({ points, model }) {
  if (model) {
    const hits = model.standing_hit_ratio === null
      ? "no list has been measured yet"
      : `lists had ${ratio(model.standing_hit_ratio)} of what users did next, popular items ${ratio(model.popularity_hit_ratio)}`;
    byId("hits").textContent = `Model ${model.version}, ${model.ranking_steps.toLocaleString("en")} steps: ${hits}.`;
    showAlarms(model);
    showArms(model.arms);
  }
  showChart(points);
}

function showChart(points) {
  const chart = byId("chart");
  chart.toggleAttribute("hidden", points.length < 2);
  if (points.length < 2) return;
  const first = points[0].timestamp_ms;
  const span = points.at(-1).timestamp_ms - first || 1;
  const top = 1.1 * Math.max(...points.map((p) => Math.max(p.standing_hit_ratio, p.popularity_hit_ratio)), 0.01);
  const y = (value) => HEIGHT - 18 - (value / top) * (HEIGHT - 30);
  const line = (of) =>
    "M" + points.map((p) => `${(((p.timestamp_ms - first) / span) * WIDTH).toFixed(1)},${y(of(p)).toFixed(1)}`).join(" L");
  chart.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  chart.replaceChildren(
    drawn("line", { x1: 0, x2: WIDTH, y1: y(0), y2: y(0) }),
    drawn("path", { class: "popularity", d: line((p) => p.popularity_hit_ratio) }),
    drawn("path", { d: line((p) => p.standing_hit_ratio) }),
    words(0, HEIGHT - 3, clock(first), "start"),
    words(WIDTH, HEIGHT - 3, clock(first + span), "end"),
    words(0, 10, ratio(top), "start"),
    ...points.flatMap((point, place) => mark(point, points[place - 1], first, span)),
  );
}

// A line where the number of drift alarms grew, by the time of the publication that first told of them.
function mark(point, before, first, span) {
  if (!before || point.drift_alarm_count === before.drift_alarm_count) return [];
  const x = ((point.timestamp_ms - first) / span) * WIDTH;
  return [drawn("line", { class: "drift", x1: x, x2: x, y1: 0, y2: HEIGHT - 18 })];
}

function words(x, y, text, anchor) {
  const element = drawn("text", { x, y, "text-anchor": anchor });
  element.textContent = text;
  return element;
}

function showAlarms(model) {
  const rows = model.drift_alarms.slice(-ALARMS).reverse().map((alarm) =>
    make(
      "li", {},
      `Drift: ${alarm.measure.replace("_", " ")} of ${alarm.segment.replace("_", " ")} ${ratio(alarm.usual)}, then ` +
        `${ratio(alarm.now)}${alarm.action ? `; ${alarm.action}` : ""}`,
    ),
  );
  byId("drift").replaceChildren(...rows);
}

function showArms(arms) {
  byId("arms").hidden = arms.length === 0;
  const rows = arms.map((one) =>
    make(
      "tr", {}, make("td", {}, one.arm), make("td", {}, one.sets.toLocaleString("en")),
      make("td", {}, `${ratio(one.hit_ratio)} ± ${ratio(one.half_width)}`),
    ),
  );
  byId("arms").querySelector("tbody").replaceChildren(...rows);
}
