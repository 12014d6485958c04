// Which epoch of a run is shown where all runs are at one, and in which order photos are.

// A run shorter than the longest stays at its last epoch; of no epoch yet there is none
export function shownEpoch(run, wanted) {
  return run.epochs.findLast((epoch) => epoch <= wanted) ?? run.epochs[0];
}

// What the run's shown epoch is to be compared with; undefined at its first, and once it has stopped: it changes no more
export function epochBefore(run, wanted) {
  const epoch = shownEpoch(run, wanted);
  return epoch === wanted ? run.epochs[run.epochs.indexOf(epoch) - 1] : undefined;
}

// The addresses of all mosaics that a view of these runs shows at an epoch
export function picturesAt(runs, wanted, view) {
  return runs.flatMap((run) => {
    const epochs = [shownEpoch(run, wanted), view === "change" ? epochBefore(run, wanted) : undefined];
    return epochs.map((epoch) => run.mosaics[epoch]).filter(Boolean);
  });
}

// All epochs of all runs, those that are nearest to one first: what is looked at next is there first
export function nearestFirst(runs, wanted) {
  const epochs = [...new Set(runs.flatMap((run) => run.epochs))];
  return epochs.sort((one, other) => Math.abs(one - wanted) - Math.abs(other - wanted) || one - other);
}

// Tiles of all runs in one order: package samples first, which always have their photo; or those with a label
export function allTiles(runs, labelled = false) {
  const tiles = new Map();
  for (const run of runs) for (const tile of run.tiles) if (!tiles.has(tile.name)) tiles.set(tile.name, tile);
  const first = (tile) => Number(labelled ? tile.truth : tile.sample);
  return [...tiles.values()].sort((one, other) => first(other) - first(one));
}

// The hardest first: by border F1, of which `score(name)` is null where nobody knows it; those stay where they are, behind
export function hardestFirst(tiles, score) {
  const known = tiles.map((tile) => ({ tile, value: score(tile.name) }));
  const there = known.filter(({ value }) => value !== null).sort((one, other) => one.value - other.value);
  return [...there, ...known.filter(({ value }) => value === null)].map(({ tile }) => tile);
}

// Numbers on a scale of epochs: steps of 1, 2 or 5 times a power of ten, no more than `most` of them
export function scaleSteps(last, most) {
  for (let ten = 1; ; ten *= 10) {
    const step = [1, 2, 5].map((factor) => factor * ten).find((each) => last / each <= most);
    if (step) return Array.from({ length: Math.floor(last / step) + 1 }, (_, place) => place * step);
  }
}
