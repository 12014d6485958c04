// What the figure by epoch says of one epoch. Its lines are the traces with words for their points: see `by_epoch`.

export const linesOf = (data) => data.filter(({ meta }) => meta?.told);

// The epochs that any line has, in order
export function epochsOf(lines) {
  return [...new Set(lines.flatMap(({ x }) => x))].sort((one, other) => one - other);
}

// The deepest epoch that all lines have; null where they share none
export function sharedEpoch(lines) {
  const shared = epochsOf(lines).filter((epoch) => lines.every(({ x }) => x.includes(epoch)));
  return shared.at(-1) ?? null;
}

// Of each line its name, its marker there, and its value in words; a dash where it has none
export function valuesAt(lines, epoch) {
  return lines.map(({ name, x, line, marker, meta }) => {
    const at = x.indexOf(epoch);
    const symbols = [marker.symbol].flat();
    return {
      name,
      colour: line.color,
      symbol: symbols[Math.min(Math.max(at, 0), symbols.length - 1)].replace(/-dot$/, ""),
      value: at < 0 ? "–" : meta.told[at],
      seeds: (at < 0 ? null : meta.seeds?.[at]) ?? "",
    };
  });
}

// A run that has this epoch: of the first line that does; null where none
export function runAt(lines, epoch) {
  const found = lines.find(({ x }) => x.includes(epoch));
  return found ? found.customdata[found.x.indexOf(epoch)] : null;
}

// Where a key leads from an epoch; null where it is none of these keys
export function stepped(epochs, epoch, key) {
  const after = (count) => {
    const here = epochs.findIndex((each) => each >= epoch);
    return epochs[Math.min(Math.max((here < 0 ? epochs.length - 1 : here) + count, 0), epochs.length - 1)];
  };
  const steps = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
  return key in steps && epochs.length ? after(steps[key]) : null;
}

export function nearest(epochs, place) {
  return epochs.reduce((best, each) => (Math.abs(each - place) < Math.abs(best - place) ? each : best), epochs[0]);
}
