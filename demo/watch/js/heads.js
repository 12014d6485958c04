// The column heads: each run's name in its loss's colour, its score at the epoch that is shown, and how it stands.

import { legendShape } from "../../figures/js/legend.js";
import { shownEpoch } from "./epochs.js";

// Heads stand over each of as many groups of tiles as there are beside each other in the grid
export function drawHeads(place, grid, runs, photos) {
  const across = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const group = document.createElement("div");
  group.append(
    head("Photo", photos === 1 ? "1 photo" : `${photos} photos`, null),
    ...runs.map((run) => head(run.title, "", run)),
  );
  place.replaceChildren(...Array.from({ length: across }, () => group.cloneNode(true)));
}

function head(title, note, run) {
  const made = document.createElement("div");
  made.innerHTML = "<b></b><small></small>";
  if (run) {
    made.style.setProperty("--loss", run.colour);
    made.firstChild.innerHTML = `<span class="mark ${run.pulse}">${legendShape(run.symbol, run.colour)}</span>`;
  }
  made.firstChild.append(title);
  made.lastChild.textContent = note;
  return made;
}

export function fillHeads(place, { runs, score, scoreTitle, epoch }, last) {
  const notes = runs.map((run) => {
    const value = run.scores[shownEpoch(run, epoch())]?.[score];
    const words = value === null || value === undefined ? "" : `${scoreTitle} ${(100 * value).toFixed(1)} %`;
    const side = run.sides.findLast(([from]) => from <= epoch())?.[1];
    const size = run.sides.length > 1 && side ? `${side} px` : "";
    const state = run.status === "running" || run.epochs.at(-1) < last ? run.state : "";
    return [words, size, state].filter(Boolean).join(" · ");
  });
  for (const group of place.children) {
    notes.forEach((note, number) => (group.children[number + 1].lastChild.textContent = note));
  }
}
