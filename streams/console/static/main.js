// Puts the page together.

import { follow, get } from "./api.js";
import { byId, make } from "./dom.js";
import { showQuality } from "./quality.js";
import { showNow } from "./river.js";
import { prepareSearch } from "./search.js";
import { User } from "./user.js";

const QUALITY_EVERY_MS = 5000;
const ACTIVE_SHOWN = 12;

let user;
const alike = prepareSearch({ userId: () => user.id, act: (itemId) => user.act(itemId) });
user = new User((itemId) => alike(itemId));

byId("pick").addEventListener("submit", (event) => {
  event.preventDefault();
  const userId = byId("user-id").value.trim();
  if (userId) user.show(userId);
});

byId("user-id").addEventListener("input", async () => {
  const { user_ids } = await get("/users", { contains: byId("user-id").value, limit: 12 });
  byId("known-users").replaceChildren(...user_ids.map((value) => make("option", { value })));
});

function showActive(active) {
  const group = byId("active");
  // Whoever is about to choose one must not have it taken away.
  if (group.matches(":hover, :focus-within")) return;
  const chips = active.slice(0, ACTIVE_SHOWN).map(({ user_id, action, title, item_id }) =>
    make(
      "button",
      {
        type: "button", "data-user": user_id, onclick: () => user.show(user_id),
        title: action ? `${action} ${title || item_id}` : undefined,
      },
      user_id,
    ),
  );
  group.replaceChildren(...chips);
}

function connected(text, isProblem = false) {
  byId("connection").textContent = text;
  byId("connection").classList.toggle("problem", isProblem);
}

const STATES = {
  ok: "live", loading: "reading what there is …", failed: "Topics are followed no more; start the console again",
};

function showMoment(now) {
  connected(STATES[now.state], now.state === "failed");
  showNow(now);
  showActive(now.active);
}

function lost(isRefused) {
  connected("The console does not answer; trying again …", true);
  if (isRefused) get("/status").catch((error) => connected(error.message, true));
}

let unfollow = () => {};

// A page that nobody sees follows nothing: browsers open six connections to a host, for all of its pages together.
function watch() {
  unfollow();
  unfollow = () => {};
  user.rest();
  if (document.hidden) return;
  unfollow = follow("/status/stream", { now: showMoment }, lost);
  user.wake();
}
document.addEventListener("visibilitychange", watch);

// What is behind the # is a user's id: the link must not put a name of its own there.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("user").focus();
});
watch();

async function keepQuality() {
  await get("/quality").then(showQuality, () => {});
  setTimeout(keepQuality, QUALITY_EVERY_MS);
}
keepQuality();

if (location.hash.length > 1) user.show(decodeURIComponent(location.hash.slice(1)));
