// The grid: tiles in groups, each a photo (or its true mask) and every run's prediction, drawn from memory.

const NARROWEST = 96; // CSS pixels of a tile, where there is room for a group that wide
const SHEETS = 64; // kept for each run, of 1.8 MB each
const GAP = 4;
const GROUP_GAP = 14;
const HEADER = 20;
const PET = 0;
const BACKGROUND = 1;
const BORDER = 2;
const MARK = 3; // background where only errors or changes are drawn
const UNKNOWN = 255; // in a true mask: nobody knows
const BLACK = 0xff000000;

// A source is a mosaic of one run's tiles: {tile, columns, tiles, photo, truth, masks: Map(epoch -> picture)}. Its
// sheets are the mosaic as it is shown at an epoch, composed once: drawing one is then no more than copying pixels.
function makeSource(fields) {
  return { photo: null, truth: null, masks: new Map(), sheets: new Map(), ...fields };
}

// A run shorter than the longest stays at its last epoch; of no epoch yet there is none
function epochOf(run, wanted) {
  return run.epochs.findLast((epoch) => epoch <= wanted) ?? run.epochs[0];
}

function isFiltered(shown) {
  return shown.prediction && (shown.errors || shown.change);
}

// A run's prediction at the epoch; null where there is nothing to show
function predictionSheet(run, source, wanted, shown, colours) {
  const epoch = epochOf(run, wanted);
  const mask = shown.prediction && source.masks.get(epoch);
  if (!mask) return photoSheet(source, shown);
  if (!isFiltered(shown)) {
    return sheetOf(source, `${epoch} ${shown.photo}`, mask, (pixels) => paintMask(pixels, source, mask.classes, shown.photo, colours));
  }
  // a run that has stopped changes no more
  const before = epoch === wanted ? run.epochs[run.epochs.indexOf(epoch) - 1] : undefined;
  const truth = shown.errors ? source.truth?.classes : null;
  const earlier = shown.change ? source.masks.get(before)?.classes : null;
  const unknown = (shown.errors && !truth) || (shown.change && !earlier);
  const against = unknown ? null : { truth, earlier };
  return sheetOf(source, `${epoch} ${before} ${shown.photo} ${shown.errors} ${shown.change}`, mask, (pixels) =>
    paintDifferences(pixels, source, mask.classes, against, shown.photo, colours),
  );
}

function truthSheet(source, shown, colours) {
  return sheetOf(source, `truth ${shown.photo}`, source.truth, (pixels) =>
    paintMask(pixels, source, source.truth.classes, shown.photo, colours),
  );
}

function photoSheet(source, shown) {
  if (!shown.photo || !source.photo) return null;
  return sheetOf(source, "photo", source.photo, (pixels) => pixels.set(source.photo.pixels));
}

// The sheet of that name, composed if it is not there; of too many the one longest unused goes
function sheetOf(source, key, { width, height }, paint) {
  let sheet = source.sheets.get(key);
  source.sheets.delete(key);
  if (!sheet) {
    sheet = new OffscreenCanvas(width, height);
    const image = new ImageData(width, height);
    paint(new Uint32Array(image.data.buffer));
    sheet.getContext("2d", { alpha: false }).putImageData(image, 0, 0);
  }
  source.sheets.set(key, sheet);
  if (source.sheets.size > SHEETS) source.sheets.delete(source.sheets.keys().next().value);
  return sheet;
}

// Calls `row(first, end, has photo)` for every row of pixels of every tile
function eachRow(source, withPhoto, row) {
  const width = source.tile * source.columns;
  source.tiles.forEach((tile, index) => {
    const left = (index % source.columns) * source.tile;
    const top = Math.floor(index / source.columns) * source.tile;
    const photo = Boolean(withPhoto && source.photo && tile.photo);
    for (let y = top; y < top + source.tile; y++) row(y * width + left, y * width + left + source.tile, photo);
  });
}

// The mask's share of a colour, whose sum with the photo's share is no more than 255 in any channel
function maskPart(colour) {
  const channels = [0, 8, 16].map((shift) => Math.floor(((colour >> shift) & 255) * MASK_OPACITY) << shift);
  return (BLACK | channels[0] | channels[1] | channels[2]) >>> 0;
}

// Pet and border over the photo, which is seen in the background
function paintMask(pixels, source, classes, withPhoto, colours) {
  const { pixels: photo, faded } = source.photo ?? {};
  const alone = [colours[PET], BLACK, colours[BORDER]];
  const parts = [maskPart(colours[PET]), 0, maskPart(colours[BORDER])];
  eachRow(source, withPhoto, (first, end, hasPhoto) => {
    if (hasPhoto) {
      for (let i = first; i < end; i++) {
        const found = classes[i];
        pixels[i] = found === BACKGROUND || found === UNKNOWN ? photo[i] : faded[i] + parts[found];
      }
    } else for (let i = first; i < end; i++) pixels[i] = alone[classes[i]] ?? BLACK;
  });
}

// Only what is wrong, or has changed since the epoch before, or both; `against` is null where nobody knows
function paintDifferences(pixels, source, classes, against, withPhoto, colours) {
  const marks = [colours[PET], colours[MARK], colours[BORDER]];
  const { truth, earlier } = against ?? {};
  const dim = source.photo?.dim;
  eachRow(source, withPhoto, (first, end, hasPhoto) => {
    for (let i = first; i < end; i++) {
      const found = classes[i];
      const wrong = !truth || (found !== truth[i] && truth[i] !== UNKNOWN);
      const changed = !earlier || found !== earlier[i];
      pixels[i] = against && wrong && changed ? marks[found] : hasPhoto ? dim[i] : BLACK;
    }
  });
}

// A sheet's tile; black where the run kept nothing of this photo, or nothing of it is to be shown
function drawTile(context, place, sheet, x, y, side) {
  if (!place || !sheet) {
    context.fillStyle = "#000";
    context.fillRect(x, y, side, side);
    return;
  }
  const { tile, columns } = place.source;
  const [left, top] = [(place.index % columns) * tile, Math.floor(place.index / columns) * tile];
  context.drawImage(sheet, left, top, tile, tile, x, y, side, side);
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

function referenceSheet(head, place, shown, colours) {
  return head === "truth" ? truthSheet(place.source, shown, colours) : photoSheet(place.source, shown);
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
    const groups = Math.max(1, Math.floor((width + GROUP_GAP) / (columns * (NARROWEST + GAP) - GAP + GROUP_GAP)));
    const room = (width - (groups - 1) * GROUP_GAP - groups * (columns - 1) * GAP) / (groups * columns);
    // no larger than it is stored: pixel for pixel is sharp, and quick to draw
    const side = Math.floor(Math.min(tileSide(runs), room));
    const rows = Math.ceil(members.length / groups);
    const height = HEADER + rows * (side + GAP) + GAP;
    const section = { tiles: members, head, heads, groups, side, groupWidth: columns * (side + GAP) - GAP, top, height };
    top += height;
    return section;
  });
}

function tileSide(runs) {
  return Math.max(NARROWEST, ...runs.map((run) => run.tile));
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
      drawTile(context, place, referenceSheet(section.head, place, shown, colours), x, y, side);
    });
  }
}

// The runs' tiles at an epoch
function drawRuns(context, sections, runs, wanted, shown, colours) {
  for (const section of sections) {
    const { side } = section;
    section.tiles.forEach((tile, index) => {
      const { x, y } = corner(section, index);
      runs.forEach((run, number) => {
        const place = run.places.get(tile.name);
        const sheet = place && predictionSheet(run, place.source, wanted, shown, colours);
        drawTile(context, place, sheet, x + (number + (section.head ? 1 : 0)) * (side + GAP), y, side);
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
