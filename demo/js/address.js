// The page's address keeps what is chosen, so that it can be shared; and a point of a figure leads to the scrubber.

// What the page was opened with: the first tab announces itself before this is read
window.borderlineOpenedWith = location.search;

// `borderlineAddress({tab: "compare", runs: ["ce-s0"], epoch: 3})`; null or an empty list drops a key
window.borderlineAddress = (changes) => {
  const address = new URL(location.href);
  for (const [key, value] of Object.entries(changes)) {
    const text = Array.isArray(value) ? value.join(",") : value;
    if (text === null || text === undefined || text === "") address.searchParams.delete(key);
    else address.searchParams.set(key, text);
  }
  history.replaceState(history.state, "", address);
};
