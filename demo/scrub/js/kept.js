// What is chosen here is part of the page's state: what the pictures show, the score, how it plays.

import { pageState } from "../../js/state.js";

const page = () => pageState();

// `toggles` are checkboxes, of which those that are checked in the page's HTML are so where nobody has chosen
export function keepToggles(toggles, then) {
  const first = toggles.filter(({ defaultChecked }) => defaultChecked).map(({ name }) => name);
  for (const toggle of toggles) {
    toggle.addEventListener("change", () => {
      const shown = toggles.filter(({ checked }) => checked).map(({ name }) => name);
      page().set({ show: String(shown) === String(first) ? null : shown });
    });
  }
  function follow() {
    const shown = page().get("show") ?? first;
    for (const toggle of toggles) toggle.checked = shown.includes(toggle.name);
    then();
  }
  page().watch(["show"], follow);
  if (page().get("show")) follow();
}

// A choice, or a box that is ticked, under a key of the state
export function keepChoice(control, key, then) {
  const isBox = control.type === "checkbox";
  const first = isBox ? null : control.value;
  control.addEventListener("change", () => {
    const chosen = isBox ? (control.checked ? "on" : null) : control.value;
    page().set({ [key]: chosen === first ? null : key === "speed" ? Number(chosen) : chosen });
  });
  function follow() {
    const wanted = page().get(key);
    if (isBox) control.checked = wanted !== null;
    else {
      const known = [...control.options].some(({ value }) => value === String(wanted));
      control.value = known ? wanted : first || control.options[0]?.value;
    }
    then();
  }
  page().watch([key], follow);
  if (page().get(key) !== null) follow();
  return follow;
}
