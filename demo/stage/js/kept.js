// What a person sees on the stage is part of the page's state: a link, a reload, back and forward show it again.

import { pageState } from "../../js/state.js";
import { BORDER, PET } from "./planes.js";

const KEYS = ["layout", "see", "opacity", "shift", "loupe", "solo", "picked", "off"];
export const FIRST = { layout: "outlines", view: "mask", opacity: 0.65, shift: 0, loupe: false, solo: null };
// no run is called so: a colon is in no folder's name
const CLASSES = { "class:pet": PET, "class:border": BORDER };

const limited = (value, least, most) => Math.max(least, Math.min(most, value));

// What the page's state says; a network or a view that is not there is for the stage to see. `off` are the lines and
// classes that are switched off: a run's name, "label", "class:pet" or "class:border"
export function wanted(layouts) {
  const page = pageState();
  return {
    layout: layouts.includes(page.get("layout")) ? page.get("layout") : FIRST.layout,
    view: page.get("see") ?? FIRST.view,
    opacity: limited(page.get("opacity") ?? FIRST.opacity, 0, 1),
    shift: limited(Math.round(10 * (page.get("shift") ?? FIRST.shift)) / 10, -2, 2),
    loupe: page.get("loupe") !== null,
    solo: page.get("solo"),
    picked: page.get("picked"), // whose view lies under the lines
    off: page.get("off") ?? [],
  };
}

// Tells the painter which lines and classes are switched off
export function switchOff(it, off) {
  it.hidden.clear();
  for (const name of off) it.hidden.add(name);
  for (const [name, kind] of Object.entries(CLASSES)) it.shown[kind] = !off.includes(name);
}

// What changed under a hand: null is what stands at first
export function keep(changes) {
  const kept = {};
  for (const [key, value] of Object.entries(changes)) {
    if (key === "loupe") kept.loupe = value ? "on" : null;
    else kept[key === "view" ? "see" : key] = value === FIRST[key] ? null : value;
  }
  pageState().set(kept);
}

// Switches a line or a class: `name` as in `off`, or the number of a class
export function keepOff(name, on) {
  const word = Object.keys(CLASSES).find((each) => CLASSES[each] === name) ?? name;
  const off = (pageState().get("off") ?? []).filter((each) => each !== word);
  const now = on ? off : [...off, word];
  pageState().set({ off: now.length ? now : null });
}

export const follow = (then) => pageState().watch(KEYS, then);
