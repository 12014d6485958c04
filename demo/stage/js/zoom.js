// Where the photo lies in a pane: the same for all panes, so that they show the same patch.

export const FIT = { scale: 1, x: 0.5, y: 0.5 }; // times the fitted size, and what of the photo is in the middle
export const MOST = 32;

// The photo in a pane: `size` pixels of the screen for each of the photo's, and where its corner lies
export function placed({ scale, x, y }, pane, photo) {
  const size = Math.min(pane.width / photo.width, pane.height / photo.height) * scale;
  return {
    size,
    left: start(pane.width, photo.width * size, x),
    top: start(pane.height, photo.height * size, y),
  };
}

// In the middle while it is smaller than the pane, and never with a gap while it is larger
function start(room, length, middle) {
  if (length <= room) return (room - length) / 2;
  return Math.min(0, Math.max(room - length, room / 2 - middle * length));
}

// The same view with a place of the photo, in shares of its width and height, at a point of the pane
function viewWith(scale, share, point, pane, photo) {
  const size = Math.min(pane.width / photo.width, pane.height / photo.height) * scale;
  return {
    scale,
    x: share.x + (pane.width / 2 - point.x) / (photo.width * size),
    y: share.y + (pane.height / 2 - point.y) / (photo.height * size),
  };
}

// Which place of the photo lies at a point of the pane, in shares of its width and height
export function shareAt(view, point, pane, photo) {
  const { size, left, top } = placed(view, pane, photo);
  return { x: (point.x - left) / (photo.width * size), y: (point.y - top) / (photo.height * size) };
}

// Closer by a factor, with what is at the point kept there
export function zoomed(view, factor, point, pane, photo) {
  const scale = Math.min(MOST, Math.max(1, view.scale * factor));
  if (scale === 1) return FIT;
  return within(viewWith(scale, shareAt(view, point, pane, photo), point, pane, photo), pane, photo);
}

export function panned(view, dx, dy, pane, photo) {
  const { size } = placed(view, pane, photo);
  const moved = { ...view, x: view.x - dx / (photo.width * size), y: view.y - dy / (photo.height * size) };
  return within(moved, pane, photo);
}

// A pixel of the photo's own size as one of the screen's, around a point; from there back to the whole photo
export function actualSize(view, point, pane, photo, natural) {
  const fitted = placed(FIT, pane, photo).size;
  const scale = Math.min(MOST, natural / photo.width / fitted);
  if (view.scale !== 1 || scale <= 1) return FIT;
  return zoomed(view, scale, point, pane, photo);
}

// The middle stays where the photo's edge does not enter the pane: so that moving back answers at once
function within(view, pane, photo) {
  const { size } = placed(view, pane, photo);
  const kept = (share, room, length) => {
    const half = Math.min(0.5, room / 2 / (length * size));
    return Math.min(1 - half, Math.max(half, share));
  };
  return { ...view, x: kept(view.x, pane.width, photo.width), y: kept(view.y, pane.height, photo.height) };
}
