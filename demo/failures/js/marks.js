// The labels that a person has marked as wrong, kept in the browser.

const PLACE = "borderline-wrong-labels";

// `storage()` gives the browser's; in a frame of another site it may be refused: then marks last as long as the page
export function createMarks(storage = () => localStorage) {
  const marked = new Set(read(storage));
  return {
    has: (name) => marked.has(name),
    all: () => [...marked].sort(),
    toggle(name) {
      // what another tab has marked meanwhile stays
      for (const other of read(storage)) if (other !== name) marked.add(other);
      if (!marked.delete(name)) marked.add(name);
      try {
        storage().setItem(PLACE, JSON.stringify([...marked]));
      } catch {
        // as said
      }
    },
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
