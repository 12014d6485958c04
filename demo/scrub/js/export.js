// What is shown, as an animation: the page draws every epoch as it is on the screen, the server makes a file of it.

import { drawRuns, drawStill } from "./grid.js";
import { allTiles, arrange } from "./layout.js";

const EXPORT = { narrowest: 420, widest: 960, margin: 12, title: 36 };

export async function exportAnimation(scrubber, server, upload) {
  const { testId, slider, statusLine, runs } = scrubber;
  if (!runs.length) return;
  const button = testId("export");
  const kind = testId("kind").value;
  scrubber.pause();
  button.disabled = true;
  try {
    const frames = [];
    const last = Number(slider.max);
    const paint = painter(scrubber);
    for (let epoch = 0; epoch <= last; epoch++) {
      statusLine.textContent = `Drawing the animation: epoch ${epoch} of ${last}`;
      const blob = await paint(epoch).convertToBlob({ type: "image/png" });
      frames.push((await upload(new File([blob], `epoch-${epoch}.png`, { type: "image/png" }))).path);
    }
    statusLine.textContent = `Writing the ${kind.toUpperCase()}`;
    const name = `borderline-${scrubber.runs.map((run) => run.name).join("-")}`;
    const { url, error } = await server.write_animation({ frames, kind, name, milliseconds: scrubber.milliseconds() });
    if (error) throw new Error(error);
    const link = document.createElement("a");
    link.href = url;
    link.download = decodeURIComponent(url.split("/").at(-1));
    link.click();
    statusLine.textContent = `Saved ${link.download}`;
  } catch (error) {
    statusLine.textContent = `The animation could not be made: ${error.message}`;
  } finally {
    button.disabled = false;
  }
}

// A function that draws one epoch: the grid under its number, and a bar that says how far it is
function painter({ root, slider, runs, colours, shownNow, styleNow }) {
  const { narrowest, widest, margin, title } = EXPORT;
  const width = Math.min(Math.max(root.clientWidth, narrowest), widest);
  const shown = shownNow();
  const parts = arrange(allTiles(runs), runs, shown, width - 2 * margin);
  const height = title + parts.reduce((sum, section) => sum + section.height, 0) + margin;
  const frame = new OffscreenCanvas(width, height);
  const context = frame.getContext("2d");
  const style = styleNow();
  const paper = getComputedStyle(document.body).backgroundColor;
  const last = Math.max(Number(slider.max), 1);
  return (epoch) => {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = paper;
    context.fillRect(0, 0, width, height);
    context.fillStyle = style.ink;
    context.fillRect(0, 0, (width * epoch) / last, 3);
    context.font = `600 18px ${style.font}`;
    context.fillText(`Epoch ${epoch} of ${slider.max}`, margin, 26);
    context.translate(margin, title);
    drawStill(context, parts, runs, shown, colours, style);
    drawRuns(context, parts, runs, epoch, shown, colours);
    return frame;
  };
}
