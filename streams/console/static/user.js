// One user: their list as it comes, why, how it changed, what they did, and acting as them.

import { follow, get, post, userPath } from "./api.js";
import { byId, make, picture, placeRow, titleOf } from "./dom.js";
import { compare, summary } from "./moves.js";

const CHANGES = 8;
const HISTORY_AFTER_MS = [600, 3000];

export class User {
  #id = "";
  #close = () => {};
  #alike;
  #standing = null;
  #arrivals = [];
  #pending = null;
  #historyTimers = [];
  #known = {};

  constructor(alike) {
    this.#alike = alike;
  }

  get id() {
    return this.#id;
  }

  show(userId) {
    this.rest();
    this.#id = userId;
    this.#forget();
    byId("who").textContent = userId;
    byId("user-id").value = userId;
    byId("nobody").hidden = true;
    byId("person").hidden = false;
    this.#say("Choose an item, of the list or of what a search finds, and see the list change.");
    history.replaceState(null, "", `#${encodeURIComponent(userId)}`);
    this.wake();
  }

  // Follows the user's lists; of one that is known already nothing changes.
  wake() {
    if (!this.#id) return;
    const takes = { list: (answer) => this.#take(answer), gone: () => this.#takeBack() };
    this.#close = follow(userPath(this.#id, "list/stream"), takes);
  }

  rest() {
    this.#close();
    this.#close = () => {};
  }

  #forget() {
    this.#standing = null;
    this.#arrivals = [];
    this.#pending = null;
    this.#known = {};
    for (const timer of this.#historyTimers) clearTimeout(timer);
    for (const id of ["list", "changes", "history", "left", "list-about"]) byId(id).replaceChildren();
  }

  // Whoever was erased is shown no longer.
  #takeBack() {
    this.#forget();
    this.#say("Their list was taken back: they were erased. Whatever they do makes a new one.");
  }

  // Does the chosen action with an item, and waits for the list that knows of it.
  async act(itemId) {
    if (!this.#id) {
      byId("user-id").focus();
      return;
    }
    const action = byId("action").value;
    const title = document.querySelector(`[data-item="${CSS.escape(itemId)}"] .title`)?.textContent ?? itemId;
    const sentAt = performance.now();
    const pending = { told: `${action} “${title}”`, sentAt };
    this.#pending = pending;
    this.#arrivals = [];
    this.#say(`${pending.told} …`);
    const event = { user_id: this.#id, item_id: itemId, action };
    if (this.#standing?.recommendation.items.some((place) => place.item_id === itemId)) {
      event.list_id = this.#standing.recommendation.list_id;
    }
    try {
      pending.record = (await post("/interactions", JSON.stringify(event))).record;
      this.#measure();
    } catch (error) {
      this.#say(error.message, true);
    }
  }

  #take(answer) {
    const { record } = answer;
    const same = this.#standing?.record;
    if (same && same.partition === record.partition && same.offset >= record.offset) return;
    const before = this.#standing?.recommendation.items.map((place) => place.item_id) ?? null;
    const after = answer.recommendation.items.map((place) => place.item_id);
    const change = before === null ? null : compare(before, after);
    this.#standing = answer;
    this.#arrivals.push({ answer, at: performance.now(), change });
    if (this.#arrivals.length > CHANGES) this.#arrivals.shift();
    this.#showList(answer, change);
    if (change !== null) this.#showChange(answer, change);
    this.#measure();
    // The state, which has the history, is written after the list: at once, or once a busy worker gets to it.
    for (const timer of this.#historyTimers) clearTimeout(timer);
    this.#historyTimers = HISTORY_AFTER_MS.map((afterMs) => setTimeout(() => this.#showHistory(), afterMs));
  }

  // Tells how long it took, as soon as both the event's place and a list that goes through it are known.
  #measure() {
    const pending = this.#pending;
    if (!pending?.record) return;
    const arrived = this.#arrivals.find(({ answer }) => reaches(answer.recommendation.through, pending.record));
    if (!arrived) return;
    this.#pending = null;
    const kafkaMs = arrived.answer.record.timestamp_ms - pending.record.timestamp_ms;
    const browserMs = Math.round(arrived.at - pending.sentAt);
    const said = byId("measured");
    said.classList.remove("problem");
    said.replaceChildren(
      `${pending.told}: a new list after `,
      make("strong", { id: "kafka-ms" }, `${kafkaMs} ms`),
      ` by Kafka’s timestamps, ${browserMs} ms in this browser. `,
      arrived.change === null ? "It is their first." : `Of its items: ${summary(arrived.change)}.`,
    );
  }

  #showList(answer, change) {
    const { recommendation, items, record } = answer;
    const focused = document.activeElement?.closest("#list [data-item]")?.dataset.item;
    const rows = recommendation.items.map((place) =>
      placeRow(place, items, {
        move: change && badge(change.moves.get(place.item_id)),
        act: (itemId) => this.act(itemId),
        alike: this.#alike,
      }),
    );
    for (const row of change ? rows : []) row.classList.add("arrived");
    byId("list").replaceChildren(...rows);
    if (focused) {
      const again = byId("list").querySelector(`[data-item="${CSS.escape(focused)}"]`) ?? byId("list").querySelector("button");
      again?.focus({ preventScroll: true });
    }
    const arm = recommendation.arm === "default" ? "" : `, arm ${recommendation.arm}`;
    byId("list-about").textContent =
      `of ${clock(record.timestamp_ms)}, because of ${causeOf(recommendation.cause)}, model ${recommendation.model_version}${arm}`;
    const left = change?.left.map((itemId) => titleOf(itemId, { ...this.#known, ...items })) ?? [];
    byId("left").textContent = left.length ? `Gone: ${left.join(", ")}` : "";
    this.#known = { ...this.#known, ...items };
  }

  #showChange({ recommendation, record }, change) {
    const { cause } = recommendation;
    const took = cause.kind === "interaction" ? `, ${record.timestamp_ms - cause.timestamp_ms} ms after its event` : "";
    byId("changes").prepend(make("li", {}, `${clock(record.timestamp_ms)}${took}: ${summary(change)}`));
    while (byId("changes").children.length > CHANGES) byId("changes").lastChild.remove();
  }

  async #showHistory() {
    const userId = this.#id;
    const past = await get(userPath(userId, "history")).catch(() => null);
    if (past === null || userId !== this.#id) return;
    const rows = past.events.map((event) =>
      make(
        "li", {}, picture(event.item_id, past.items),
        make("span", { class: "title", title: titleOf(event.item_id, past.items) }, titleOf(event.item_id, past.items)),
        make("span", {}, event.action),
      ),
    );
    byId("history").replaceChildren(...rows);
  }

  #say(text, isProblem = false) {
    byId("measured").textContent = text;
    byId("measured").classList.toggle("problem", isProblem);
  }
}

const clock = (atMs) => new Date(atMs).toLocaleTimeString("en-GB");
const reaches = (through, record) => through.partition === record.partition && through.offset >= record.offset;
const CAUSES = { interaction: "an event", item: "an item", erasure: "an erasure", schedule: "its age" };
const causeOf = (cause) => CAUSES[cause.kind] ?? cause.kind;

function badge(move) {
  if (move === "new") return make("span", { class: "move new" }, "new");
  if (!move) return make("span", { class: "move" });
  const [kind, sign, word] = move > 0 ? ["up", "▲", "up"] : ["down", "▼", "down"];
  const places = Math.abs(move);
  return make("span", { class: `move ${kind}`, "aria-label": `${places} ${word}` }, `${sign}${places}`);
}
