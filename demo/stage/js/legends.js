// Legends that are switches: of the classes, of the lines; and one of the kinds of error.

import { DASHES } from "./canvas.js";
import { ERRORS } from "./colours.js";
import { refill, toggle } from "./controls.js";
import { BORDER, PET } from "./planes.js";

// `change(run, on)`, or of the label `change("label", on)`
export function lineKeys(place, { panes, truth, hidden }, change) {
  const entries = panes.map(({ run, title, onPhoto, dash }) => ({ key: run, title, stroke: onPhoto, dash }));
  if (truth) entries.push({ key: "label", title: "Label", stroke: "#FFFFFF", dash: "solid" });
  refill(
    place,
    entries.map(({ key, title, stroke, dash }) => {
      const cap = dash === "dot" ? "round" : "butt";
      const line = `<svg width="24" height="12" viewBox="0 0 24 12" aria-hidden="true"><line x1="1" y1="6" x2="23" y2="6" stroke="${stroke}"
        stroke-width="2.5" stroke-dasharray="${DASHES[dash].join(" ")}" stroke-linecap="${cap}"/></svg>`;
      return toggle(title, !hidden.has(key), (on) => change(key, on), line);
    }),
  );
}

// The way back from one network alone
export function backKey(place, back) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "stage-toggle";
  button.textContent = "Show all";
  button.addEventListener("click", back);
  place.replaceChildren(button);
}

// `change(class, on)`
export function classToggles(place, { value, shown }, change) {
  refill(
    place,
    [PET, BORDER].map((kind) => {
      const { name, colour } = value.classes[kind];
      const title = name[0].toUpperCase() + name.slice(1);
      return toggle(title, shown[kind], (on) => change(kind, on), `<i style="background:${colour}"></i>`);
    }),
  );
}

// A kind of error's colour, as HTML: `hatched` where it is so in pictures
export const errorSwatch = ({ colour, hatched }) =>
  `<i class="${hatched ? "hatch" : ""}" style="background-color:${colour}"></i>`;

export function errorLegend(place) {
  place.replaceChildren(
    ...Object.values(ERRORS).map((kind) => {
      const entry = document.createElement("li");
      entry.innerHTML = errorSwatch(kind);
      entry.title = kind.title;
      entry.append(kind.short);
      return entry;
    }),
  );
}
