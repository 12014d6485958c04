// Beside the panes a row for each network: its mask, three figures, what can be done with it.

import { legendShape } from "../../figures/js/legend.js";
import { perCent } from "../../js/numbers.js";
import { errorCounts } from "./colours.js";
import { BORDER, classCounts, confusion } from "./planes.js";

const LABELS = {
  pick: "Under the lines:",
  mask: "Download mask of",
  cutout: "Download cut-out of",
  enlarge: "Enlarge",
};

// The row of a pane, with places for what `fillRow` writes
export function makeRow(pane, act) {
  const row = document.createElement("li");
  row.className = "stage-row";
  row.style.setProperty("--loss", pane.colour);
  row.innerHTML = `<button type="button" class="stage-pick" data-act="pick" title="Under the lines"><canvas class="stage-thumb"></canvas></button><div class="stage-about">
    <h3>${legendShape(pane.symbol, pane.colour)}<span></span><small></small></h3>
    <dl class="stage-figures">${"<div><dd></dd><dt></dt></div>".repeat(3)}</dl><p class="stage-error" hidden></p>
    <p class="stage-acts"><button type="button" data-download="mask">↓ Mask</button>
    <button type="button" data-download="cutout">↓ Cut-out</button>
    <button type="button" data-act="enlarge">Enlarge</button></p></div>`;
  row.querySelector("h3 span").textContent = pane.title;
  row.querySelector("h3 small").textContent = pane.note;
  for (const button of row.querySelectorAll("button")) {
    const { act: action, download } = button.dataset;
    button.setAttribute("aria-label", `${LABELS[action ?? download]} ${pane.title}`);
    button.addEventListener("click", () => act(button, pane));
  }
  return row;
}

// Writes the figures at a threshold; `counts` is null while the network is at work
export function fillRow(row, pane, counts, view, shift) {
  const error = row.querySelector(".stage-error");
  error.hidden = !pane.error;
  error.textContent = pane.error ?? "";
  row.classList.toggle("pending", !counts && !pane.error);
  for (const button of row.querySelectorAll("button")) button.disabled = !counts || button.dataset.waiting === "true";
  const figures = counts
    ? figuresOf(counts, view, shift)
    : [
        ["–", "border"],
        ["–", "pet"],
        ["–", "background"],
      ];
  for (const [place, texts] of figures.entries()) {
    const figure = row.querySelector(".stage-figures").children[place];
    for (const [part, text] of texts.entries()) write(figure.children[part], text);
  }
}

// Whether the row's small picture may be pressed, to see it under the lines, and whether it is seen there
export function markPicked(row, may, picked) {
  const pick = row.querySelector(".stage-pick");
  pick.disabled ||= !may;
  pick.setAttribute("aria-pressed", String(picked));
}

// Text that is there already costs no layout
function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function figuresOf(counts, view, shift) {
  if (counts.length === 3) {
    const found = confusion(counts, shift);
    if (view === "errors") {
      const all = found.flat().reduce((sum, count) => sum + count, 0);
      const wrong = errorCounts(found);
      return [
        [perCent(wrong.missed / all), "missed border"],
        [perCent(wrong.false / all), "false border"],
        [perCent(wrong.swapped / all), "swapped"],
      ];
    }
    const hits = found[BORDER][BORDER];
    const truth = found[BORDER].reduce((sum, count) => sum + count, 0);
    const painted = found.reduce((sum, ofClass) => sum + ofClass[BORDER], 0);
    const share = painted / found.flat().reduce((sum, count) => sum + count, 0);
    return [
      [truth ? perCent(hits / truth) : "–", "of the border found"],
      [painted ? perCent(hits / painted) : "–", "of its border is right"],
      [perCent(share), "of the photo is border"],
    ];
  }
  const [pet, background, border] = classCounts(counts, shift);
  const all = pet + background + border;
  return [
    [perCent(border / all), "border"],
    [perCent(pet / all), "pet"],
    [perCent(background / all), "background"],
  ];
}
