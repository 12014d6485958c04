// A mosaic's file to its classes, four a byte: in a worker, or in the page where it may have none.

import { classesFromPixels, packClasses } from "./pixels.js";

// One for all pictures of a size: a new one for each would fill the memory before it is tidied
let canvas = null;

export async function decodeMosaic(file, colours) {
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const bitmap = await createImageBitmap(file, options);
  const { width, height } = bitmap;
  if (canvas?.width !== width || canvas.height !== height) canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  return { width, height, quarters: packClasses(classesFromPixels(pixels, colours)) };
}
