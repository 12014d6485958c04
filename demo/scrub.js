// The scrubber. Gradio calls this once with `element`, `props` and `watch`; the template never changes.
// Every mosaic is fetched and recoloured once; a slide only draws from memory.

const find = (selector) => element.querySelector(selector);
const slider = find('[data-testid="scrub-epoch"]');
const playButton = find('[data-testid="scrub-play"]');
const label = find('[data-testid="scrub-label"]');
const canvas = find('[data-testid="scrub-canvas"]');
const scoreList = find(".scrub-scores");
const messageLine = find(".scrub-message");

const MASK_OPACITY = 0.65; // over a photo; a tile without one shows its mask opaque
const TILE = 96; // CSS pixels of a tile where there is room
const GAP = 4;
const GROUP_GAP = 14;
const HEADER = 20;
const FRAME_MILLISECONDS = 350;

const pictures = new Map(); // URL -> promise of an ImageBitmap
let runs = []; // chosen runs with their pictures: {…, photoBitmap, masks: Map(epoch -> ImageBitmap)}
let generation = 0; // counts choices, so that pictures of an earlier one are not shown
let timer = null;

function fetchPicture(url, recolour) {
  if (!pictures.has(url)) {
    const picture = fetch(url)
      .then((response) => {
        if (!response.ok) throw new Error("HTTP " + response.status);
        return response.blob();
      })
      .then(createImageBitmap)
      .then((bitmap) => (recolour ? clearBackground(bitmap) : bitmap));
    picture.catch(() => pictures.delete(url)); // so that a later choice tries again
    pictures.set(url, picture);
  }
  return pictures.get(url);
}

// Background pixels become transparent, so that the photo shows through
function clearBackground(bitmap) {
  const sheet = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = sheet.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const image = context.getImageData(0, 0, sheet.width, sheet.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) {
    if ((pixels[i] & 0xffffff) === 0) pixels[i] = 0;
  }
  context.putImageData(image, 0, 0);
  return createImageBitmap(sheet);
}

async function choose() {
  const mine = ++generation;
  const value = props.value || { runs: [], message: "" };
  if (!value.runs.length) {
    runs = [];
    pause();
    show(value.message);
    return;
  }
  let fetched = 0;
  let missing = 0;
  const total = value.runs.reduce((sum, run) => sum + 1 + Object.keys(run.mosaics).length, 0);
  const count = () => {
    fetched += 1;
    if (mine === generation && fetched < total) messageLine.textContent = "Loading predictions: " + fetched + " of " + total;
  };
  const loaded = await Promise.all(
    value.runs.map(async (run) => {
      const masks = new Map();
      let photoBitmap = null;
      const jobs = Object.entries(run.mosaics).map(([epoch, url]) =>
        fetchPicture(url, true).then((bitmap) => masks.set(Number(epoch), bitmap)).catch(() => (missing += 1)).finally(count)
      );
      jobs.push(
        fetchPicture(run.photos, false).then((bitmap) => (photoBitmap = bitmap)).catch(() => (missing += 1)).finally(count)
      );
      await Promise.all(jobs);
      return { ...run, masks, photoBitmap, epochs: [...masks.keys()].sort((a, b) => a - b) };
    })
  );
  if (mine !== generation) return;
  const first = runs.length === 0;
  runs = loaded.filter((run) => run.epochs.length);
  const last = Math.max(0, ...runs.map((run) => run.epochs.at(-1)));
  const atEnd = first || Number(slider.value) === Number(slider.max);
  slider.max = last;
  // a link, or a point of a figure, asks for an epoch once; a later choice of runs does not ask again
  if (Number.isInteger(value.epoch) && value.epoch >= 0) slider.value = Math.min(value.epoch, last);
  else if (atEnd) slider.value = last;
  show(missing ? missing + " pictures could not be loaded: reload the page to try again." : value.message);
}

function show(message) {
  messageLine.textContent = message;
  element.querySelector(".scrub").classList.toggle("empty", runs.length === 0);
  slider.disabled = playButton.disabled = runs.length === 0;
  draw();
}

// A run shorter than the longest stays at its last epoch
function epochOf(run) {
  const wanted = Number(slider.value);
  return run.epochs.filter((epoch) => epoch <= wanted).at(-1) ?? run.epochs[0];
}

// Tiles in one order for all runs: package samples first, they always have their photo
function tileNames() {
  const tiles = new Map();
  for (const run of runs) for (const tile of run.tiles) if (!tiles.has(tile.name)) tiles.set(tile.name, tile);
  const all = [...tiles.values()];
  return [...all.filter((tile) => tile.sample), ...all.filter((tile) => !tile.sample)];
}

function draw() {
  const wanted = Number(slider.value);
  label.textContent = runs.length ? "Epoch " + wanted + " of " + slider.max : "No run chosen";
  scoreList.replaceChildren(
    ...runs.map((run) => {
      const line = document.createElement("li");
      const epoch = epochOf(run);
      const name = document.createElement("b");
      name.textContent = run.name;
      line.append(name, epoch === wanted ? " " : " (stopped after epoch " + epoch + ") ", run.scores[epoch]);
      return line;
    })
  );
  if (!runs.length) {
    canvas.width = canvas.height = 0;
    canvas.style.height = "0";
    return;
  }
  const width = element.querySelector(".scrub").clientWidth;
  if (!width) return; // a hidden tab: the observer draws when it shows
  const tiles = tileNames();
  // tiles without a photo need no column for it
  const sections = [tiles.filter((tile) => tile.photo), tiles.filter((tile) => !tile.photo)]
    .filter((section) => section.length)
    .map((section) => arrange(section, width));
  const height = sections.reduce((sum, section) => sum + section.height, 0);
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(element);
  let top = 0;
  for (const section of sections) {
    context.fillStyle = style.color;
    context.font = "12px " + style.fontFamily;
    drawSection(context, section, top);
    top += section.height;
  }
}

// Groups of tiles side by side, each a photo (where there is one) and every run's mask of it
function arrange(tiles, width) {
  const heads = [...(tiles[0].photo ? ["photo"] : []), ...runs.map((run) => run.name)];
  const columns = heads.length;
  const groups = Math.max(1, Math.floor((width + GROUP_GAP) / (columns * (TILE + GAP) - GAP + GROUP_GAP)));
  const side = Math.min(1.6 * TILE, (width - (groups - 1) * GROUP_GAP - groups * (columns - 1) * GAP) / (groups * columns));
  const rows = Math.ceil(tiles.length / groups);
  return { tiles, heads, groups, side, groupWidth: columns * (side + GAP) - GAP, height: HEADER + rows * (side + GAP) + GAP };
}

function drawSection(context, { tiles, heads, groups, side, groupWidth }, top) {
  for (let group = 0; group < Math.min(groups, tiles.length); group++) {
    heads.forEach((head, column) => {
      context.fillText(head, group * (groupWidth + GROUP_GAP) + column * (side + GAP), top + HEADER - 7, side);
    });
  }
  tiles.forEach((tile, index) => {
    let x = (index % groups) * (groupWidth + GROUP_GAP);
    const y = top + HEADER + Math.floor(index / groups) * (side + GAP);
    if (tile.photo) {
      drawTile(context, runs.find((run) => position(run, tile.name) >= 0), tile, null, x, y, side);
      x += side + GAP;
    }
    for (const run of runs) {
      drawTile(context, run, tile, run.masks.get(epochOf(run)), x, y, side);
      x += side + GAP;
    }
  });
}

function position(run, name) {
  return run.tiles.findIndex((tile) => tile.name === name);
}

function drawTile(context, run, tile, mask, x, y, side) {
  context.fillStyle = "#000";
  context.fillRect(x, y, side, side);
  const index = position(run, tile.name);
  if (index < 0) return; // this run kept no prediction for this photo
  const sx = (index % run.columns) * run.tile;
  const sy = Math.floor(index / run.columns) * run.tile;
  const photo = run.tiles[index].photo && run.photoBitmap;
  if (photo) context.drawImage(photo, sx, sy, run.tile, run.tile, x, y, side, side);
  if (mask) {
    context.globalAlpha = photo ? MASK_OPACITY : 1;
    context.drawImage(mask, sx, sy, run.tile, run.tile, x, y, side, side);
    context.globalAlpha = 1;
  }
}

function pause() {
  clearInterval(timer);
  timer = null;
  playButton.textContent = "▶";
  playButton.setAttribute("aria-label", "Play");
}

function play() {
  if (Number(slider.value) === Number(slider.max)) slider.value = 0;
  playButton.textContent = "⏸";
  playButton.setAttribute("aria-label", "Pause");
  draw();
  timer = setInterval(() => {
    slider.value = Number(slider.value) + 1;
    draw();
    if (Number(slider.value) === Number(slider.max)) pause();
  }, FRAME_MILLISECONDS);
}

slider.addEventListener("input", () => {
  pause();
  draw();
});
slider.addEventListener("change", () => window.borderlineAddress?.({ epoch: slider.value }));
playButton.addEventListener("click", () => (timer === null ? play() : pause()));
new ResizeObserver(draw).observe(element);
watch("value", choose);
choose();
