// What the keys do, as the list of them says.
export const KEYS = [
  [
    "1 to 6",
    "Try: mask, border, confidence, disagreement, cut-out, errors. Watch: prediction, errors, change. Failures: 1 to 4",
  ],
  ["O S W", "Outlines, side by side, swipe"],
  ["L", "Loupe"],
  ["F", "Full screen"],
  ["Ctrl + wheel, pinch", "Closer, farther; drag to move"],
  ["0, double click", "Whole photo, actual size"],
  ["[ ]", "Less or more border; Backspace: as trained"],
  ["← → Home End", "Another photo (Try, Failures), another epoch (Watch)"],
  ["Space", "Play or pause (Watch)"],
  ["Escape", "Back from one network, or a pinned photo, to all"],
  ["Enter", "On the curves by epoch: watch that epoch; in Failures: open the photo in Try"],
  ["M", "The label is wrong (Failures)"],
  ["Ctrl V", "Take the photo from the clipboard (Try)"],
  ["?", "This list"],
];
