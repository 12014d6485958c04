// A chip a configuration that is shown, and its menu: its seeds, the loss's other runs, the command that trains it.

import { legendShape } from "../../figures/js/legend.js";
import { copyText } from "../../js/clipboard.js";
import { chipNote, isTraining, stateOf } from "./chosen.js";

const CARET =
  '<svg class="caret" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d="m3 4.5 3 3 3-3"/></svg>';

// The loss's name, and what tells two chips of one loss apart
function titleOf(chip, chips) {
  const { differs, name } = chip.runs[0];
  const alike = chips.filter(({ loss }) => loss === chip.loss);
  return alike.length > 1 ? `${chip.title} (${differs || name})` : chip.title;
}

// Of the same chip, whatever grows meanwhile and whichever of its seeds are shown
const keyOf = ({ runs }) => `${runs[0].loss} ${runs[0].differs}`;

export function drawChips(place, chips, menu) {
  const open = menu.opened();
  const had = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  place.replaceChildren(
    ...chips.map((chip) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      const training = isTraining(chip.runs);
      button.type = "button";
      button.className = training ? "chip pulse" : "chip";
      button.style.setProperty("--loss", chip.colour);
      button.dataset.key = keyOf(chip);
      button.setAttribute("aria-haspopup", "dialog");
      button.setAttribute("aria-expanded", "false");
      button.innerHTML = `<span class="mark">${legendShape(chip.symbol, chip.colour)}</span><b></b><small></small>${CARET}`;
      button.querySelector("b").textContent = titleOf(chip, chips);
      button.querySelector("small").textContent = chipNote(chip);
      button.title = chip.runs.map((run) => `Seed ${run.seed}: ${stateOf(run)}`).join("\n");
      button.addEventListener("click", () => menu.toggle(button, chip));
      if (keyOf(chip) === open) menu.reopen(button, chip);
      item.append(button);
      return item;
    }),
  );
  if (!chips.some((chip) => keyOf(chip) === open)) menu.close();
  if (had !== null) [...place.querySelectorAll("button")].find(({ dataset }) => dataset.key === had)?.focus();
}

// `does` has toggle(name, on), remove(names), replace(before, after), value(), all runs, and focus(), where the hand goes
// when its chip is gone
export function chipMenu(menu, does) {
  let shown = null; // {button, key}

  function close(back = false) {
    if (!shown) return;
    shown.button.setAttribute("aria-expanded", "false");
    if (back) shown.button.focus();
    shown = null;
    menu.hidden = true;
  }

  function fill(chip) {
    const runs = does.value().runs.filter(({ configuration }) => configuration === chip.configuration);
    const names = chip.runs.map(({ name }) => name);
    const others = does
      .value()
      .runs.filter(({ loss, configuration }) => loss === chip.loss && configuration !== chip.configuration);
    menu.setAttribute("aria-label", `${chip.title}: seeds and other runs`);
    menu.replaceChildren(
      head("Seeds"),
      ...runs.map((run) => {
        const label = document.createElement("label");
        const box = document.createElement("input");
        box.type = "checkbox";
        box.checked = names.includes(run.name);
        box.disabled = box.checked && names.length === 1; // the last one goes by Remove
        box.addEventListener("change", () => does.toggle(run.name, box.checked));
        box.dataset.run = run.name;
        label.append(box, `Seed ${run.seed}`, small(stateOf(run)));
        return label;
      }),
    );
    if (others.length) {
      const byConfiguration = Map.groupBy(others, ({ configuration }) => configuration);
      menu.append(head("Show instead"));
      for (const alike of byConfiguration.values()) {
        const [run] = alike;
        const seeds = alike.length > 1 ? `, ${alike.length} seeds` : `, seed ${run.seed}`;
        const instead = () => {
          does.replace(names, [run.name]);
          does.focus();
        };
        menu.append(action(run.differs || run.name, instead, `${stateOf(run)}${seeds}`));
      }
    }
    menu.append(document.createElement("hr"));
    if (chip.runs[0].command) menu.append(copyButton(chip.runs[0]));
    menu.append(
      action("Remove", () => {
        does.remove(names);
        does.focus();
      }),
    );
  }

  function show(button, chip) {
    shown = { button, key: keyOf(chip) };
    button.setAttribute("aria-expanded", "true");
    fill(chip);
    menu.hidden = false;
    // under its chip, and inside the page
    const bar = menu.parentElement.getBoundingClientRect();
    const left = Math.min(button.getBoundingClientRect().left - bar.left, bar.width - menu.offsetWidth);
    menu.style.left = `${Math.max(0, left)}px`;
  }

  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(true);
  });
  document.addEventListener("pointerdown", (event) => {
    if (shown && !menu.contains(event.target) && !shown.button.contains(event.target)) close();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget) && event.relatedTarget !== shown?.button) close();
  });

  return {
    close,
    opened: () => shown?.key ?? null,
    toggle(button, chip) {
      if (shown?.button === button) return close();
      close();
      show(button, chip);
      menu.querySelector("input:not(:disabled), button")?.focus();
    },
    // the chips were drawn anew under an open menu
    reopen(button, chip) {
      const focused = document.activeElement?.dataset?.run;
      requestAnimationFrame(() => {
        if (!shown) return;
        show(button, chip);
        if (focused) [...menu.querySelectorAll("input")].find(({ dataset }) => dataset.run === focused)?.focus();
      });
    },
  };
}

function head(text) {
  const title = document.createElement("h3");
  title.textContent = text;
  return title;
}

function small(text) {
  const note = document.createElement("small");
  note.textContent = text;
  return note;
}

function action(text, then, note = "") {
  const button = document.createElement("button");
  button.type = "button";
  button.append(text, ...(note ? [small(note)] : []));
  button.addEventListener("click", then);
  return button;
}

function copyButton({ command }) {
  const button = action("Copy the command that trains this", async () => {
    const copied = await copyText(command);
    said.textContent = copied ? "Copied" : command;
  });
  const said = small("");
  said.setAttribute("role", "status");
  button.append(said);
  return button;
}
