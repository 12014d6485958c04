// What the keys do, as the list of them says.
export const KEYS = [
  ["1 to 6", "How the masks are shown: mask, border, confidence, disagreement, cut-out, errors"],
  ["O S W", "Outlines, side by side, swipe"],
  ["L", "Loupe"],
  ["F", "Full screen"],
  ["0, double click", "Whole photo, actual size"],
  ["[ ]", "Less or more border; Backspace: as trained"],
  ["← → Home End", "Another photo (Try), another epoch (Watch)"],
  ["Space", "Play or pause (Watch)"],
  ["Enter", "On the curves by epoch: watch that epoch"],
  ["Ctrl V", "Take the photo from the clipboard (Try)"],
  ["?", "This list"],
];
