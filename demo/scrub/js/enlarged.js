// One photo, enlarged: its tiles as large as the screen allows, at the same epoch as the grid.

import { pageState } from "../../js/state.js";
import { drawTile, referencePlace, referenceSheet } from "./grid.js";
import { allTiles, corner, referenceHead } from "./layout.js";
import { predictionSheet } from "./sheets.js";

// `scrubber` tells what is shown; `place` is where the photo appears, `list` gets a button for each
export function enlargedPhoto(scrubber, place, list) {
  const page = pageState();
  let open = null; // name of the enlarged tile

  // A button over each photo's tiles: hover, focus or a tap enlarges it
  function placePhotos() {
    const buttons = scrubber.sections.flatMap((section) =>
      section.tiles.map((tile, index) => {
        const { x, y } = corner(section, index);
        const item = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.setAttribute("aria-label", `Enlarge ${tile.name}`);
        Object.assign(button.style, {
          left: `${x}px`,
          top: `${y}px`,
          width: `${section.groupWidth}px`,
          height: `${section.side}px`,
        });
        button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && enlarge(tile, button));
        button.addEventListener("focus", () => button.matches(":focus-visible") && enlarge(tile, button));
        button.addEventListener("click", () => {
          enlarge(tile, button);
          if (!tile.own) page.set({ photo: tile.name });
        });
        item.append(button);
        return item;
      }),
    );
    list.replaceChildren(...buttons);
    follow();
  }

  function enlarge(tile, button) {
    open = tile.name;
    place.hidden = false;
    const box = button.getBoundingClientRect();
    place.classList.toggle("left", box.left + box.width / 2 > innerWidth / 2);
    place.querySelector("header b").textContent = tile.name.replaceAll("_", " ");
    draw();
  }

  function draw() {
    if (open === null) return;
    const { runs, colours } = scrubber;
    const shown = scrubber.shownNow();
    const tile = allTiles(runs).find(({ name }) => name === open);
    if (!tile) return close();
    const reference = referenceHead(tile, shown);
    const cells = [...(reference ? [{ head: reference }] : []), ...runs.map((run) => ({ head: run.title, run }))];
    const figures = place.querySelector(".scrub-cells");
    while (figures.children.length < cells.length) {
      const cell = document.createElement("figure");
      cell.append(document.createElement("canvas"), document.createElement("figcaption"));
      figures.append(cell);
    }
    while (figures.children.length > cells.length) figures.lastChild.remove();
    place.querySelector("header small").textContent = scrubber.label.textContent;
    cells.forEach(({ head, run }, index) => {
      const [sheet, caption] = figures.children[index].children;
      caption.textContent = head;
      const found = run ? run.places.get(open) : referencePlace(runs, open);
      const side = (sheet.width = sheet.height = 2 * (found?.source.tile ?? 128));
      const shownSheet = run
        ? found && predictionSheet(run, found.source, scrubber.wantedNow(), shown, colours)
        : referenceSheet(head, found, shown, colours);
      drawTile(sheet.getContext("2d"), found, shownSheet, 0, 0, side);
    });
  }

  function close() {
    open = null;
    place.hidden = true;
  }

  // The page's photo stays enlarged; what a hand only passes over does not
  function follow() {
    const name = page.get("photo");
    const button = [...list.querySelectorAll("button")].find(({ ariaLabel }) => ariaLabel === `Enlarge ${name}`);
    const tile = allTiles(scrubber.runs).find((each) => each.name === name);
    if (tile && button) enlarge(tile, button);
    else close();
  }

  function dismiss() {
    if (page.get("photo") === open) page.set({ photo: null });
    close();
  }

  page.watch(["photo"], follow);
  return { placePhotos, draw, close: dismiss, pass: follow, isOpen: () => open !== null };
}
