// The scores' panel: draws the losses' markers as figures do, moves the numbers apart, saves. Gradio mounts this once.

import { legendShape } from "../../figures/js/legend.js";
import { saveOnClick } from "../../figures/js/save.js";
import { drawScores, scoreRows } from "./scores_file.js";
import { spreadOverLines } from "./spread.js";

const GAP = 6; // pixels between two numbers

function drawMarkers(element) {
  for (const place of element.querySelectorAll(".mark:empty")) {
    place.innerHTML = legendShape(place.dataset.symbol, place.dataset.colour);
  }
}

function moveApart(track) {
  const numbers = [...track.querySelectorAll(".number")];
  const room = track.clientWidth;
  if (!numbers.length || !room) return;
  const wanted = numbers.map((number) => (Number(number.dataset.at) / 100) * room);
  const widths = numbers.map((number) => number.offsetWidth);
  const { placed, lines } = spreadOverLines(wanted, widths, room, GAP);
  track.style.setProperty("--lines", lines);
  const high = numbers[0].offsetHeight;
  const leads = placed.map(({ at, line }, i) => {
    numbers[i].style.left = `${at}px`;
    numbers[i].style.top = `${8 + line * high}px`;
    const from = 8 + (line + 1) * high;
    const to = 8 + lines * high + 10;
    const straight = Math.abs(at - wanted[i]) < 3 && line === lines - 1;
    return straight ? "" : `<line x1="${at}" y1="${from}" x2="${wanted[i]}" y2="${to}"/>`;
  });
  track.querySelector(".leads").innerHTML = leads.join("");
}

export function mount({ element, watch }) {
  const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => moveApart(target)));

  function update() {
    observer.disconnect();
    drawMarkers(element);
    for (const track of element.querySelectorAll(".track")) {
      moveApart(track);
      observer.observe(track);
    }
  }

  saveOnClick(element, { rows: scoreRows, draw: drawScores });
  watch("value", update);
  update();
}
