// The labels that a person has marked as wrong, kept in the browser.

const PLACE = "borderline-wrong-labels";

// `storage()` gives the browser's; in a frame of another site it may be refused: then marks last as long as the page
export function createMarks(storage = () => localStorage) {
  let marked = new Set(read(storage));
  let kept = true;

  // What other windows have marked, and unmarked, meanwhile
  function refresh() {
    if (kept) marked = new Set(read(storage));
  }

  return {
    has: (name) => marked.has(name),
    all() {
      refresh();
      return [...marked].sort();
    },
    toggle(name) {
      refresh();
      if (!marked.delete(name)) marked.add(name);
      try {
        storage().setItem(PLACE, JSON.stringify([...marked]));
        kept = true;
      } catch {
        kept = false; // as said
      }
    },
    refresh,
  };
}

function read(storage) {
  try {
    const kept = JSON.parse(storage().getItem(PLACE));
    return Array.isArray(kept) ? kept.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

// The file that `python -m experiments.run --exclude FILE` reads
export function listText(names) {
  return ["# Photos whose label was marked as wrong in Borderline", ...names].map((line) => `${line}\n`).join("");
}
