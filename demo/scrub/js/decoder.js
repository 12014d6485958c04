// A worker: fetches a picture and decodes it.
// A mosaic of predictions becomes one byte a pixel, its class. A photo becomes pixels as they are, as they are under a
// mask (faded, to add the mask's share of the colour to), and as they are around errors and changes (dim).

import { classesFromPixels, scaled, SHARES } from "./pixels.js";

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
      ? { width, height, classes: classesFromPixels(pixels, colours) }
      : { width, height, pixels, faded: scaled(pixels, SHARES.faded, 0), dim: scaled(pixels, SHARES.dim, 255) };
    const moved = Object.values(picture)
      .filter((value) => value.buffer)
      .map((value) => value.buffer);
    postMessage({ id, picture }, moved);
  } catch (error) {
    postMessage({ id, error: String(error) });
  }
};
