// One's own photo, which Try has: the server segments it with the weights that a run kept of each epoch, once; then it is a
// tile like the others.

import { pageState } from "../../js/state.js";
import { OWN } from "./masks.js";
import { tileClasses } from "./pixels.js";

// `line` is where it is offered; `runs()` are those shown, `changed()` says that there is more to show; `decode(file)`
export function ownPhoto(line, { server, decode, runs, changed, pin }) {
  const page = pageState();
  const [words, button] = [line.querySelector("span"), line.querySelector("button")];
  let shown = null; // {path, title, picture}: the photo that is scrubbed
  let asked = false; // by Try, before the runs were here
  let errand = 0; // counts what was asked for, so that nothing of an earlier photo is shown

  const keepers = () => runs().filter((run) => run.weights.length);
  const file = () => page.get("photoFile");

  // What can be done now, in one sentence
  function offer() {
    const chosen = file();
    const at = shown && chosen?.path === shown.path;
    line.hidden = !chosen && !shown;
    button.hidden = !keepers().length;
    if (line.hidden) return;
    if (!keepers().length) {
      words.innerHTML =
        "Your photo cannot be scrubbed: none of these runs kept the weights of its epochs, which <code>python -m experiments.run --keep-epochs</code> does.";
    } else if (!at) {
      words.textContent = `Your photo “${chosen?.title ?? shown.title}”, epoch by epoch:`;
      button.textContent = "Scrub it";
    }
    button.dataset.does = at ? "remove" : "scrub";
    if (asked && runs().length) {
      asked = false;
      if (!at && chosen && keepers().length) scrub();
    }
  }

  function remove(said = "") {
    errand += 1;
    shown = null;
    for (const run of runs()) delete run.own;
    changed();
    offer();
    if (said) {
      line.hidden = false;
      words.textContent = said;
    }
  }

  async function scrub() {
    const mine = ++errand;
    const chosen = file();
    const outdated = () => mine !== errand;
    const list = keepers();
    const total = list.reduce((sum, run) => sum + run.weights.length, 0);
    let done = 0;
    button.textContent = "Cancel";
    button.dataset.does = "remove";
    words.textContent = `Your photo: 0 of ${total} epochs`;
    try {
      const { picture } = await answered(server.own_photo({ run: list[0].name, path: chosen.path }));
      if (outdated()) return;
      shown = { ...chosen, picture };
      for (const run of list) run.own = new Map();
      pin(OWN);
      changed();
      for (const run of list) {
        for (const epoch of run.weights) {
          const answer = await answered(server.own_mask({ run: run.name, path: chosen.path, epoch }));
          const mosaic = await (await fetch(answer.picture)).blob();
          const mask = tileClasses(await decode(mosaic), 0, 1, run.tile);
          if (outdated()) return;
          run.own.set(epoch, mask);
          words.textContent = `Your photo: ${++done} of ${total} epochs`;
          changed(false);
        }
      }
      words.textContent = `Your photo “${chosen.title}”, all ${total} epochs.`;
      button.textContent = "Remove";
    } catch (error) {
      if (!outdated()) remove(error.message);
    }
  }

  button.addEventListener("click", () => (button.dataset.does === "scrub" ? scrub() : remove()));
  page.watch(["photoFile"], offer);

  return {
    offer,
    // the tile that leads the others, where there is one
    tile: () => (shown ? { name: OWN, own: true, picture: shown.picture, photo: true, truth: false } : null),
    picture: () => shown?.picture ?? null,
    ask() {
      asked = true;
      offer();
    },
  };
}

async function answered(promise) {
  const answer = await promise;
  if (answer.error) throw new Error(answer.error);
  return answer;
}
