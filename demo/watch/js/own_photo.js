// One's own photo, which Try has: the server segments it with the weights that a run kept of each epoch, once; then it is a
// tile like the others.

import { pageState } from "../../js/state.js";
import { OWN } from "./masks.js";
import { tileClasses } from "./pixels.js";

const NONE_KEPT =
  "Your photo has no epochs here: none of these runs kept the weights of its epochs, which <code>python -m experiments.run --keep-epochs</code> does.";

// `line` is where it is offered; `runs()` are those shown, `changed()` says that there is more to show; `decode(file)`
export function ownPhoto(line, { server, decode, runs, changed, pin }) {
  const page = pageState();
  const [words, button] = [line.querySelector("span"), line.querySelector("button")];
  let shown = null; // {path, title, picture}: the photo that has a tile
  let masks = new Map(); // run's name -> its masks by epoch; they stay while other runs are looked at
  let asked = false; // by Try, before the runs were here
  let trouble = "";
  let working = null; // {done, total} while masks are made
  let errand = 0; // counts what was asked for, so that nothing of an earlier photo is shown

  const file = () => page.get("photoFile");
  const mask = (run, epoch) => masks.get(run)?.get(epoch);

  // What the shown runs have weights of: [[run, epoch], ...]
  const kept = () => runs().flatMap((run) => run.weights.map((epoch) => [run, epoch]));

  // What can be done now, in one sentence
  function offer() {
    const chosen = file();
    const here = shown !== null && (!chosen || chosen.path === shown.path);
    const [all, missing] = [kept(), kept().filter(([run, epoch]) => !mask(run.name, epoch))];
    if (chosen && asked && all.length) {
      asked = false;
      if (!here) return make(chosen);
    }
    // others were chosen, or one has trained on
    if (here && missing.length && !working && !trouble) return make(shown);
    line.hidden = !(chosen || shown || trouble) || !runs().length;
    button.hidden = !(working || here || (chosen && all.length));
    button.dataset.does = working || here ? "remove" : "make";
    button.textContent = working ? "Cancel" : here ? "Remove" : trouble ? "Try again" : "Watch it";
    if (trouble) words.textContent = trouble;
    else if (working) words.textContent = `Your photo: ${working.done} of ${working.total} epochs`;
    else if (!all.length) words.innerHTML = NONE_KEPT;
    else if (here) words.textContent = `Your photo “${shown.title}”, all ${all.length} epochs.`;
    else if (chosen) words.textContent = `Your photo “${chosen.title}”, epoch by epoch:`;
    else words.textContent = "";
  }

  function remove(said = "") {
    errand += 1;
    [shown, masks, working, trouble, asked] = [null, new Map(), null, said, false];
    changed();
  }

  async function make(photo) {
    const mine = ++errand;
    const another = photo.path !== shown?.path;
    if (another) [shown, masks] = [null, new Map()];
    const todo = kept().filter(([run, epoch]) => !mask(run.name, epoch));
    const done = kept().length - todo.length;
    trouble = "";
    working = { done, total: done + todo.length };
    offer();
    try {
      if (another) {
        const { picture } = await answered(server.own_photo({ run: todo[0][0].name, path: photo.path }));
        if (mine !== errand) return;
        shown = { ...photo, picture };
        pin(OWN);
      }
      for (const [run, epoch] of todo) {
        const answer = await answered(server.own_mask({ run: run.name, path: photo.path, epoch }));
        const mosaic = await (await fetch(answer.picture)).blob();
        const found = tileClasses(await decode(mosaic), 0, 1, run.tile);
        if (mine !== errand) return;
        if (!masks.has(run.name)) masks.set(run.name, new Map());
        masks.get(run.name).set(epoch, found);
        working.done += 1;
        offer();
        changed(false);
      }
      working = null;
      offer();
    } catch (error) {
      if (mine === errand) remove(`Your photo has no epochs here: ${error.message}`);
    }
  }

  button.addEventListener("click", () => (button.dataset.does === "make" ? make(file()) : remove()));
  page.watch(["photoFile"], () => {
    trouble = "";
    offer();
  });

  return {
    offer,
    mask,
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
