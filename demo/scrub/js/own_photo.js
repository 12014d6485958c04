// One's own photo: the server segments it with the weights that a run kept of each epoch, once; then it is a tile
// like the others.

const OWN = "your photo";

async function chooseOwn() {
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
  await computeOwn();
}

function removeOwn() {
  own = null;
  for (const run of runs) run.places.delete(OWN);
  testId("own-remove").hidden = true;
  statusLine.textContent = "";
  layOut();
}

// Each mask is drawn as it arrives
async function computeOwn() {
  const photo = own;
  const mine = generation;
  const outdated = () => own !== photo || mine !== generation;
  const keepers = runs.filter((run) => run.weights.length);
  const total = keepers.reduce((sum, run) => sum + run.weights.length, 0);
  let done = 0;
  try {
    for (const run of keepers) {
      const source = makeSource({ tile: run.tile, columns: 1, tiles: [{ name: OWN, own: true, photo: true, truth: false }] });
      source.photo = await ownPicture(server.own_photo({ run: run.name, path: photo.path }), null);
      if (outdated()) return;
      run.places.set(OWN, { source, index: 0 });
      testId("own-remove").hidden = false;
      layOut();
      for (const epoch of run.weights) {
        statusLine.textContent = `Segmenting your photo: ${done} of ${total} epochs`;
        const answer = server.own_mask({ run: run.name, path: photo.path, epoch });
        const mask = await ownPicture(answer, colours.slice(0, 3));
        if (outdated()) return;
        source.masks.set(epoch, mask);
        done += 1;
        if (epochOf(run, wantedNow()) === epoch) draw();
      }
    }
    statusLine.textContent = "";
  } catch (error) {
    if (!outdated()) statusLine.textContent = error.message;
  }
}

async function ownPicture(answer, classColours) {
  const { picture, error } = await answer;
  if (error) throw new Error(error);
  return fetchPicture(picture, classColours);
}
