// Pictures for files, of what the page itself lays out as HTML: SVG that needs nothing else, on white.

import { shape } from "./legend.js";

export const INK = "#15171c";
export const MUTED = "#585e69";
const LINE = "#e2e3e1";
export const CONTROL = "#7f858f";
const FONT = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const CODES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escaped = (content) => content.replace(/[&<>"]/g, (letter) => CODES[letter]);
const tidy = (number) => Number(number.toFixed(2));

// Text whose line ends, begins or has its middle at `x`
export function text(x, y, content, { size = 12, weight = 400, colour = INK, anchor = "start" } = {}) {
  const look = `font-size="${size}" font-weight="${weight}" fill="${colour}" text-anchor="${anchor}"`;
  return `<text x="${tidy(x)}" y="${tidy(y)}" ${look}>${escaped(content)}</text>`;
}

export function line(x1, y1, x2, y2, { colour = LINE, width = 1, dash = "" } = {}) {
  const ends = `x1="${tidy(x1)}" y1="${tidy(y1)}" x2="${tidy(x2)}" y2="${tidy(y2)}"`;
  return `<line ${ends} stroke="${colour}" stroke-width="${width}"${dash && ` stroke-dasharray="${dash}"`}/>`;
}

export function box(x, y, width, height, colour, opacity) {
  const place = `x="${tidy(x)}" y="${tidy(y)}" width="${tidy(width)}" height="${tidy(height)}"`;
  return `<rect ${place} rx="4" fill="${colour}" fill-opacity="${tidy(opacity)}"/>`;
}

// A loss's marker around a point
export function marker(x, y, { symbol, colour }) {
  return `<g transform="translate(${tidy(x - 6)} ${tidy(y - 6)})">${shape(symbol, colour)}</g>`;
}

// The whole picture; `label` says what it is
export function picture(width, height, label, parts) {
  const head = `xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  const background = `<rect width="${width}" height="${height}" fill="#ffffff"/>`;
  return (
    `<svg ${head} font-family="${FONT}"><title>${escaped(label)}</title>\n` +
    `${[background, ...parts].join("\n")}\n</svg>\n`
  );
}

let pen = null;

// How many pixels the text takes
export function widthOf(content, size = 12, weight = 400) {
  pen ??= document.createElement("canvas").getContext("2d");
  pen.font = `${weight} ${size}px ${FONT}`;
  return pen.measureText(content).width;
}
