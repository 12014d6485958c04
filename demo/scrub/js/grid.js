// Draws the grid from memory: copies tiles of the sheets to where they lie.

import { corner, GAP, GROUP_GAP, HEADER } from "./layout.js";
import { photoSheet, predictionSheet, truthSheet } from "./sheets.js";

// A sheet's tile; black where the run kept nothing of this photo, or nothing of it is to be shown
export function drawTile(context, place, sheet, x, y, side) {
  if (!place || !sheet) {
    context.fillStyle = "#000";
    context.fillRect(x, y, side, side);
    return;
  }
  const { tile, columns } = place.source;
  const [left, top] = [(place.index % columns) * tile, Math.floor(place.index / columns) * tile];
  context.drawImage(sheet, left, top, tile, tile, x, y, side, side);
}

// The first run that has the tile lends its photo and its truth
export function referencePlace(runs, name) {
  return runs.map((run) => run.places.get(name)).find(Boolean);
}

export function referenceSheet(head, place, shown, colours) {
  return head === "truth" ? truthSheet(place.source, shown, colours) : photoSheet(place.source, shown);
}

// What no epoch changes: headings, photos, true masks
export function drawStill(context, sections, runs, shown, colours, style) {
  for (const section of sections) {
    const { side, heads } = section;
    context.fillStyle = style.ink;
    context.font = "12px " + style.font;
    for (let group = 0; group < Math.min(section.groups, section.tiles.length); group++) {
      heads.forEach((head, column) => {
        const x = group * (section.groupWidth + GROUP_GAP) + column * (side + GAP);
        context.fillText(head, x, section.top + HEADER - 7, side);
      });
    }
    if (!section.head) continue;
    section.tiles.forEach((tile, index) => {
      const { x, y } = corner(section, index);
      const place = referencePlace(runs, tile.name);
      drawTile(context, place, referenceSheet(section.head, place, shown, colours), x, y, side);
    });
  }
}

// The runs' tiles at an epoch
export function drawRuns(context, sections, runs, wanted, shown, colours) {
  for (const section of sections) {
    const { side } = section;
    section.tiles.forEach((tile, index) => {
      const { x, y } = corner(section, index);
      runs.forEach((run, number) => {
        const place = run.places.get(tile.name);
        const sheet = place && predictionSheet(run, place.source, wanted, shown, colours);
        drawTile(context, place, sheet, x + (number + (section.head ? 1 : 0)) * (side + GAP), y, side);
      });
    });
  }
}
