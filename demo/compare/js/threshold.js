// What moving the border's threshold does to the networks of a figure, as `operating_curves` gives it.

const SHIFT = 0;
const F1 = 1;
const ACCURACY = 2;

// `+0.8`, `−1.2`, `0.0`
export function signed(shift) {
  const text = Math.abs(shift).toFixed(1);
  return text === "0.0" ? text : (shift > 0 ? "+" : "−") + text;
}

// Of each open mark the number of its trace and where it comes to; null where its curve does not reach
export function marksAt(data, shift) {
  return data.flatMap(({ meta }, trace) => {
    if (meta?.along === undefined) return [];
    const point = pointAt(data[meta.along], shift);
    return [{ trace, x: point?.x ?? null, y: point?.y ?? null }];
  });
}

// A sentence a network: F1 and pixel accuracy there, and as trained
export function toldAt(data, shift) {
  return data.flatMap(({ meta }) => {
    if (meta?.along === undefined) return [];
    const curve = data[meta.along];
    const [here, start] = [pointAt(curve, shift), pointAt(curve, 0)];
    const who = { name: curve.name, colour: curve.line.color, symbol: meta.symbol };
    if (!here) return [{ ...who, text: "paints no border there" }];
    const words = (point) => `F1 ${point.f1.toFixed(1)}, pixel accuracy ${point.accuracy.toFixed(1)}`;
    if (Math.abs(shift) < 0.05) return [{ ...who, text: `${words(here)}, as trained` }];
    const from = start ? `(as trained ${start.f1.toFixed(1)}, ${start.accuracy.toFixed(1)})` : "(none as trained)";
    return [{ ...who, text: `${words(here)} ${from}` }];
  });
}

function pointAt(curve, shift) {
  const at = curve.customdata.findIndex((row) => Math.abs(row[SHIFT] - shift) < 0.05);
  if (at < 0) return null;
  const row = curve.customdata[at];
  return { x: curve.x[at], y: curve.y[at], f1: row[F1], accuracy: row[ACCURACY] };
}
