// The controls of what tiles show. What is chosen is part of the page's state: a link, a reload, back and forward show it
// again.

import { pageState } from "../../js/state.js";
import { packed } from "../../stage/js/colours.js";
import { radioGroup } from "../../stage/js/controls.js";
import { keepOff } from "../../stage/js/kept.js";
import { classToggles, errorLegend } from "../../stage/js/legends.js";
import { BORDER, PET } from "../../stage/js/planes.js";

export const VIEWS = [
  { key: "prediction", title: "Prediction", hint: "What each network paints (1)" },
  { key: "errors", title: "Errors", hint: "Where it is not the label (2)" },
  { key: "change", title: "Change", hint: "What is new since the epoch before (3)" },
];
const CLASS_WORDS = { [PET]: "class:pet", [BORDER]: "class:border" };
const FIRST = ["prediction", "truth"]; // of `show`, where nobody has chosen
const TILE = 160; // pixels of a tile on the page

export const SHOWN_KEYS = ["order", "tile", "show", "off", "score", "loop", "speed"];

// `look` is told what to show, by `follow()`; `scores` are their titles by name
export function shownControls(root, look, scores) {
  const page = pageState();
  const find = (selector) => root.querySelector(selector);
  const act = (name) => find(`[data-act="${name}"]`);
  const speed = find('[data-testid="watch-speed"]');
  const order = find('[data-testid="watch-order"]');
  const size = find(".watch-size input");

  const show = () => page.get("show") ?? FIRST;
  const view = () => VIEWS.find(({ key }) => show().includes(key))?.key ?? "prediction";
  const outlined = () => show().includes("truth");

  function keepShow(chosen, outline) {
    const now = [chosen, ...(outline ? ["truth"] : [])];
    page.set({ show: String(now) === String(FIRST) ? null : now });
  }

  const chooseView = (key) => keepShow(key, outlined());
  const views = radioGroup(find('[data-group="view"]'), VIEWS, chooseView);

  function follow() {
    const known = look.runs.some((run) => run.truth);
    look.view = view() === "errors" && !known ? "prediction" : view();
    look.outline = known && outlined();
    const off = page.get("off") ?? [];
    const shown = Object.fromEntries(Object.entries(CLASS_WORDS).map(([kind, word]) => [kind, !off.includes(word)]));
    const colour = (kind) => (shown[kind] ? packed(look.named[kind].colour) : 0);
    // where only changes are drawn, background is a class to be seen like the others
    look.classes = [colour(PET), look.view === "change" ? 0xffffffff : 0, colour(BORDER)];
    look.score = Object.hasOwn(scores, page.get("score") ?? "") ? page.get("score") : Object.keys(scores)[0];
    look.scoreTitle = scores[look.score];
    views.show(look.view);
    views.allow("errors", known, "Errors need the photos' labels");
    act("outline").hidden = !known;
    act("outline").setAttribute("aria-pressed", String(look.outline));
    act("loop").setAttribute("aria-pressed", String(page.get("loop") !== null));
    root.dataset.view = look.view;
    classToggles(find(".stage-classes"), { value: { classes: look.named }, shown }, keepOff);
    const wanted = String(page.get("speed") ?? 1);
    speed.value = [...speed.options].some(({ value }) => value === wanted) ? wanted : "1";
    order.value = page.get("order") === "f1" ? "f1" : "name";
    order.disabled = !known;
    const shared = look.runs.length ? Math.min(...look.runs.map((run) => run.epochs.at(-1))) : 0;
    order.options[1].textContent = `border F1 at epoch ${shared}, hardest first`;
    size.value = page.get("tile") ?? TILE; // within its own limits
    root.style.setProperty("--tile", `${size.value}px`);
    root.style.setProperty("--columns", look.runs.length + 1);
  }

  act("outline").addEventListener("click", () => keepShow(view(), !outlined()));
  act("loop").addEventListener("click", () => page.set({ loop: page.get("loop") === null ? "on" : null }));
  speed.addEventListener("change", () => page.set({ speed: speed.value === "1" ? null : Number(speed.value) }));
  order.addEventListener("change", () => page.set({ order: order.value === "f1" ? "f1" : null }));
  size.addEventListener("input", () => page.set({ tile: Number(size.value) === TILE ? null : Number(size.value) }));
  errorLegend(find(".stage-errors"));
  return { follow, chooseView, speed: () => Number(speed.value) };
}
