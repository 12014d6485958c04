// The gallery's pictures, asked for as they are needed.

const KEPT = 900; // about 10 kB each
const AT_ONCE = 30;
// A hand that scrolls on: so many milliseconds later it wants to see something
const SETTLED = 40;

// Where the app does not answer: so many milliseconds later it is asked again
const AGAIN = 3000;

// `ask(names)` gives {name: picture or null}; `then()` is called when some have come
export function pictureStore(ask, then) {
  const known = new Map();
  let wanted = [];
  let waiting = null;
  let again = null;
  let busy = false;

  async function flush() {
    waiting = null;
    clearTimeout(again);
    const names = wanted.filter((name) => !known.has(name)).slice(0, AT_ONCE);
    if (busy || !names.length) return;
    const seen = wanted;
    busy = true;
    const found = await ask(names).catch(() => null); // the app does not answer, which the page says
    busy = false;
    for (const [name, picture] of Object.entries(found ?? {})) known.set(name, picture);
    for (const name of [...known.keys()].slice(0, Math.max(0, known.size - KEPT))) known.delete(name);
    if (found) then();
    // of what is seen by now it has not been asked
    if (found || wanted !== seen) flush();
    else again = setTimeout(flush, AGAIN);
  }

  return {
    // undefined: not yet; null: there is none
    get: (name) => known.get(name),
    // those that are seen now, and no others
    want(names) {
      wanted = names;
      waiting ??= setTimeout(flush, SETTLED);
    },
    forget: () => known.clear(),
  };
}
