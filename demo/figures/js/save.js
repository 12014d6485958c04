// What a figure shows, as files.

import { widthOf } from "./drawing.js";

const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
// as text that a spreadsheet takes for no formula: names come from files that anybody may have written
const isFormula = (cell) =>
  typeof cell === "string" && /^[=+@\t\r\n＝＋－＠-]/.test(cell) && Number.isNaN(Number(cell));
const harmless = (cell) => (isFormula(cell) ? `'${cell}` : String(cell ?? ""));

export function csv(rows) {
  const text = rows.map((row) => row.map((cell) => quoted(harmless(cell))).join(",") + "\n").join("");
  // Excel takes what does not say that it is UTF-8 for a local code page
  return /[\u0080-\uffff]/.test(text) ? `\ufeff${text}` : text;
}

const isData = ({ hoverinfo, meta }) => hoverinfo !== "skip" && !meta?.left_out;

// As Plotly writes it, which knows some HTML: a name is no link
const plain = (name) => name?.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

// The figure as Plotly draws it for a file, on white: with a legend of its own where the page has that beside it
export function forFile(data, layout, { legend }) {
  const above = { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" };
  return {
    data: data.map((trace) => ({ ...trace, name: plain(trace.name), showlegend: isData(trace) })),
    layout: { ...layout, paper_bgcolor: "#ffffff", showlegend: legend, legend: above },
  };
}

// The rows of a figure's traces, as `View.as_value` gives it: what has no words under the pointer is no data
export function rowsOf({ data, layout, title }) {
  const traces = data.filter(isData);
  const more = traces.find(({ meta }) => meta?.columns)?.meta.columns ?? [];
  const across = layout.xaxis?.title?.text || "x";
  const up = layout.yaxis?.title?.text || title;
  const bars = ["error_x", "error_y"].filter((name) => traces.some((trace) => trace[name]));
  const ends = bars.flatMap((name) => [
    `${name === "error_x" ? across : up}: low`,
    `${name === "error_x" ? across : up}: high`,
  ]);
  const rows = traces.flatMap((trace) =>
    trace.x.map((x, i) => [
      trace.meta?.name ?? trace.name,
      x,
      trace.y[i],
      ...bars.flatMap((name) => endsOf(trace, name, i)),
      ...(more.length ? (trace.customdata?.[i] ?? more.map(() => "")) : []),
    ]),
  );
  return [["", across, up, ...ends, ...more], ...rows];
}

// Where the interval of a point begins and ends
function endsOf(trace, name, i) {
  const middle = (name === "error_x" ? trace.x : trace.y)[i];
  const spread = trace[name];
  if (!spread || middle === null) return ["", ""];
  return [middle - spread.arrayminus[i], middle + spread.array[i]];
}

// `Recall by epoch` becomes `borderline-recall-by-epoch`
export function fileName(title) {
  const words = title.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return ["borderline", ...words].join("-");
}

export function saveText(text, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// For what is drawn as HTML: its `data-figure` holds what it shows, from which `rows` and `draw` make the files
export function saveOnClick(element, { rows, draw }) {
  element.addEventListener("click", ({ target }) => {
    const kind = target.closest("[data-save]")?.dataset.save;
    if (!kind) return;
    const figure = JSON.parse(target.closest("[data-figure]").dataset.figure);
    const name = fileName(figure.title);
    if (kind === "csv") saveText(csv(rows(figure)), `${name}.csv`, "text/csv");
    else saveText(draw(figure, widthOf), `${name}.svg`, "image/svg+xml");
  });
}
