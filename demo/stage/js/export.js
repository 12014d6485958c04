// What is seen, as a PNG.

const GAP = 16;
const CAPTION = 40;

export async function exportPicture(place, photo, name) {
  const figures = [...place.querySelectorAll("figure")];
  const canvases = figures.map((figure) => figure.querySelector("canvas"));
  const captions = figures.map((figure) => figure.querySelector("figcaption")?.textContent ?? "");
  const captioned = captions.some(Boolean) ? CAPTION : 0;
  const width = canvases.reduce((sum, canvas) => sum + canvas.width + GAP, -GAP);
  const height = Math.max(...canvases.map((canvas) => canvas.height)) + captioned;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.fillStyle = "#15171c";
  context.font = "600 24px system-ui, sans-serif";
  let left = 0;
  for (const [number, canvas] of canvases.entries()) {
    if (captions[number]) context.fillText(captions[number], left, CAPTION - 12);
    context.drawImage(canvas, left, captioned);
    left += canvas.width + GAP;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await context.canvas.convertToBlob({ type: "image/png" }));
  link.download = `${photo.name}-${name}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
