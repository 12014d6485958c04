// What hands do with a pane: Ctrl + wheel and pinch zoom, dragging moves, a double click shows actual size.

import { boxOf } from "./canvas.js";
import { actualSize, panned, zoomed } from "./zoom.js";

const DOUBLE_TAP_MS = 350;

// `photo()` is what is shown, `natural()` its own width; `zoom()` the view now, `show(view)` another;
// `point({x, y} | null)`: where the pointer is, in shares of the pane
export function follow(canvas, { photo, natural, zoom, show, point }) {
  const pointers = new Map();
  let tapped = 0;

  const at = ({ clientX, clientY }) => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: (clientX - left) * devicePixelRatio, y: (clientY - top) * devicePixelRatio };
  };

  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey || !photo()) return; // else the page scrolls
      event.preventDefault();
      show(zoomed(zoom(), Math.exp(-event.deltaY / 200), at(event), boxOf(canvas), photo()));
    },
    { passive: false },
  );
  canvas.addEventListener("dblclick", (event) => {
    if (photo()) show(actualSize(zoom(), at(event), boxOf(canvas), photo(), natural()));
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (!photo()) return;
    if (event.pointerType === "touch" && event.timeStamp - tapped < DOUBLE_TAP_MS && !pointers.size) {
      show(actualSize(zoom(), at(event), boxOf(canvas), photo(), natural()));
    }
    tapped = event.timeStamp;
    pointers.set(event.pointerId, at(event));
    if (zoom().scale > 1 || pointers.size > 1) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = at(event);
    point({ x: now.x / canvas.width, y: now.y / canvas.height });
    const before = pointers.get(event.pointerId);
    if (!before || !photo()) return;
    if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const factor = distance(now, other) / Math.max(1, distance(before, other));
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      show(zoomed(zoom(), factor, middle, boxOf(canvas), photo()));
    } else if (zoom().scale > 1) {
      show(panned(zoom(), now.x - before.x, now.y - before.y, boxOf(canvas), photo()));
    }
    pointers.set(event.pointerId, now);
  });
  for (const ending of ["pointerup", "pointercancel", "pointerleave"]) {
    canvas.addEventListener(ending, (event) => {
      pointers.delete(event.pointerId);
      if (ending === "pointerleave") point(null);
    });
  }
}

// What hands at any of a part's panes change, for `follow`: the zoom that all share, and where the loupe is
export function sharedView(part, it, schedule) {
  return {
    zoom: () => it.state.zoom,
    show(zoom) {
      it.state.zoom = zoom;
      part.classList.toggle("zoomed", zoom.scale > 1);
      schedule();
    },
    point(point) {
      it.pointer = point;
      if (it.state.loupe) schedule();
    },
  };
}

const distance = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);
