// All runs in one list: searched, grouped by loss, sorted by a score; a tick shows a run.

import { legendShape } from "../../figures/js/legend.js";
import { perCent } from "../../js/numbers.js";
import { matches, sorted, stateOf } from "./chosen.js";

// `does` has toggle(name, on), value() and chosen(), the runs that are shown
export function runsList(dialog, does) {
  const find = (selector) => dialog.querySelector(selector);
  const search = find("input[type=search]");
  const table = find("table");
  let column = "name";
  let down = false;

  const columns = () => [["name", "Run"], ["epochs", "Epochs"], ...Object.entries(does.value().scores)];

  function draw() {
    if (!dialog.open) return;
    drawHead();
    const focused = document.activeElement?.dataset?.run;
    const names = does.chosen().map(({ name }) => name);
    const found = does.value().runs.filter((run) => matches(run, search.value));
    const groups = Map.groupBy(found, ({ loss }) => loss);
    for (const body of table.querySelectorAll("tbody")) body.remove();
    table.append(...[...groups.values()].map((runs) => drawGroup(sorted(runs, column, down), names)));
    find(".selection-none").hidden = found.length > 0;
    const boxes = [...table.querySelectorAll("tbody input")];
    const first = boxes.find(({ dataset }) => dataset.run === focused) ?? boxes[0];
    for (const box of boxes) box.tabIndex = box === first ? 0 : -1;
    if (focused) first?.focus();
  }

  function drawHead() {
    find("thead tr").replaceChildren(
      ...columns().map(([key, title]) => {
        const cell = document.createElement("th");
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = title[0].toUpperCase() + title.slice(1);
        button.addEventListener("click", () => sortBy(key));
        cell.scope = "col";
        if (key === column) cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        cell.append(button);
        return cell;
      }),
    );
  }

  function sortBy(key) {
    // of numbers the largest are asked for first
    down = key === column ? !down : key !== "name";
    column = key;
    draw();
    [...find("thead tr").children][columns().findIndex(([each]) => each === key)].firstChild.focus();
  }

  function drawGroup(runs, names) {
    const body = document.createElement("tbody");
    const head = body.insertRow();
    const title = document.createElement("th");
    title.colSpan = columns().length;
    title.scope = "rowgroup";
    title.innerHTML = `${legendShape(runs[0].symbol ?? "circle", runs[0].colour)}<span></span>`;
    title.querySelector("span").textContent =
      `${runs[0].title}, ${runs.length === 1 ? "1 run" : `${runs.length} runs`}`;
    head.append(title);
    for (const run of runs) body.append(drawRow(run, names.includes(run.name)));
    return body;
  }

  function drawRow(run, on) {
    const row = document.createElement("tr");
    const label = document.createElement("label");
    const box = document.createElement("input");
    const note = document.createElement("small");
    box.type = "checkbox";
    box.checked = on;
    box.dataset.run = run.name;
    box.addEventListener("change", () => does.toggle(run.name, box.checked));
    note.textContent = [run.differs, run.status === "running" ? stateOf(run) : ""].filter(Boolean).join(" · ");
    label.append(box, `Seed ${run.seed}`, note);
    label.title = run.name;
    row.insertCell().append(label);
    row.insertCell().textContent = run.epochs === run.planned ? run.epochs : `${run.epochs} of ${run.planned}`;
    for (const score of Object.keys(does.value().scores)) {
      const share = run.scores[score];
      row.insertCell().textContent = share === null ? "" : perCent(share);
    }
    return row;
  }

  // one Tab stop, arrow keys inside
  table.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches("tbody input")) return;
    event.preventDefault();
    const boxes = [...table.querySelectorAll("tbody input")];
    const next = boxes[boxes.indexOf(event.target) + step];
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  search.addEventListener("input", draw);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    table.querySelector("tbody input")?.focus();
  });
  find('[data-act="close"]').addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  return {
    draw,
    open() {
      search.value = "";
      dialog.showModal();
      draw();
      search.focus();
    },
  };
}
