// Labels along a line, each as near to its mark as the others let it be.

// Where the middles of labels come to that are wanted at `wanted` (sorted) and are `widths` wide, at least `gap` apart and
// within 0 to `room`: the sum of squared ways is the least there is. Null where they do not fit.
export function spread(wanted, widths, room, gap) {
  const offsets = [];
  for (let i = 0; i < wanted.length; i++) {
    offsets.push(i === 0 ? 0 : offsets[i - 1] + (widths[i - 1] + widths[i]) / 2 + gap);
  }
  const last = wanted.length - 1;
  const lowest = widths[0] / 2;
  const highest = room - widths[last] / 2 - offsets[last];
  if (highest < lowest) return null;
  // less their offsets they must only not fall: pooled where they would
  const pools = [];
  wanted.forEach((want, i) => {
    pools.push({ sum: want - offsets[i], count: 1 });
    while (pools.length > 1) {
      const [before, here] = pools.slice(-2);
      if (before.sum / before.count <= here.sum / here.count) break;
      pools.splice(-2, 2, { sum: before.sum + here.sum, count: before.count + here.count });
    }
  });
  const places = pools.flatMap(({ sum, count }) => Array(count).fill(sum / count));
  return places.map((place, i) => Math.min(highest, Math.max(lowest, place)) + offsets[i]);
}

// The same on as few lines as they need: `{at, line}` of each label, in the order given, and how many `lines` there are
export function spreadOverLines(wanted, widths, room, gap) {
  const order = wanted.map((_, i) => i).sort((one, other) => wanted[one] - wanted[other]);
  for (let lines = 1; lines <= order.length; lines++) {
    const placed = [];
    for (let line = 0; line < lines; line++) {
      const mine = order.filter((_, rank) => rank % lines === line);
      const places = spread(
        mine.map((i) => wanted[i]),
        mine.map((i) => widths[i]),
        room,
        gap,
      );
      if (places === null) break;
      mine.forEach((i, rank) => (placed[i] = { at: places[rank], line }));
    }
    if (Object.keys(placed).length === order.length) return { placed, lines };
  }
  // wider than the room each: one a line, where it would be
  return { placed: order.map((_, i) => ({ at: room / 2, line: i })), lines: order.length };
}
