// The photo and its label, from what the server sends.

import { paleOf, pathOf } from "./canvas.js";
import { contours } from "./contours.js";
import { BACKGROUND, STEP, inflate, summed, thinned } from "./planes.js";

// {photo, pale}: as it is, and in light greys
export async function picturesOf(photo) {
  if (!photo) return { photo: null, pale: null };
  const picture = new Image();
  picture.src = photo.uri;
  await picture.decode();
  const bitmap = await createImageBitmap(picture);
  return { photo: bitmap, pale: paleOf(bitmap) };
}

// The photo's true classes, where they are known
export async function labelOf(photo) {
  if (!photo?.truth) return null;
  const [width, height] = photo.shown;
  const classes = summed(await inflate(photo.truth), width);
  const whole = { pixels: classes, size: [width, height] };
  const inside = [1, 1, 1];
  inside[BACKGROUND] = -1;
  return { whole, thin: thinned(classes, width, height, STEP), lines: pathOf(contours(whole, inside)) };
}
