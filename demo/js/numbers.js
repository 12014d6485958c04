// How numbers are written.

// A share in per cent, such as 57.5%
export const PER_CENT = new Intl.NumberFormat("en", {
  style: "percent",
  maximumFractionDigits: 1,
  minimumFractionDigits: 1,
});
