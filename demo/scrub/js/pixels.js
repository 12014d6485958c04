// Pixels of the scrubber's pictures. A canvas's pixel is one number, as Uint32Array reads RGBA.

const PET = 0;
const BACKGROUND = 1;
const BORDER = 2;
const MARK = 3; // background where only errors or changes are drawn
const UNKNOWN = 255; // in a true mask: nobody knows
const BLACK = 0xff000000;

const MASK_OPACITY = 0.65; // over a photo; a tile without one shows its mask opaque
// of a photo: under a mask, and around errors and changes
export const SHARES = { faded: 1 - MASK_OPACITY, dim: 0.4 };

// Of a colour such as #0072B2
export function pixelFromHex(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

// Every pixel with that share of its colour
export function scaled(pixels, share, alpha) {
  return pixels.map((pixel) => {
    const red = Math.floor((pixel & 255) * share);
    const green = Math.floor(((pixel >> 8) & 255) * share);
    const blue = Math.floor(((pixel >> 16) & 255) * share);
    return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

const FARTHEST = 128; // from a class's colour, in steps of 255: farther off it is none

// The index of the nearest colour: mosaics written before the classes had these colours, and browsers that change a
// canvas's pixels by a step against fingerprinting, are read all the same
function nearest(pixel, colours) {
  const distances = colours.map((colour) =>
    [0, 8, 16].reduce((sum, shift) => sum + (((pixel >> shift) & 255) - ((colour >> shift) & 255)) ** 2, 0),
  );
  const least = Math.min(...distances);
  if (least > FARTHEST ** 2) throw new Error("a colour that is no class");
  return distances.indexOf(least);
}

// One byte a pixel, the index of its colour
export function classesFromPixels(pixels, colours) {
  const classByColour = new Map();
  const classes = new Uint8Array(pixels.length);
  let colour = -1;
  let found = 0;
  for (let i = 0; i < pixels.length; i++) {
    if (pixels[i] !== colour) {
      colour = pixels[i];
      found = classByColour.get(colour);
      if (found === undefined) classByColour.set(colour, (found = nearest(colour, colours)));
    }
    classes[i] = found;
  }
  return classes;
}

// Tiles without a true mask are background in its mosaic, which would be told as errors
export function withUnknown(truth, run) {
  const classes = truth.classes.slice();
  run.tiles.forEach((tile, index) => {
    if (tile.truth) return;
    const left = (index % run.columns) * run.tile;
    const top = Math.floor(index / run.columns) * run.tile;
    for (let row = top; row < top + run.tile; row++)
      classes.fill(UNKNOWN, row * truth.width + left, row * truth.width + left + run.tile);
  });
  return { ...truth, classes };
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
export function paintMask(pixels, source, classes, withPhoto, colours) {
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
export function paintDifferences(pixels, source, classes, against, withPhoto, colours) {
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
