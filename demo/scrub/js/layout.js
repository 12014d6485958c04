// Where the grid's tiles lie: in groups, each a photo (or its true mask) and every run's prediction.

const NARROWEST = 96; // CSS pixels of a tile, where there is room for a group that wide
export const GAP = 4;
export const GROUP_GAP = 14;
export const HEADER = 20;

// Tiles in one order for all runs: one's own photo, then package samples, which always have their photo
export function allTiles(runs) {
  const tiles = new Map();
  for (const run of runs) {
    for (const [name, { source, index }] of run.places) if (!tiles.has(name)) tiles.set(name, source.tiles[index]);
  }
  const rank = (tile) => (tile.own ? 0 : tile.sample ? 1 : 2);
  return [...tiles.values()].sort((one, other) => rank(one) - rank(other));
}

// The column before the runs: the photo, the true mask, or one over the other; null where a tile has neither
export function referenceHead(tile, shown) {
  if (shown.truth && tile.truth) return "truth";
  return shown.photo && tile.photo ? "photo" : null;
}

// Tiles of one kind beside each other, so that no column stays empty
export function arrange(tiles, runs, shown, width) {
  const kinds = new Map();
  for (const tile of tiles) {
    const head = referenceHead(tile, shown);
    if (!kinds.has(head)) kinds.set(head, []);
    kinds.get(head).push(tile);
  }
  let top = 0;
  return [...kinds].map(([head, members]) => {
    const heads = [...(head ? [head] : []), ...runs.map((run) => run.title)];
    const columns = heads.length;
    const groups = Math.max(1, Math.floor((width + GROUP_GAP) / (columns * (NARROWEST + GAP) - GAP + GROUP_GAP)));
    const room = (width - (groups - 1) * GROUP_GAP - groups * (columns - 1) * GAP) / (groups * columns);
    // no larger than it is stored: pixel for pixel is sharp, and quick to draw
    const side = Math.floor(Math.min(tileSide(runs), room));
    const rows = Math.ceil(members.length / groups);
    const height = HEADER + rows * (side + GAP) + GAP;
    const section = {
      tiles: members,
      head,
      heads,
      groups,
      side,
      groupWidth: columns * (side + GAP) - GAP,
      top,
      height,
    };
    top += height;
    return section;
  });
}

function tileSide(runs) {
  return Math.max(NARROWEST, ...runs.map((run) => run.tile));
}

// Where a section's tile begins: its group's left upper corner
export function corner(section, index) {
  return {
    x: (index % section.groups) * (section.groupWidth + GROUP_GAP),
    y: section.top + HEADER + Math.floor(index / section.groups) * (section.side + GAP),
  };
}
