// One photo, enlarged: its tiles as large as the screen allows, at the same epoch as the grid.

// A button over each photo's tiles: hover, focus or a tap enlarges it
function placePhotos() {
  const buttons = sections.flatMap((section) =>
    section.tiles.map((tile, index) => {
      const { x, y } = corner(section, index);
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-label", `Enlarge ${tile.name}`);
      Object.assign(button.style, { left: `${x}px`, top: `${y}px`, width: `${section.groupWidth}px`, height: `${section.side}px` });
      button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && enlarge(tile, button));
      button.addEventListener("focus", () => button.matches(":focus-visible") && enlarge(tile, button));
      button.addEventListener("click", () => enlarge(tile, button));
      item.append(button);
      return item;
    }),
  );
  photoList.replaceChildren(...buttons);
}

function enlarge(tile, button) {
  open = tile.name;
  enlarged.hidden = false;
  const box = button.getBoundingClientRect();
  enlarged.classList.toggle("left", box.left + box.width / 2 > innerWidth / 2);
  enlarged.querySelector("header b").textContent = tile.name.replaceAll("_", " ");
  drawEnlarged();
}

function drawEnlarged() {
  const shown = shownNow();
  const tile = allTiles(runs).find(({ name }) => name === open);
  if (!tile) return closeEnlarged();
  const head = referenceHead(tile, shown);
  const cells = [...(head ? [{ head }] : []), ...runs.map((run) => ({ head: run.name, run }))];
  const place = enlarged.querySelector(".scrub-cells");
  while (place.children.length < cells.length) {
    const cell = document.createElement("figure");
    cell.append(document.createElement("canvas"), document.createElement("figcaption"));
    place.append(cell);
  }
  while (place.children.length > cells.length) place.lastChild.remove();
  enlarged.querySelector("header small").textContent = label.textContent;
  cells.forEach(({ head, run }, index) => {
    const [sheet, caption] = place.children[index].children;
    caption.textContent = head;
    const found = run ? run.places.get(open) : referencePlace(runs, open);
    const side = (sheet.width = sheet.height = 2 * (found?.source.tile ?? 128));
    const shownSheet = run
      ? found && predictionSheet(run, found.source, wantedNow(), shown, colours)
      : referenceSheet(head, found, shown, colours);
    drawTile(sheet.getContext("2d"), found, shownSheet, 0, 0, side);
  });
}

function closeEnlarged() {
  open = null;
  enlarged.hidden = true;
}
