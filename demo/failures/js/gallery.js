// The gallery: of thousands of photos those that are seen are in the page, each with its scores.

import { legendShape } from "../../figures/js/legend.js";
import { sentence } from "../../js/words.js";
import { apart, seenOf, short, signed } from "./list.js";

const LEAST = 144; // width of a card, in pixels
const [GAP, ROW_GAP] = [12, 16];
const [LANE, NAME, LINE] = [7, 20, 16]; // heights below a picture
const BEFORE = 8; // between a picture and what is below it

const ROWS = { ArrowUp: -1, ArrowDown: 1, PageUp: -3, PageDown: 3 };

// Where a key leads from a place, among so many in rows of so many: to the same column of another row; null: nowhere
export function steppedTo(key, place, count, columns) {
  if (!Object.hasOwn(ROWS, key)) return null;
  const lastRow = Math.floor((count - 1) / columns);
  const row = Math.max(0, Math.min(lastRow, Math.floor(place / columns) + ROWS[key]));
  return Math.min(count - 1, row * columns + (place % columns));
}

// `choose(photo)` is called when a person chooses; `want(names)` says which pictures are seen, `picture(name)` gives one,
// undefined as long as it has not come, null where there is none; `isMarked(name)`
export function gallery(place, { choose, want, picture, isMarked }) {
  let it = { list: [], chosen: null, losses: [], score: null, rank: "hardest", pair: null, pictures: true };
  let cards = new Map();
  let sized = { columns: 1, row: 1, width: 0 };

  function measure() {
    const width = place.clientWidth;
    const columns = Math.max(width < 480 ? 3 : 2, Math.floor((width + GAP) / (LEAST + GAP)));
    const card = (width - (columns - 1) * GAP) / columns;
    const lines = card < 130 ? 5 : 3; // of a reason
    const below = BEFORE + NAME + (it.rank === "suspicion" ? lines * LINE : it.losses.length * LANE);
    sized = { columns, width, row: Math.floor(it.pictures ? card : 0) + below + ROW_GAP };
    place.style.setProperty("--columns", columns);
    place.style.setProperty("--lines", lines);
    place.style.setProperty("--row", `${sized.row - ROW_GAP}px`);
  }

  function draw() {
    if (!place.offsetParent || !place.clientWidth) return;
    const { top } = place.getBoundingClientRect();
    const { columns, row } = sized;
    const { first, last } = seenOf({ above: -top, height: innerHeight, row, columns, count: it.list.length });
    const rows = Math.ceil(it.list.length / columns);
    place.style.paddingTop = `${(first / columns) * row}px`;
    place.style.paddingBottom = `${Math.max(0, rows - Math.ceil(last / columns)) * row}px`;
    const seen = it.list.slice(first, last);
    const before = cards;
    cards = new Map(seen.map((photo, offset) => [photo.name, fill(before.get(photo.name), photo, first + offset)]));
    const now = [...cards.values()];
    if (now.length !== place.children.length || now.some((card, each) => place.children[each] !== card)) {
      place.replaceChildren(...now);
    }
    const chosen = cards.get(it.chosen);
    if (chosen) place.setAttribute("aria-activedescendant", chosen.id);
    else place.removeAttribute("aria-activedescendant");
    if (it.pictures) want(seen.map(({ name }) => name));
  }

  function fill(card, photo, number) {
    const shows = JSON.stringify([number, it.list.length, photo.values, it.rank, it.pair, isMarked(photo.name)]);
    card ??= makeCard(photo);
    card.setAttribute("aria-selected", String(photo.name === it.chosen));
    if (it.pictures) showPicture(card, photo);
    if (card.dataset.shows === shows && card.losses === it.losses) return card;
    card.dataset.shows = shows;
    card.losses = it.losses;
    card.setAttribute("aria-posinset", number + 1);
    card.setAttribute("aria-setsize", it.list.length);
    const said = isMarked(photo.name) ? ", marked as wrong" : "";
    card.setAttribute("aria-label", `${photo.title}, ${inWords(photo)}${said}`);
    card.querySelector(".badge").hidden = !isMarked(photo.name);
    const ticks = it.rank === "suspicion" ? `<p></p>` : it.losses.map((loss, each) => lane(photo, loss, each)).join("");
    card.querySelector(".ticks").innerHTML = ticks;
    if (it.rank === "suspicion") card.querySelector(".ticks p").textContent = sentence(photo.reason);
    card.querySelector(".name b").textContent = numberOf(photo);
    return card;
  }

  function makeCard(photo) {
    const card = document.createElement("div");
    card.role = "option";
    card.id = `photo-${photo.name}`;
    card.className = "card";
    card.innerHTML = `${it.pictures ? '<span class="ph"></span>' : ""}<span class="badge" hidden aria-hidden="true"><svg viewBox="0 0 16 16"><path d="M4 14V2.500h8l-2 3 2 3H4"/></svg></span><span class="ticks"></span><span class="name"><span></span><em></em><b></b></span>`;
    card.title = photo.title;
    // where there is no room for all, the number stays
    const [, breed, number] = /^(.*?)(?:\s+(\d+))?$/.exec(photo.title);
    card.querySelector(".name span").textContent = breed;
    card.querySelector(".name em").textContent = number ?? "";
    card.addEventListener("click", () => choose(photo));
    return card;
  }

  function showPicture(card, photo) {
    const from = picture(photo.name);
    const frame = card.querySelector(".ph");
    if (from === undefined || frame.firstChild) return;
    const shown = document.createElement(from === null ? "small" : "img");
    if (from === null) shown.textContent = "This photo is not here";
    else Object.assign(shown, { src: from, alt: "", draggable: false });
    frame.append(shown);
  }

  // A lane a loss, from 0 to the end of the scale
  function lane({ values }, { symbol, colour }, each) {
    const value = values[each];
    if (value === null) return "<i></i>";
    const faded = it.pair && !it.pair.includes(each) ? " faded" : "";
    const left = Math.min(100, (100 * value) / it.score.top).toFixed(1);
    return `<i><i class="tick${faded}" style="left: ${left}%">${legendShape(symbol, colour)}</i></i>`;
  }

  function numberOf(photo) {
    if (it.pair) return signed(apart(photo, it.pair), it.score.percent);
    return short(photo.mean, it.score.percent);
  }

  function inWords(photo) {
    if (it.rank === "suspicion") return photo.reason;
    const each = it.losses.map(({ title }, loss) => `${title} ${short(photo.values[loss], it.score.percent)}`);
    return `${it.pair ? "difference" : "mean"} ${numberOf(photo)}: ${each.join(", ")}`;
  }

  place.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now = it.list.findIndex(({ name }) => name === it.chosen);
    const next = steppedTo(event.key, now, it.list.length, sized.columns);
    if (next === null || !it.list.length) return;
    event.preventDefault();
    choose(it.list[next]);
  });

  let framed = 0;
  const schedule = () => (framed ||= requestAnimationFrame(() => ((framed = 0), draw())));
  document.addEventListener("scroll", schedule, { capture: true, passive: true });
  addEventListener("resize", schedule);
  // what stands above has another height: other photos are on the screen
  new ResizeObserver(schedule).observe(place.closest("section"));
  new ResizeObserver(() => {
    if (place.clientWidth === sized.width) return schedule();
    measure();
    draw();
  }).observe(place);

  return {
    // `now` has what has changed of {list, chosen, losses, score, rank, pair, pictures}
    show(now) {
      const drawnAnew = now.pictures !== undefined && now.pictures !== it.pictures;
      it = { ...it, ...now };
      if (drawnAnew) cards = new Map();
      measure();
      draw();
    },
    draw,
    // Scrolls so far that the chosen photo is seen
    reveal() {
      const number = it.list.findIndex(({ name }) => name === it.chosen);
      if (number < 0 || !place.offsetParent) return;
      const top = place.getBoundingClientRect().top + Math.floor(number / sized.columns) * sized.row;
      const head = 64; // what sticks to the screen's top
      const down = Math.max(0, top + sized.row - innerHeight + 8);
      const up = Math.min(0, top - head);
      if (up || down) scrollBy({ top: up || down, behavior: "instant" });
      draw();
    },
  };
}
