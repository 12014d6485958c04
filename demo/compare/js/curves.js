// The figure by epoch with its cursor: all values at one epoch stand above it. The pointer shows an epoch while it is there,
// keys move the cursor. The page's other parts move it by the document's event `borderline:epoch`, and hear of it by that.

import { askFor, mount as mountFigure } from "../../figures/js/figure.js";
import { legendShape } from "../../figures/js/legend.js";
import { epochsOf, linesOf, nearest, runAt, sharedEpoch, stepped, valuesAt } from "./epoch_values.js";

const sentenceCase = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export function mount(given) {
  const { element, props, watch } = given;
  const [area, cursor, list] = [".plot-area", ".epoch-cursor", ".epoch-values"].map((each) =>
    element.querySelector(each),
  );
  area.before(list); // between the title and the lines
  let drawn = null; // Plotly's place of the figure, once there is one
  let lines = [];
  let epochs = [];
  let chosen = null; // the cursor's epoch, once a person or another part has set it
  let pointed = null; // the epoch under the pointer

  const epochOfCursor = () => chosen ?? sharedEpoch(lines) ?? epochs.at(-1) ?? null;

  function entry({ name, symbol, colour, value, seeds }) {
    const item = document.createElement("li");
    item.innerHTML = `${legendShape(symbol, colour)}<span></span> <b></b> <small></small>`;
    item.querySelector("span").textContent = sentenceCase(name);
    item.querySelector("b").textContent = value;
    item.querySelector("small").textContent = seeds;
    return item;
  }

  function tell() {
    const epoch = pointed ?? epochOfCursor();
    list.hidden = cursor.hidden = epoch === null;
    if (epoch === null) return;
    const values = valuesAt(lines, epoch);
    const head = document.createElement("li");
    head.textContent = `Epoch ${epoch}`;
    list.replaceChildren(head, ...values.map(entry));
    const words = values.map(({ name, value }) => `${name} ${value}`).join("; ");
    cursor.setAttribute("aria-valuemin", epochs[0]);
    cursor.setAttribute("aria-valuemax", epochs.at(-1));
    cursor.setAttribute("aria-valuenow", epoch);
    cursor.setAttribute("aria-valuetext", `Epoch ${epoch}: ${words}`);
    place(epoch);
  }

  // over the figure's inner part, which Plotly alone knows
  function place(epoch) {
    const { xaxis, yaxis } = drawn?._fullLayout ?? {};
    if (!xaxis) return;
    const at = xaxis.d2p(epoch);
    cursor.style.left = `${area.offsetLeft + xaxis._offset}px`;
    cursor.style.top = `${area.offsetTop + yaxis._offset}px`;
    cursor.style.width = `${xaxis._length}px`;
    cursor.style.height = `${yaxis._length}px`;
    cursor.style.setProperty("--at", `${at}px`);
    cursor.classList.toggle("outside", at < 0 || at > xaxis._length);
  }

  function move(epoch) {
    if (epoch === epochOfCursor()) return;
    chosen = epoch;
    tell();
    document.dispatchEvent(new CustomEvent("borderline:epoch", { detail: { epoch, from: "curves" } }));
  }

  function point({ clientX }) {
    const axis = drawn?._fullLayout?.xaxis;
    if (!axis || !epochs.length) return;
    const across = clientX - area.getBoundingClientRect().left - axis._offset;
    const epoch = across < 0 || across > axis._length ? null : nearest(epochs, axis.p2d(across));
    if (epoch === pointed) return;
    pointed = epoch;
    tell();
  }

  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const epoch = stepped(epochs, epochOfCursor(), event.key);
    const run = event.key === "Enter" ? runAt(lines, epochOfCursor()) : null;
    if (epoch === null && run === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (run === null) move(epoch);
    else askFor(run, epochOfCursor());
  }

  function update() {
    lines = linesOf(props.value?.data ?? []);
    epochs = epochsOf(lines);
    tell();
  }

  area.addEventListener("pointermove", point);
  area.addEventListener("pointerleave", () => {
    pointed = null;
    tell();
  });
  cursor.addEventListener("keydown", press);
  document.addEventListener("borderline:epoch", ({ detail: { epoch, from } }) => {
    if (from === "curves") return;
    chosen = epoch;
    tell();
  });
  watch("value", update);
  update();
  mountFigure(given, (plot) => {
    if (!drawn) {
      plot.on("plotly_afterplot", () => tell());
      plot.on("plotly_click", ({ points: [{ x }] }) => move(x));
    }
    drawn = plot;
    tell();
  });
}
