// The grid: tiles in groups, each a photo (or its true mask) and every run's prediction, drawn from memory.

const MASK_OPACITY = 0.65; // over a photo; a tile without one shows its mask opaque
const DIMMED = 0.4; // a photo under errors or changes
const TILE = 96; // CSS pixels of a tile where there is room
const GAP = 4;
const GROUP_GAP = 14;
const HEADER = 20;
const PET = 0;
const BACKGROUND = 1;
const BORDER = 2;
const UNKNOWN = 255; // in a true mask: nobody knows

// A source is a mosaic of one run's tiles: {tile, columns, photo, truth, masks: Map(epoch -> picture)}. Its sheet is
// the mosaic as it is painted at one epoch; painting it again at the same epoch costs nothing.
function makeSource(fields) {
  return { photo: null, truth: null, masks: new Map(), sheet: null, painted: "", ...fields };
}

// A run shorter than the longest stays at its last epoch; of no epoch yet there is none
function epochOf(run, wanted) {
  return run.epochs.findLast((epoch) => epoch <= wanted) ?? run.epochs[0];
}

function isFiltered(shown) {
  return shown.prediction && (shown.errors || shown.change);
}

// The run's classes at the epoch as colours, transparent where the photo is to be seen
function paintSheet(run, source, wanted, shown, colours) {
  const epoch = epochOf(run, wanted);
  const mask = shown.prediction ? source.masks.get(epoch) : null;
  if (!mask) return null;
  // a run that has stopped changes no more
  const before = epoch === wanted ? run.epochs[run.epochs.indexOf(epoch) - 1] : undefined;
  const key = [epoch, before, shown.errors, shown.change].join();
  if (source.painted === key) return source.sheet;
  source.painted = key;
  const { width, height, classes } = mask;
  if (source.sheet?.width !== width || source.sheet?.height !== height) {
    source.sheet = new OffscreenCanvas(width, height);
    source.image = new ImageData(width, height);
  }
  const pixels = new Uint32Array(source.image.data.buffer);
  if (isFiltered(shown)) paintDifferences(pixels, classes, source, before, shown, colours);
  else {
    // background is left out: a photo is seen there, or the tile's black
    const [pet, border] = [colours[PET], colours[BORDER]];
    for (let i = 0; i < classes.length; i++) {
      const found = classes[i];
      pixels[i] = found === BACKGROUND ? 0 : found === PET ? pet : border;
    }
  }
  source.sheet.getContext("2d").putImageData(source.image, 0, 0);
  return source.sheet;
}

// Only what is wrong, or has changed since the epoch before, or both; there background has a colour of its own
function paintDifferences(pixels, classes, source, before, shown, colours) {
  const truth = shown.errors ? source.truth?.classes : classes;
  const earlier = shown.change ? source.masks.get(before)?.classes : null;
  if (!truth || (shown.change && !earlier)) {
    pixels.fill(0);
    return;
  }
  const marks = [colours[PET], colours[3], colours[BORDER]];
  for (let i = 0; i < classes.length; i++) {
    const found = classes[i];
    const wrong = !shown.errors || (found !== truth[i] && truth[i] !== UNKNOWN);
    pixels[i] = wrong && (!earlier || found !== earlier[i]) ? marks[found] : 0;
  }
}

// The true mask, painted once
function truthSheet(source, colours) {
  if (!source.truthSheet && source.truth) {
    const { width, height, classes } = source.truth;
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < classes.length; i++) pixels[i] = classes[i] === BACKGROUND ? 0 : colours[classes[i]];
    source.truthSheet = new OffscreenCanvas(width, height);
    source.truthSheet.getContext("2d").putImageData(image, 0, 0);
  }
  return source.truthSheet;
}

// Where a tile lies in a run: {source, index}, or null where the run kept nothing of this photo
function findTile(run, name) {
  return run.places.get(name) ?? null;
}

// `sheet` over the tile's photo; `known` says whether the sheet holds anything true of this tile
function drawTile(context, place, sheet, shown, dimmed, x, y, side) {
  context.fillStyle = "#000";
  context.fillRect(x, y, side, side);
  if (!place) return;
  const { source, index } = place;
  const { tile, columns } = source;
  const sx = (index % columns) * tile;
  const sy = Math.floor(index / columns) * tile;
  const photo = shown.photo && source.tiles[index].photo && source.photo;
  if (photo) {
    context.globalAlpha = dimmed ? DIMMED : 1;
    context.drawImage(photo, sx, sy, tile, tile, x, y, side, side);
  }
  if (sheet) {
    context.globalAlpha = photo && !dimmed ? MASK_OPACITY : 1;
    context.drawImage(sheet, sx, sy, tile, tile, x, y, side, side);
  }
  context.globalAlpha = 1;
}

// The column before the runs: the photo, the true mask, or one over the other; null where a tile has neither
function referenceHead(tile, shown) {
  if (shown.truth && tile.truth) return "truth";
  return shown.photo && tile.photo ? "photo" : null;
}

// Tiles of one kind beside each other, so that no column stays empty
function arrange(tiles, runs, shown, width) {
  const kinds = new Map();
  for (const tile of tiles) {
    const head = referenceHead(tile, shown);
    if (!kinds.has(head)) kinds.set(head, []);
    kinds.get(head).push(tile);
  }
  let top = 0;
  return [...kinds].map(([head, members]) => {
    const heads = [...(head ? [head] : []), ...runs.map((run) => run.name)];
    const columns = heads.length;
    const groups = Math.max(1, Math.floor((width + GROUP_GAP) / (columns * (TILE + GAP) - GAP + GROUP_GAP)));
    const room = (width - (groups - 1) * GROUP_GAP - groups * (columns - 1) * GAP) / (groups * columns);
    const side = Math.floor(Math.min(1.6 * TILE, room));
    const rows = Math.ceil(members.length / groups);
    const height = HEADER + rows * (side + GAP) + GAP;
    const section = { tiles: members, head, heads, groups, side, groupWidth: columns * (side + GAP) - GAP, top, height };
    top += height;
    return section;
  });
}

// Where a section's tile begins: its group's left upper corner
function corner(section, index) {
  return {
    x: (index % section.groups) * (section.groupWidth + GROUP_GAP),
    y: section.top + HEADER + Math.floor(index / section.groups) * (section.side + GAP),
  };
}

function drawGrid(context, sections, runs, wanted, shown, colours, style) {
  const dimmed = isFiltered(shown);
  const sheets = new Map();
  const sheetOf = (run, source) => {
    if (!sheets.has(source)) sheets.set(source, paintSheet(run, source, wanted, shown, colours));
    return sheets.get(source);
  };
  for (const section of sections) {
    const { side, heads } = section;
    context.fillStyle = style.ink;
    context.font = "12px " + style.font;
    for (let group = 0; group < Math.min(section.groups, section.tiles.length); group++) {
      heads.forEach((head, column) => {
        const x = group * (section.groupWidth + GROUP_GAP) + column * (side + GAP);
        context.fillText(head, x, section.top + HEADER - 7, side);
      });
    }
    section.tiles.forEach((tile, index) => {
      let { x, y } = corner(section, index);
      if (section.head) {
        const place = referencePlace(runs, tile.name);
        const sheet = section.head === "truth" ? truthSheet(place.source, colours) : null;
        drawTile(context, place, sheet, shown, false, x, y, side);
        x += side + GAP;
      }
      for (const run of runs) {
        const place = findTile(run, tile.name);
        drawTile(context, place, place && sheetOf(run, place.source), shown, dimmed, x, y, side);
        x += side + GAP;
      }
    });
  }
}

// The first run that has the tile lends its photo and its truth
function referencePlace(runs, name) {
  return runs.map((run) => findTile(run, name)).find(Boolean);
}

// Tiles in one order for all runs: one's own photo, then package samples, which always have their photo
function allTiles(runs) {
  const tiles = new Map();
  for (const run of runs) for (const [name, { source, index }] of run.places) tiles.set(name, tiles.get(name) ?? source.tiles[index]);
  const rank = (tile) => (tile.own ? 0 : tile.sample ? 1 : 2);
  return [...tiles.values()].sort((one, other) => rank(one) - rank(other));
}
