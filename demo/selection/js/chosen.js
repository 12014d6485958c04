// Which runs are chosen, and how they stand together. Nothing here draws.

// What to show of the runs that are there: {names, lost}, of those asked for, else of the first
export function chooseFrom(value, asked) {
  const there = new Set(value.runs.map(({ name }) => name));
  if (asked === null) return { names: value.first.filter((name) => there.has(name)), lost: [] };
  const names = value.runs.map(({ name }) => name).filter((name) => asked.includes(name));
  const lost = asked.filter((name) => !there.has(name));
  // of a link to what is gone nothing would be left
  return { names: names.length || !lost.length ? names : value.first, lost };
}

// A sentence on runs that a link asks for and that are not there; empty where all are
export function lostSentence(lost, asked) {
  if (!lost.length) return "";
  const none = lost.length === 1 ? `There is no run ${lost[0]} here` : `There are no runs ${lost.join(", ")} here`;
  return `${none}: ${lost.length < asked.length ? "the others are" : "one of each loss is"} shown.`;
}

// The chips: seeds of one configuration share one. Each has a marker: a loss's own for its first, others for the next,
// as in the figures
export function chipsOf(value, names) {
  const chips = new Map();
  for (const run of value.runs) {
    if (!names.includes(run.name)) continue;
    if (!chips.has(run.configuration)) chips.set(run.configuration, []);
    chips.get(run.configuration).push(run);
  }
  const seen = new Set();
  let free = 0;
  return [...chips.entries()].map(([configuration, runs]) => {
    const { loss, title, colour, symbol } = runs[0];
    const own = symbol !== null && !seen.has(loss);
    seen.add(loss);
    const next = () => value.symbols[free++ % value.symbols.length];
    return { configuration, runs, loss, title, colour, symbol: own ? symbol : next() };
  });
}

// What stands behind a chip's name: "20/20", "8/20 · training", "8/20 · ended", "20/20 · 2 seeds"
export function chipNote({ runs }) {
  const [{ epochs, planned }] = runs;
  const words = [`${Math.min(...runs.map((run) => run.epochs))}/${planned}`];
  if (runs.length > 1) words.push(`${runs.length} seeds`);
  if (isTraining(runs)) words.push("training");
  else if (epochs < planned) words.push("ended");
  return words.join(" · ");
}

export const isTraining = (runs) => runs.some(({ status }) => status === "running");

// "training, about 6 min left", "ended after epoch 8 of 20", "20 epochs"
export function stateOf({ status, epochs, planned, left }) {
  if (status === "running") {
    if (left === null) return `training, epoch ${epochs} of ${planned}`;
    return `training, about ${left < 90 ? `${Math.max(1, Math.round(left))} min` : `${Math.round(left / 60)} h`} left`;
  }
  return epochs < planned ? `ended after epoch ${epochs} of ${planned}` : `${planned} epochs`;
}

// The deepest epoch that all of these runs have, and the last of any
export function sharedEpochs(runs) {
  const epochs = runs.map((run) => run.epochs);
  return { deepest: epochs.length ? Math.min(...epochs) : 0, last: Math.max(0, ...epochs) };
}

// Of each run a row's words, for a search: every word that is asked for is in one of them
export function matches(run, search) {
  const said = `${run.title} ${run.loss} seed ${run.seed} ${run.differs} ${run.name} ${stateOf(run)}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}

// Runs by a column, of those without a value last; `down` has the largest first
export function sorted(runs, column, down) {
  const value = (run) => (column === "name" ? null : column === "epochs" ? run.epochs : run.scores[column]);
  if (column === "name") return down ? [...runs].reverse() : [...runs];
  const known = runs.filter((run) => value(run) !== null);
  known.sort((one, other) => (down ? value(other) - value(one) : value(one) - value(other)));
  return [...known, ...runs.filter((run) => value(run) === null)];
}
