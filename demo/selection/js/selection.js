// The bar of what is chosen. It tells the page which runs are shown, and draws them; all else follows the page's state.

import { pageState } from "../../js/state.js";
import { chipMenu, drawChips } from "./chips.js";
import { chipsOf, chooseFrom, lostSentence, sharedEpochs } from "./chosen.js";
import { runsList } from "./runs_list.js";

// Tabs that show one epoch of all runs; the others show what each run's last weights make of a photo
const BY_EPOCH = ["which-loss", "watch"];

export function mount({ element, props, watch }) {
  const bar = element.querySelector(".selection");
  const find = (selector) => bar.querySelector(selector);
  const page = pageState();
  const chipsPlace = find(".selection-chips");
  let value = props.value;

  const names = () => chooseFrom(value, page.get("runs")).names;
  const chosen = () => {
    const shown = new Set(names());
    return value.runs.filter(({ name }) => shown.has(name));
  };
  const change = (runs) => page.set({ runs });
  const toggle = (name, on) => {
    change(on ? [...names(), name] : names().filter((each) => each !== name));
  };

  const menu = chipMenu(find(".selection-menu"), {
    toggle,
    remove: (gone) => change(names().filter((name) => !gone.includes(name))),
    replace: (before, after) => change([...names().filter((name) => !before.includes(name)), ...after]),
    value: () => value,
    focus: () => find(".selection-add").focus(),
  });
  const list = runsList(find(".selection-runs"), { toggle, value: () => value, chosen });

  function draw() {
    // what came with the page is what the runs were when the app started: it is shown, and nothing is asked of it
    const { names: shown, lost } = chooseFrom(value, page.get("runs"));
    const runs = chosen();
    if (value.read) page.set({ chosen: shown, stamps: runs.map(({ stamp }) => stamp), ...sharedEpochs(runs) });
    drawChips(chipsPlace, chipsOf(value, shown), menu);
    list.draw();
    const said = [lostSentence(lost, page.get("runs")), ...value.broken.map((line) => `Left out: ${line}`)].filter(
      Boolean,
    );
    find(".selection-said").hidden = !said.length;
    find(".selection-said").textContent = said.join("\n");
    find(".selection-add").hidden = !value.runs.length;
    drawEpoch(runs);
  }

  function drawEpoch(runs) {
    const steps = BY_EPOCH.includes(page.get("shownTab"));
    const stepper = find(".stepper");
    const { deepest, last } = sharedEpochs(runs);
    const end = page.get("shownTab") === "watch" ? last : deepest;
    const first = page.get("shownTab") === "watch" ? 0 : 1; // the untrained networks are not compared
    const epoch = Math.max(first, Math.min(page.get("epoch") ?? deepest, end));
    stepper.hidden = !steps || end === 0;
    bar.dataset.tab = page.get("shownTab") ?? "";
    stepper.querySelector("output").textContent = `Epoch ${epoch}`;
    stepper.querySelector('[data-step="-1"]').disabled = epoch <= first;
    stepper.querySelector('[data-step="1"]').disabled = epoch >= end;
    stepper.dataset.epoch = epoch;
    find(".selection-note").textContent = noteOn(runs, steps, epoch, deepest);
  }

  function noteOn(runs, steps, epoch, deepest) {
    if (!runs.length) return "";
    if (steps) {
      if (epoch === deepest) return runs.length > 1 ? "deepest epoch all share" : "last epoch";
      return epoch < deepest ? `all share up to ${deepest}` : `past ${deepest}, the deepest all share`;
    }
    const epochs = runs.map((run) => run.epochs);
    return new Set(epochs).size === 1
      ? `Weights after epoch ${epochs[0]}`
      : `Weights of each run's last epoch: ${epochs.join(", ")}`;
  }

  for (const button of bar.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => {
      page.set({ epoch: Number(find(".stepper").dataset.epoch) + Number(button.dataset.step) });
    });
  }
  find(".selection-add").addEventListener("click", list.open);
  find(".selection-add").disabled = false;
  page.watch(["runs"], draw);
  page.watch(["epoch", "shownTab"], () => drawEpoch(chosen()));
  watch("value", () => {
    value = props.value;
    draw();
  });
  draw();
}
