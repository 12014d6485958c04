// The page's address keeps what is chosen, so that it can be shared.

// `addressWith(href, {tab: "compare", runs: ["ce-s0"], epoch: 3})` is the address that also says so; null, undefined, ""
// or an empty list drops a key, all others stay
export function addressWith(href, changes) {
  const address = new URL(href);
  for (const [key, value] of Object.entries(changes)) {
    const text = Array.isArray(value) ? value.join(",") : value;
    if (text === null || text === undefined || text === "") address.searchParams.delete(key);
    else address.searchParams.set(key, text);
  }
  return address.href;
}

export function keepInAddress(changes) {
  history.replaceState(history.state, "", addressWith(location.href, changes));
}
