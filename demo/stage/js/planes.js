// An answer as the server sends it: planes of bytes, deflated. No canvas is read: a browser that changes what it reads
// of one, against fingerprinting, changes nothing here.

const LEVEL_OF_ZERO = 127; // as demo/stage/pane.py has it
const LEVELS_PER_LOGIT = 60;
// Of the thinned planes that lines and small masks are drawn from: the network answers at 128 x 128, so it loses nothing
export const STEP = 3;
export const PET = 0;
export const BACKGROUND = 1;
export const BORDER = 2;

export async function inflate(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Rows of differences from the pixel before become rows of bytes, in place
export function summed(plane, width) {
  for (let start = 0; start < plane.length; start += width) {
    for (let place = start + 1; place < start + width; place++) plane[place] += plane[place - 1];
  }
  return plane;
}

// For each pixel its place in tables of 512: 256 if background is likelier than pet, and the level of the margin
export function places(levels, packed) {
  const found = new Uint16Array(levels.length);
  for (let pixel = 0; pixel < levels.length; pixel++) {
    found[pixel] = levels[pixel] + (((packed[pixel >> 3] >> (7 - (pixel & 7))) & 1) << 8);
  }
  return found;
}

// Border wins above this level, where the border's logit is shifted by so much
export function leastLevel(shift) {
  return LEVEL_OF_ZERO - Math.round(LEVELS_PER_LOGIT * shift);
}

// The class at each place, (512,)
export function classTable(shift) {
  const table = new Uint8Array(512);
  const least = leastLevel(shift);
  for (let place = 0; place < 512; place++) {
    const level = place & 255;
    table[place] = level > least ? BORDER : place >> 8 ? BACKGROUND : PET;
  }
  return table;
}

// Pixels of each class: `counts` is of each place, [background][level]
export function classCounts(counts, shift) {
  const table = classTable(shift);
  const found = [0, 0, 0];
  for (let background = 0; background < 2; background++) {
    for (let level = 0; level < 256; level++) found[table[256 * background + level]] += counts[background][level];
  }
  return found;
}

// [true class][predicted class], of counts by true class
export function confusion(counts, shift) {
  return counts.map((ofClass) => classCounts(ofClass, shift));
}

// Every `step`-th pixel of every `step`-th row
export function thinned(pixels, width, height, step) {
  const columns = Math.ceil(width / step);
  const rows = Math.ceil(height / step);
  const found = new pixels.constructor(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      found[row * columns + column] = pixels[row * step * width + column * step];
    }
  }
  return { pixels: found, size: [columns, rows] };
}

export async function readPane({ levels, background, confidence, confidence_size, counts }, [width, height]) {
  const [margin, likelier, sure] = await Promise.all([levels, background, confidence].map(inflate));
  const whole = places(summed(margin, width), likelier);
  return {
    whole: { pixels: whole, size: [width, height] },
    thin: thinned(whole, width, height, STEP),
    confidence: summed(sure, confidence_size[0]),
    confidenceSize: confidence_size,
    counts,
  };
}
