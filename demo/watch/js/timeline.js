// The scale under the slider: numbers, a marker where each run ends, and a tick where the networks' side changes.

import { legendShape } from "../../figures/js/legend.js";
import { scaleSteps } from "./epochs.js";

const NUMBER = 64; // pixels that a number needs beside the next
const SHAPE = 16; // and a shape beside it
const TICK = 12;

// Where something stands: with the middle of the slider's handle there, of 24 pixels
const at = (epoch, last) => `calc(12px + (100% - 24px) * ${epoch / Math.max(last, 1)})`;

export function drawTimeline(place, runs, last) {
  const parts = [];
  const numbers = scaleSteps(last, Math.max(1, place.clientWidth / NUMBER));
  for (const epoch of scaleSteps(last, Math.max(1, place.clientWidth / TICK))) {
    parts.push(part("tick", epoch, last, { large: numbers.includes(epoch) }));
  }
  const ends = new Map();
  for (const run of runs) ends.set(run.epochs.at(-1), [...(ends.get(run.epochs.at(-1)) ?? []), run]);
  // a number and a marker share a line: where runs end the marker has the number with it
  for (const epoch of numbers) {
    const covered = ([end, ending]) => {
      const between = (Math.abs(end - epoch) / Math.max(1, last)) * place.clientWidth;
      return between < NUMBER / 2 + SHAPE * ending.length;
    };
    if (![...ends].some(covered)) {
      parts.push(part("number", epoch, last, { text: epoch }));
    }
  }
  for (const [epoch, ending] of ends) {
    const mark = part(epoch === last ? "end last" : "end", epoch, last, {});
    mark.innerHTML = ending
      .map((run) => `<span class="${run.pulse}">${legendShape(run.symbol, run.colour)}</span>`)
      .join("");
    mark.append(epoch);
    mark.title = ending.map((run) => `${run.title}: ${run.state}`).join("\n");
    parts.push(mark);
  }
  for (const [epoch] of sideChanges(runs)) parts.push(part("side", epoch, last, {}));
  place.replaceChildren(...parts);
}

// What the dotted ticks mean; empty where there is none
export function sidesInWords(runs) {
  const said = sideChanges(runs).map(([epoch, sides]) => `${sides.join(" or ")} pixels wide from epoch ${epoch} on`);
  return said.length ? `Dotted: in training photos are ${said.join(", ")}` : "";
}

// From which epochs on a run has photos of another side: [[epoch, [side, ...]], ...]
export function sideChanges(runs) {
  const changes = new Map();
  for (const run of runs) {
    for (const [epoch, side] of run.sides.slice(1)) {
      if (!changes.get(epoch)?.includes(side)) changes.set(epoch, [...(changes.get(epoch) ?? []), side]);
    }
  }
  return [...changes].sort(([one], [other]) => one - other);
}

function part(kind, epoch, last, { large = false, text = "" }) {
  const made = document.createElement("i");
  made.className = large ? `${kind} large` : kind;
  made.style.left = at(epoch, last);
  made.textContent = text;
  return made;
}
