// The chosen photo beside the gallery: its name, what is done with it, its panes, its shares of errors.

import { legendShape } from "../../figures/js/legend.js";
import { perCent } from "../../js/numbers.js";
import { ERRORS } from "../../stage/js/colours.js";
import { errorSwatch } from "../../stage/js/legends.js";
import { sayWithCode } from "../../stage/js/controls.js";
import { sentence } from "../../js/words.js";
import { short } from "./list.js";
import { photoPanes } from "./panes.js";

// A hand that steps on: so many milliseconds later it looks
const SETTLED = 80;
const SHARES = {
  missed: "missed border",
  false: "false border",
  swapped: "swapped: pet for background, or the reverse",
};
const SILENT = "The app does not answer: choose the photo again.";

// `server` answers, `page` is the page's state
export function chosenPhoto(stage, server, page) {
  const find = (selector) => stage.querySelector(selector);
  const panes = photoPanes(stage, page);
  let it = { photo: null, losses: [] };
  let turn = 0;

  function say(text) {
    find(".fail-said").hidden = !text;
    sayWithCode(find(".fail-said"), text);
  }

  function layShares() {
    const heads = it.losses.map(({ title, symbol, colour }) => {
      const head = document.createElement("th");
      head.scope = "col";
      head.innerHTML = `<span>${legendShape(symbol, colour)}<i></i></span>`;
      head.querySelector("i").textContent = title;
      return head;
    });
    const row = find(".fail-shares thead tr");
    row.replaceChildren(row.firstElementChild, ...heads);
    find(".fail-shares tbody").replaceChildren(
      ...Object.entries(SHARES).map(([kind, words]) => {
        const shares = document.createElement("tr");
        shares.innerHTML = `<th scope="row">${errorSwatch(ERRORS[kind])}</th>`;
        shares.firstChild.append(words);
        for (const { run } of it.losses) {
          const cell = shares.insertCell();
          cell.dataset.run = run;
          cell.dataset.kind = kind;
        }
        return shares;
      }),
    );
  }

  function fillFigures(figures) {
    for (const { run } of it.losses) {
      const found = figures[run];
      const whole = (name) => short(found?.[name] ?? null, true);
      const said = `F1 ${whole("f1")} · found ${whole("found")} · right ${whole("right")}`;
      panes.figureOf(run).querySelector("figcaption span").textContent = found ? said : "";
      for (const cell of stage.querySelectorAll(`td[data-run="${CSS.escape(run)}"]`)) {
        const share = found?.[cell.dataset.kind] ?? null;
        cell.textContent = share === null ? "–" : perCent(share);
      }
    }
  }

  async function open() {
    const mine = ++turn;
    const { photo, losses } = it;
    const stale = () => mine !== turn;
    stage.setAttribute("aria-busy", "true");
    await new Promise((then) => setTimeout(then, SETTLED));
    if (stale()) return;
    try {
      const looked = await server.look({ photo: photo.name, runs: losses.map(({ run }) => run) });
      if (stale()) return;
      await panes.show(looked.photo);
      if (stale()) return;
      fillFigures(looked.figures);
      say(looked.said);
      find('[data-act="try"]').disabled = looked.photo === null;
      for (const { run } of looked.photo ? losses : []) {
        const answer = await server.answer({ photo: photo.name, run });
        if (stale()) return;
        await panes.answer(run, answer);
      }
    } catch (error) {
      if (stale()) return;
      console.error(error);
      // nothing of another photo stays under this one's name, and this one can be chosen again
      it.photo = null;
      find('[data-act="try"]').disabled = true;
      fillFigures({});
      say(SILENT);
      await panes.show(null);
      if (stale()) return;
    }
    stage.setAttribute("aria-busy", "false");
  }

  return {
    // The runs of the server's value, anew
    lay(value) {
      it = { photo: null, losses: value.losses };
      panes.lay(value);
      say(value.said);
      layShares();
    },
    // `photo` of the list, at a place among so many; asked for where it is not there yet
    show(photo, number, count, marked, reason) {
      stage.hidden = photo === null;
      if (!photo) {
        turn += 1;
        it.photo = null;
        stage.setAttribute("aria-busy", "false");
        return;
      }
      find("h2").textContent = find("h2").title = photo.title;
      find(".fail-place").textContent = `${(number + 1).toLocaleString("en")} of ${count.toLocaleString("en")}`;
      find('[data-act="before"]').disabled = number === 0;
      find('[data-act="next"]').disabled = number === count - 1;
      find('[data-act="mark"]').setAttribute("aria-pressed", String(marked));
      find(".fail-reason").hidden = !reason;
      find(".fail-reason").textContent = reason ? `${sentence(reason)}.` : "";
      if (photo.name === it.photo?.name) return;
      it.photo = photo;
      open();
    },
    canTry: () => it.photo !== null && !find('[data-act="try"]').disabled,
  };
}
