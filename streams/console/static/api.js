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

// Follows events of one name; the browser connects again by itself. Returns what closes it.
export function follow(path, name, take, lost = () => {}) {
  const source = new EventSource(path);
  source.addEventListener(name, (event) => take(JSON.parse(event.data)));
  source.addEventListener("error", lost);
  return () => source.close();
}

export const userPath = (userId, part) => `/users/${encodeURIComponent(userId)}/${part}`;
export const itemPath = (itemId, part) => `/items/${encodeURIComponent(itemId)}/${part}`;
