// Asking the console. What goes wrong is an Error whose message says what, and what to try.

async function answered(response) {
  const answer = await response.json();
  if (!response.ok) throw new Error(`${answer.what} – ${answer.try}`);
  return answer;
}

export async function get(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams(given);
  return answered(await fetch(query.size ? `${path}?${query}` : path));
}

export async function post(path, body) {
  return answered(await fetch(path, { method: "POST", body }));
}

const AGAIN_MS = 5000;

// Follows events: `takes` has what takes each, by name. Where nobody answers, the browser connects again by itself. An answer
// that is no stream, as to the token of an earlier start, ends its patience: then this asks again, and says so to `lost`.
// Returns what closes it.
export function follow(path, takes, lost = () => {}) {
  let source = null;
  let timer = null;
  const open = () => {
    source = new EventSource(path);
    for (const [name, take] of Object.entries(takes)) {
      source.addEventListener(name, (event) => take(JSON.parse(event.data)));
    }
    source.addEventListener("error", () => {
      const isRefused = source.readyState === EventSource.CLOSED;
      if (isRefused) timer = setTimeout(open, AGAIN_MS);
      lost(isRefused);
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

export const userPath = (userId, part) => `/users/${encodeURIComponent(userId)}/${part}`;
export const itemPath = (itemId, part) => `/items/${encodeURIComponent(itemId)}/${part}`;
