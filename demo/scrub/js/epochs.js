// Which epoch of a run is shown where all runs are at one.

// A run shorter than the longest stays at its last epoch; of no epoch yet there is none
export function shownEpoch(run, wanted) {
  return run.epochs.findLast((epoch) => epoch <= wanted) ?? run.epochs[0];
}

// What the run's shown epoch is to be compared with; undefined at its first, and once it has stopped: it changes no more
export function epochBefore(run, wanted) {
  const epoch = shownEpoch(run, wanted);
  return epoch === wanted ? run.epochs[run.epochs.indexOf(epoch) - 1] : undefined;
}
