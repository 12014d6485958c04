// The grid: tiles in groups, each a photo (or its true mask) and every run's prediction, drawn from memory.

const TILE = 96; // CSS pixels of a tile where there is room
const GAP = 4;
const GROUP_GAP = 14;
const HEADER = 20;
const PET = 0;
const BACKGROUND = 1;
const BORDER = 2;
const MARK = 3; // background where only errors or changes are drawn
const UNKNOWN = 255; // in a true mask: nobody knows
const BLACK = 0xff000000;

// A source is a mosaic of one run's tiles: {tile, columns, tiles, photo, truth, masks: Map(epoch -> picture)}
function makeSource(fields) {
  return { photo: null, truth: null, masks: new Map(), ...fields };
}

// A run shorter than the longest stays at its last epoch; of no epoch yet there is none
function epochOf(run, wanted) {
  return run.epochs.findLast((epoch) => epoch <= wanted) ?? run.epochs[0];
}

function isFiltered(shown) {
  return shown.prediction && (shown.errors || shown.change);
}

// One tile at its own size, painted pixel by pixel and drawn from here; the next tile takes its place
const scratch = { canvas: new OffscreenCanvas(1, 1), image: null, pixels: null };

function drawTile(context, place, paint, x, y, side) {
  if (!place || !paint) {
    // the run kept nothing of this photo, or nothing of it is to be shown
    context.fillStyle = "#000";
    context.fillRect(x, y, side, side);
    return;
  }
  const { tile } = place.source;
  if (scratch.canvas.width !== tile) {
    scratch.canvas = new OffscreenCanvas(tile, tile);
    scratch.image = new ImageData(tile, tile);
    scratch.pixels = new Uint32Array(scratch.image.data.buffer);
  }
  paint(scratch.pixels, place);
  scratch.canvas.getContext("2d", { alpha: false }).putImageData(scratch.image, 0, 0);
  context.drawImage(scratch.canvas, x, y, side, side);
}

// How to paint a run's prediction at the epoch; null where there is nothing to paint
function predictionPainter(run, source, wanted, shown, colours) {
  const epoch = epochOf(run, wanted);
  const mask = shown.prediction && source.masks.get(epoch);
  if (!mask) return photoPainter(source, shown);
  if (!isFiltered(shown)) return (pixels, place) => paintMask(pixels, place, mask.classes, shown.photo, colours);
  // a run that has stopped changes no more
  const before = epoch === wanted ? run.epochs[run.epochs.indexOf(epoch) - 1] : undefined;
  const truth = shown.errors ? source.truth?.classes : null;
  const earlier = shown.change ? source.masks.get(before)?.classes : null;
  const unknown = (shown.errors && !truth) || (shown.change && !earlier);
  const against = unknown ? null : { truth, earlier };
  return (pixels, place) => paintDifferences(pixels, place, mask.classes, against, shown.photo, colours);
}

function truthPainter(source, shown, colours) {
  return (pixels, place) => paintMask(pixels, place, source.truth.classes, shown.photo, colours);
}

function photoPainter(source, shown) {
  const photo = shown.photo && source.photo?.pixels;
  if (!photo) return null;
  return (pixels, place) => eachRow(place, (from, first, end) => pixels.set(photo.subarray(first, end), from));
}

// Calls `row(first pixel in the tile, first pixel in the mosaic, its end)` for every row of the tile
function eachRow({ source: { tile, columns }, index }, row) {
  const width = tile * columns;
  const first = Math.floor(index / columns) * tile * width + (index % columns) * tile;
  for (let y = 0; y < tile; y++) row(y * tile, first + y * width, first + y * width + tile);
}

function hasPhoto({ source, index }, withPhoto) {
  return Boolean(withPhoto && source.photo && source.tiles[index].photo);
}

// The mask's share of a colour, whose sum with the photo's share is no more than 255 in any channel
function maskPart(colour) {
  const channels = [0, 8, 16].map((shift) => Math.floor(((colour >> shift) & 255) * MASK_OPACITY) << shift);
  return (BLACK | channels[0] | channels[1] | channels[2]) >>> 0;
}

// Pet and border over the photo, which is seen in the background
function paintMask(pixels, place, classes, withPhoto, colours) {
  if (!hasPhoto(place, withPhoto)) {
    const alone = [colours[PET], BLACK, colours[BORDER]];
    eachRow(place, (from, first, end) => {
      for (let i = first, to = from; i < end; i++, to++) pixels[to] = alone[classes[i]] ?? BLACK;
    });
    return;
  }
  const { pixels: photo, faded } = place.source.photo;
  const parts = [maskPart(colours[PET]), 0, maskPart(colours[BORDER])];
  eachRow(place, (from, first, end) => {
    for (let i = first, to = from; i < end; i++, to++) {
      const found = classes[i];
      pixels[to] = found === BACKGROUND || found === UNKNOWN ? photo[i] : faded[i] + parts[found];
    }
  });
}

// Only what is wrong, or has changed since the epoch before, or both; `against` is null where nobody knows
function paintDifferences(pixels, place, classes, against, withPhoto, colours) {
  const marks = [colours[PET], colours[MARK], colours[BORDER]];
  const { truth, earlier } = against ?? {};
  const dim = hasPhoto(place, withPhoto) ? place.source.photo.dim : null;
  eachRow(place, (from, first, end) => {
    for (let i = first, to = from; i < end; i++, to++) {
      const found = classes[i];
      const wrong = !truth || (found !== truth[i] && truth[i] !== UNKNOWN);
      const changed = !earlier || found !== earlier[i];
      pixels[to] = against && wrong && changed ? marks[found] : dim ? dim[i] : BLACK;
    }
  });
}

// The column before the runs: the photo, the true mask, or one over the other; null where a tile has neither
function referenceHead(tile, shown) {
  if (shown.truth && tile.truth) return "truth";
  return shown.photo && tile.photo ? "photo" : null;
}

// The first run that has the tile lends its photo and its truth
function referencePlace(runs, name) {
  return runs.map((run) => run.places.get(name)).find(Boolean);
}

function referencePainter(head, place, shown, colours) {
  return head === "truth" ? truthPainter(place.source, shown, colours) : photoPainter(place.source, shown);
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

// What no epoch changes: headings, photos, true masks
function drawStill(context, sections, runs, shown, colours, style) {
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
    if (!section.head) continue;
    section.tiles.forEach((tile, index) => {
      const { x, y } = corner(section, index);
      const place = referencePlace(runs, tile.name);
      drawTile(context, place, referencePainter(section.head, place, shown, colours), x, y, side);
    });
  }
}

// The runs' tiles at an epoch; `view` is what of the canvas is on the screen, null for all of it
function drawRuns(context, sections, runs, wanted, shown, colours, view = null) {
  for (const section of sections) {
    const { side } = section;
    section.tiles.forEach((tile, index) => {
      const { x, y } = corner(section, index);
      if (view && (y + side < view.top || y > view.bottom)) return;
      runs.forEach((run, number) => {
        const place = run.places.get(tile.name);
        const paint = place && predictionPainter(run, place.source, wanted, shown, colours);
        drawTile(context, place, paint, x + (number + (section.head ? 1 : 0)) * (side + GAP), y, side);
      });
    });
  }
}

// Tiles in one order for all runs: one's own photo, then package samples, which always have their photo
function allTiles(runs) {
  const tiles = new Map();
  for (const run of runs) {
    for (const [name, { source, index }] of run.places) if (!tiles.has(name)) tiles.set(name, source.tiles[index]);
  }
  const rank = (tile) => (tile.own ? 0 : tile.sample ? 1 : 2);
  return [...tiles.values()].sort((one, other) => rank(one) - rank(other));
}
