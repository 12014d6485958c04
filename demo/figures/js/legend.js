// The legend's shapes: Plotly's markers, drawn small.

// Paths of a 12 x 12 square, by what Plotly calls its markers
export const SHAPES = {
  circle: "M6 1a5 5 0 1 0 .01 0Z",
  square: "M1.5 1.5h9v9h-9Z",
  diamond: "M6 0 12 6 6 12 0 6Z",
  "triangle-up": "M6 1 11.5 11H.5Z",
  "triangle-down": "M6 11 11.5 1H.5Z",
  cross: "M4 0h4v4h4v4H8v4H4V8H0V4h4Z",
  star: "M6 0.4 7.3 4.5 11.7 4.5 8.2 7.1 9.5 11.3 6 8.7 2.5 11.3 3.8 7.1 0.3 4.5 4.7 4.5Z",
};

// A marker's path, of a 12 x 12 square; `symbol` is Plotly's name for it, and one that is not known here is a circle
export function shape(symbol, colour) {
  const open = symbol.endsWith("-open");
  const paint = open ? `fill="none" stroke="${colour}" stroke-width="2"` : `fill="${colour}"`;
  return `<path d="${SHAPES[symbol.replace("-open", "")] ?? SHAPES.circle}" ${paint}/>`;
}

// The same as a picture of its own
export function legendShape(symbol, colour) {
  return `<svg viewBox="-1 -1 14 14" width="12" height="12" aria-hidden="true">${shape(symbol, colour)}</svg>`;
}
