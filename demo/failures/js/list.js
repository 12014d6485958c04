// The photos, in order: which come first, which of them are found, how their scores are spread. Nothing here draws.

import { titleOf } from "../../js/words.js";

export const RANKS = [
  { key: "hardest", title: "Hardest" },
  { key: "disagreement", title: "Two losses disagree" },
  { key: "suspicion", title: "Suspicious label" },
];

// The server's value as photos: {name, title, values (one a loss, null: unknown), mean, broken, reason}
export function readPhotos({ photos, losses, values, broken, suspects }) {
  const isBroken = new Set(broken);
  const reasons = new Map((suspects.order ?? []).map((place, rank) => [place, suspects.reasons[rank]]));
  const columns = losses.map(({ run }) => values[run]);
  return photos.map((name, place) => {
    const scores = columns.map((column) => column[place]);
    const known = scores.every((score) => score !== null);
    const mean = known ? scores.reduce((sum, score) => sum + score, 0) / scores.length : null;
    return {
      name,
      title: titleOf(name),
      values: scores,
      mean,
      broken: isBroken.has(place),
      reason: reasons.get(place) ?? "",
    };
  });
}

// Which two of the losses, by their places: those asked for, else the first and the last; null of fewer than two
export function pairOf(asked, losses) {
  if (losses.length < 2) return null;
  const found = (asked ?? []).map((name) => losses.findIndex(({ run }) => run === name));
  if (found.length === 2 && found.every((place) => place >= 0) && found[0] !== found[1]) return found;
  return [0, losses.length - 1];
}

// By how much the second of two losses is above the first
export const apart = (photo, [first, second]) => photo.values[second] - photo.values[first];

// All photos that have a place in the order, the first first. A broken label says nothing of a network: it is set aside
// but where labels are looked at
export function ordered(photos, { suspects, score }, rank, pair) {
  if (rank === "suspicion") return (suspects.order ?? []).map((place) => photos[place]);
  const whole = photos.filter(({ broken, mean }) => !broken && mean !== null);
  if (rank === "hardest") return whole.sort((one, other) => (one.mean - other.mean) * (score.better ? 1 : -1));
  if (!pair) return [];
  return whole.sort((one, other) => Math.abs(apart(other, pair)) - Math.abs(apart(one, pair)));
}

// Those whose name has every word that is searched for, and whose mean is in the range, in hundredths, both ends included
export function narrowed(list, search, within, most) {
  const words = wordsOf(search);
  const [low, high] = within ?? [0, most];
  const [least, last] = [low / 100, high >= most ? Infinity : high / 100];
  return list.filter(
    ({ title, mean }) =>
      words.every((word) => title.toLowerCase().includes(word)) &&
      (within === null || (mean !== null && mean >= least && mean <= last)),
  );
}

const wordsOf = (search) => (search ?? "").toLowerCase().replaceAll("_", " ").split(/\s+/).filter(Boolean);

// How many hundredths the scale of a score has
export const scaleOf = (score) => Math.max(1, Math.ceil(100 * score.top));

// What `binned` counts, in words
export function spreadOf({ losses, broken }) {
  const mean = { 1: `of ${losses[0].title}`, 2: "mean of the two", 3: "mean of the three" }[losses.length];
  const but = { 0: "", 1: " but 1 with a broken label" }[broken.length] ?? ` but ${broken.length} with broken labels`;
  return `${mean ?? `mean of ${losses.length} runs`}, all photos${but}`;
}

// How many photos have a mean in each of so many equal parts of the scale; what lies beyond is in the last
export function binned(photos, bins, most) {
  const counts = Array.from({ length: bins }, () => 0);
  for (const { mean, broken } of photos) {
    if (mean === null || broken) continue;
    counts[Math.max(0, Math.min(bins - 1, Math.floor((100 * mean * bins) / most)))] += 1;
  }
  return counts;
}

// A range as the address has it, "8-44"; null where it is none, or the whole scale
export function readWithin(text, most) {
  const found = /^(\d+)-(\d+)$/.exec(text ?? "");
  if (!found) return null;
  const [low, high] = [Number(found[1]), Math.min(most, Number(found[2]))];
  return low >= high || (low <= 0 && high >= most) ? null : [low, high];
}

export const writeWithin = (range, most) =>
  range === null || (range[0] <= 0 && range[1] >= most) ? null : `${range[0]}-${range[1]}`;

// A score as the gallery has it: whole per cent, or its own two decimals
export const short = (value, percent) =>
  value === null ? "–" : percent ? String(Math.round(100 * value)) : value.toFixed(2);

// A number of hundredths, as `short` has a score
export const hundredths = (number, percent) => short(number / 100, percent);

// A difference with its sign; where it is none it has none
export function signed(value, percent) {
  const text = short(Math.abs(value), percent);
  return Number(text) === 0 ? text : `${value > 0 ? "+" : "−"}${text}`;
}

// Which photos of a grid are seen, with some rows around them: {first, last}, last not included
export function seenOf({ above, height, row, columns, count, more = 2 }) {
  const rows = Math.ceil(count / columns);
  const first = Math.min(rows, Math.max(0, Math.floor(above / row) - more));
  const last = Math.min(rows, Math.max(0, Math.ceil((above + height) / row) + more));
  return { first: first * columns, last: Math.min(count, Math.max(first, last) * columns) };
}
