// The page's one state: what is looked at. Every part reads and changes it here; the address and the history keep it, so
// that a reload, a link, back and forward show what was seen. null is a part's own choice, and is not written.

// What the address keeps, by key: how it is written there, and what it is read as. `view` is a word of Gradio's own.
const LISTS = { runs: "run", off: "off", show: "show", pair: "against" };
const NUMBERS = { epoch: "epoch", shift: "shift", opacity: "opacity", speed: "speed", tile: "tile" };
const TEXTS = {
  tab: "tab",
  photo: "photo",
  layout: "layout",
  see: "see",
  solo: "only",
  picked: "under",
  loupe: "loupe",
  score: "score",
  details: "details",
  loop: "loop",
  order: "order",
  rank: "rank",
  photoScore: "by",
  breed: "breed",
  within: "within",
  panes: "panes",
};
export const KEYS = [...Object.keys(LISTS), ...Object.keys(NUMBERS), ...Object.keys(TEXTS)];
// What a hand slides is no step of the history: back leads to what was chosen before
const SLID = ["epoch", "shift", "opacity", "tile", "within"];
// Tabs of older links, and what took their place
const FORMER_TABS = { segment: "try", compare: "which-loss", scrub: "watch", spot: "failures" };
// A photo of one's own is no part of a link
const OWN = "own:";
// After so many milliseconds without a change the hand rests: a browser allows 100 writes in 30 seconds
const REST = 400;
// A browser that refuses one all the same is asked again after so many
const LATER = 5_000;
// Letters that an address may have: many a server refuses one of 8 kB
const LONGEST = 6_000;
// The page around that of a Space, whose address bar is the one that is seen
const SPACES = "https://huggingface.co";

// The state that an address says, such as `?tab=watch&run=ce-s0&run=focal-s0&epoch=3`
export function readAddress(search) {
  const said = new URLSearchParams(search);
  const state = Object.fromEntries(KEYS.map((key) => [key, null]));
  for (const [key, name] of Object.entries(LISTS)) {
    if (said.has(name)) state[key] = said.getAll(name).filter(Boolean);
  }
  // older links have the runs in one word
  const former = (said.get("runs") ?? "").split(",").filter(Boolean);
  if (!state.runs && former.length) state.runs = former;
  for (const [key, name] of Object.entries(NUMBERS)) {
    const number = said.get(name) ? Number(said.get(name)) : NaN;
    if (Number.isFinite(number)) state[key] = number;
  }
  for (const [key, name] of Object.entries(TEXTS)) state[key] = said.get(name) || null;
  if (!Number.isInteger(state.epoch) || state.epoch < 0 || state.epoch > 99999) state.epoch = null;
  if (Object.hasOwn(FORMER_TABS, state.tab ?? "")) state.tab = FORMER_TABS[state.tab];
  return state;
}

// The address that says this state; what it says beside it stays
export function writeAddress(href, state) {
  const address = new URL(href);
  const said = address.searchParams;
  said.delete("runs");
  for (const [key, name] of Object.entries(LISTS)) {
    said.delete(name);
    // none chosen is not the same as nothing said
    for (const each of state[key]?.length === 0 ? [""] : (state[key] ?? [])) said.append(name, each);
  }
  for (const [key, name] of Object.entries({ ...NUMBERS, ...TEXTS })) {
    const value = state[key];
    if (value === null || (key === "photo" && value.startsWith(OWN))) said.delete(name);
    else said.set(name, value);
  }
  return address.href;
}

// The address that says this state, or where that is too long, all of it but its lists
export function shortAddress(href, state) {
  const address = writeAddress(href, state);
  if (address.length <= LONGEST) return { address, whole: true };
  const listless = Object.fromEntries(Object.keys(LISTS).map((key) => [key, null]));
  return { address: writeAddress(href, { ...state, ...listless }), whole: false };
}

// The state of a window: `get(key)`, `set({key: value})`, `watch(keys, then)`. Keys that no address keeps are what parts
// tell each other, such as `chosen`, the names of the runs that are shown.
export function createState(view) {
  const { location, history } = view;
  const state = readAddress(location.search);
  // lists that were too long for the address, of a page that is loaded again
  for (const key of Object.keys(LISTS)) state[key] ??= history.state?.borderline?.[key] ?? null;
  const watchers = [];
  let written = { ...state };
  let waiting = null;
  let mending = false; // what waits only takes back what the address asked for and is not there

  function tell(changed) {
    for (const { keys, then } of [...watchers]) if (keys.some((key) => changed.includes(key))) then(changed);
  }

  function assign(changes) {
    const changed = Object.keys(changes).filter(
      (key) => JSON.stringify(changes[key] ?? null) !== JSON.stringify(state[key] ?? null),
    );
    for (const key of changed) state[key] = changes[key] ?? null;
    return changed;
  }

  const kept = () => Object.fromEntries(KEYS.map((key) => [key, state[key] ?? null]));

  function write() {
    view.clearTimeout(waiting);
    waiting = null;
    const now = kept();
    const changed = KEYS.filter((key) => JSON.stringify(now[key]) !== JSON.stringify(written[key] ?? null));
    if (!changed.length) return;
    const slid = changed.every((key) => SLID.includes(key));
    try {
      history[slid || mending ? "replaceState" : "pushState"](
        { borderline: now },
        "",
        shortAddress(location.href, now).address,
      );
    } catch {
      waiting = view.setTimeout(write, LATER);
      return;
    }
    written = now;
    mending = false;
    tellParent();
  }

  // Framed on a Space's page, the address bar is that page's: it keeps what it is told, and no other is told
  function tellParent() {
    if (view.parent !== view) view.parent.postMessage({ queryString: location.search.slice(1) }, SPACES);
  }

  view.addEventListener("popstate", (event) => {
    view.clearTimeout(waiting);
    waiting = null;
    written = { ...readAddress(location.search), ...event.state?.borderline };
    tell(assign(written));
    tellParent();
  });
  // what waits is not lost where the page is left, or reloaded, before the hand has rested
  view.addEventListener("pagehide", () => waiting !== null && write());

  return {
    get: (key) => state[key] ?? null,
    // `mends` where no person chose: it is no step of the history
    set(changes, { mends = false } = {}) {
      const changed = assign(changes);
      if (!changed.length) return;
      if (changed.some((key) => KEYS.includes(key))) {
        mending = mends && (waiting === null || mending);
        view.clearTimeout(waiting);
        waiting = view.setTimeout(write, REST);
      }
      tell(changed);
    },
    watch(keys, then) {
      watchers.push({ keys, then });
    },
    // The address as it would be written now, to be shared, and whether it is the whole of it
    link: () => shortAddress(location.href, kept()),
  };
}

// The page's own, which snippets find as `borderline`
export function pageState() {
  return (window.borderline ??= createState(window));
}
