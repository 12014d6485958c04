// A worker that decodes mosaics.

import { decodeMosaic } from "./decode.js";

onmessage = async ({ data: { id, file, colours } }) => {
  try {
    const picture = await decodeMosaic(file, colours);
    postMessage({ id, picture }, [picture.quarters.buffer]);
  } catch (error) {
    postMessage({ id, error: String(error) });
  }
};
