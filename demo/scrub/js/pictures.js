// Pictures of the scrubber: each is fetched and decoded once, in a worker, so that the page stays free meanwhile.

const MASK_OPACITY = 0.65; // over a photo; a tile without one shows its mask opaque
const DIMMED = 0.4; // a photo around errors and changes

// A mosaic of predictions becomes one byte a pixel, its class. A photo becomes pixels as they are, as they are under a
// mask (faded, to add the mask's share of the colour to), and as they are around errors and changes (dim).
const WORKER = `
const SHARES = { faded: ${1 - MASK_OPACITY}, dim: ${DIMMED} };

function scaled(pixels, share, alpha) {
  return pixels.map((pixel) => {
    const red = Math.floor((pixel & 255) * share);
    const green = Math.floor(((pixel >> 8) & 255) * share);
    const blue = Math.floor(((pixel >> 16) & 255) * share);
    return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

function classesOf(pixels, colours) {
  const classOf = new Map(colours.map((colour, index) => [colour, index]));
  const classes = new Uint8Array(pixels.length);
  let colour = -1;
  let found = 0;
  for (let i = 0; i < pixels.length; i++) {
    if (pixels[i] !== colour) {
      colour = pixels[i];
      found = classOf.get(colour);
      if (found === undefined) throw new Error("a colour that is no class");
    }
    classes[i] = found;
  }
  return classes;
}

onmessage = async ({ data: { id, url, colours } }) => {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error("HTTP " + response.status);
    const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
    const bitmap = await createImageBitmap(await response.blob(), options);
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    const picture = colours
      ? { width, height, classes: classesOf(pixels, colours) }
      : { width, height, pixels, faded: scaled(pixels, SHARES.faded, 0), dim: scaled(pixels, SHARES.dim, 255) };
    const moved = Object.values(picture).filter((value) => value.buffer).map((value) => value.buffer);
    postMessage({ id, picture }, moved);
  } catch (error) {
    postMessage({ id, error: String(error) });
  }
};`;

const worker = new Worker(URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" })));
const waiting = new Map(); // request number -> how to settle its promise
const pictures = new Map(); // URL -> promise of its picture

worker.onmessage = ({ data: { id, picture, error } }) => {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (error) reject(new Error(error));
  else resolve(picture);
};

// A canvas's pixel as one number, as Uint32Array reads RGBA
function pixelOf(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function fetchPicture(url, colours = null) {
  if (!pictures.has(url)) {
    const picture = new Promise((resolve, reject) => {
      const id = ++fetchPicture.count;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, url: new URL(url, document.baseURI).href, colours });
    });
    picture.catch(() => pictures.delete(url)); // so that a later choice tries again
    pictures.set(url, picture);
  }
  return pictures.get(url);
}
fetchPicture.count = 0;

// What no chosen run shows any more need not stay in memory
function forgetPictures(kept) {
  for (const url of pictures.keys()) if (!kept.has(url)) pictures.delete(url);
}
