// Pictures of the scrubber: each is fetched and decoded once, in a worker, so that the page stays free meanwhile.

// A mosaic of predictions becomes one byte a pixel, its class; a photo stays a bitmap.
const WORKER = `
onmessage = async ({ data: { id, url, colours } }) => {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error("HTTP " + response.status);
    const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
    const bitmap = await createImageBitmap(await response.blob(), options);
    if (!colours) return postMessage({ id, picture: bitmap }, [bitmap]);
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
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
    postMessage({ id, picture: { classes, width, height } }, [classes.buffer]);
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
