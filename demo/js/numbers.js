// How numbers are written.

const PERCENT = new Intl.NumberFormat("en", {
  style: "percent",
  maximumFractionDigits: 1,
  minimumFractionDigits: 1,
});

// A share in per cent, such as "57.5 %", as everywhere in the project
export const perCent = (share) => PERCENT.format(share).replace("%", " %");
