// What has changed from one list to the next.

export function compare(before, after) {
  const rank = new Map(before.map((itemId, place) => [itemId, place]));
  const moves = new Map(
    after.map((itemId, place) => [itemId, rank.has(itemId) ? rank.get(itemId) - place : "new"]),
  );
  const kept = new Set(after);
  return { moves, left: before.filter((itemId) => !kept.has(itemId)) };
}

export function summary({ moves, left }) {
  const all = [...moves.values()];
  const count = (wanted) => all.filter(wanted).length;
  const parts = [
    [count((move) => move === "new"), "new"],
    [count((move) => move > 0), "up"],
    [count((move) => move < 0), "down"],
    [left.length, "gone"],
  ];
  const told = parts.filter(([number]) => number).map(([number, word]) => `${number} ${word}`);
  return told.length ? told.join(", ") : "the same items in the same order";
}
