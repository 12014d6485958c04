// The runs' mosaics: fetched once, kept as the small files they are, and decoded when they are to be seen. Of the decoded
// ones only so many stay, so that no number of epochs fills the memory.

import { decodeMosaic } from "./decode.js";

const AT_ONCE = 4; // requests beside each other, so that what is looked at next need not wait long

// `read(url)` and `decode(file)` are promises; `decode` gives {quarters, ...}. `limit` bytes of those are kept.
export function createStore({ read, decode, limit }) {
  const files = new Map(); // URL -> promise of its file
  const decoded = new Map(); // URL -> picture, the one longest unused first
  const decoding = new Map(); // URL -> promise of its picture
  let held = 0;
  let errand = 0; // counts calls of `fetchAhead`

  function file(url) {
    if (!files.has(url)) {
      const coming = read(url);
      coming.catch(() => files.delete(url)); // a later look tries again
      files.set(url, coming);
    }
    return files.get(url);
  }

  function keep(url, picture) {
    decoded.set(url, picture);
    held += picture.quarters.length;
    for (const [old, { quarters }] of decoded) {
      if (held <= limit || old === url) break;
      decoded.delete(old);
      held -= quarters.length;
    }
  }

  // The picture if it is at hand, else null
  function ready(url) {
    const picture = decoded.get(url);
    if (!picture) return null;
    decoded.delete(url);
    decoded.set(url, picture);
    return picture;
  }

  function want(url) {
    const there = ready(url);
    if (there) return Promise.resolve(there);
    if (!decoding.has(url)) {
      const made = file(url)
        .then(decode)
        .then((picture) => {
          keep(url, picture);
          return picture;
        })
        .finally(() => decoding.delete(url));
      decoding.set(url, made);
    }
    return decoding.get(url);
  }

  // Fetches these in their order, until another call; what cannot be fetched is counted
  async function fetchAhead(urls, progress = () => {}) {
    const mine = ++errand;
    const todo = urls.filter((url) => !files.has(url));
    let [done, lost] = [0, 0];
    const work = async () => {
      while (todo.length && mine === errand) {
        try {
          await file(todo.shift());
        } catch {
          lost += 1;
        }
        progress(++done, lost);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return lost;
  }

  // What no chosen run shows any more need not stay
  function keepOnly(urls) {
    for (const url of files.keys()) if (!urls.has(url)) files.delete(url);
    for (const [url, { quarters }] of decoded) {
      if (urls.has(url)) continue;
      decoded.delete(url);
      held -= quarters.length;
    }
  }

  return { ready, want, fetchAhead, keepOnly, held: () => held };
}

// ---- in the page: files by the network, decoded by a worker, so that the page stays free meanwhile

export async function fetchFile(url) {
  const response = await fetch(new URL(url, document.baseURI));
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.blob();
}

// `colours` are those of the classes, as pixels
export function startDecoder(colours) {
  const waiting = new Map(); // request number -> how to settle its promise
  let count = 0;
  let worker = null;
  let alone = false; // a policy of the site around, or a network that was away, left the page without its worker

  function start() {
    const started = new Worker(new URL("./decoder.js", import.meta.url), { type: "module" });
    started.onmessage = ({ data: { id, picture, error } }) => {
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      if (error) reject(new Error(error));
      else resolve(picture);
    };
    // it could not be loaded: what it fails in by itself, it tells
    started.onerror = (event) => {
      event.preventDefault();
      goOnAlone();
    };
    return started;
  }

  function goOnAlone() {
    alone = true;
    for (const { file, resolve } of waiting.values()) resolve(decodeMosaic(file, colours));
    waiting.clear();
  }

  return (file) =>
    new Promise((resolve, reject) => {
      if (alone) return void resolve(decodeMosaic(file, colours));
      const id = ++count;
      waiting.set(id, { file, resolve, reject });
      try {
        worker ??= start();
        worker.postMessage({ id, file, colours });
      } catch {
        goOnAlone();
      }
    });
}
