// One's own photo: the server segments it with the weights that a run kept of each epoch, once; then it is a tile
// like the others.

import { shownEpoch } from "./epochs.js";
import { fetchPicture } from "./pictures.js";
import { makeSource } from "./sheets.js";

const OWN = "your photo";

export function ownPhoto(scrubber, server, upload) {
  const { testId, statusLine } = scrubber;
  let own = null; // uploaded: {path}

  async function choose() {
    const input = testId("own");
    const [file] = input.files;
    input.value = ""; // so that the same file can be chosen again
    if (!file) return;
    statusLine.textContent = "Uploading the photo";
    try {
      own = { path: (await upload(file)).path };
    } catch (error) {
      statusLine.textContent = `The photo could not be uploaded: ${error.message}`;
      return;
    }
    await compute();
  }

  function remove() {
    own = null;
    for (const run of scrubber.runs) run.places.delete(OWN);
    testId("own-remove").hidden = true;
    statusLine.textContent = "";
    scrubber.layOut();
  }

  // Each mask is drawn as it arrives
  async function compute() {
    if (!own) return;
    const photo = own;
    const mine = scrubber.generation;
    const outdated = () => own !== photo || mine !== scrubber.generation;
    const keepers = scrubber.runs.filter((run) => run.weights.length);
    const total = keepers.reduce((sum, run) => sum + run.weights.length, 0);
    let done = 0;
    try {
      for (const run of keepers) {
        const tiles = [{ name: OWN, own: true, photo: true, truth: false }];
        const source = makeSource({ tile: run.tile, columns: 1, tiles });
        source.photo = await ownPicture(server.own_photo({ run: run.name, path: photo.path }), null);
        if (outdated()) return;
        run.places.set(OWN, { source, index: 0 });
        testId("own-remove").hidden = false;
        scrubber.layOut();
        for (const epoch of run.weights) {
          statusLine.textContent = `Segmenting your photo: ${done} of ${total} epochs`;
          const answer = server.own_mask({ run: run.name, path: photo.path, epoch });
          const mask = await ownPicture(answer, scrubber.colours.slice(0, 3));
          if (outdated()) return;
          source.masks.set(epoch, mask);
          done += 1;
          if (shownEpoch(run, scrubber.wantedNow()) === epoch) scrubber.draw();
        }
      }
      statusLine.textContent = "";
    } catch (error) {
      if (!outdated()) statusLine.textContent = error.message;
    }
  }

  return { choose, remove, compute };
}

async function ownPicture(answer, classColours) {
  const { picture, error } = await answer;
  if (error) throw new Error(error);
  return fetchPicture(picture, classColours);
}
