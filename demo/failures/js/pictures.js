// The gallery's pictures, asked for as they are needed.

const KEPT = 900; // about 10 kB each
const AT_ONCE = 30;
// A hand that scrolls on: so many milliseconds later it wants to see something
const SETTLED = 40;

// `ask(names)` gives {name: picture or null}; `then()` is called when some have come
export function pictureStore(ask, then) {
  const known = new Map();
  let wanted = [];
  let waiting = null;
  let busy = false;

  async function flush() {
    waiting = null;
    const names = wanted.filter((name) => !known.has(name)).slice(0, AT_ONCE);
    if (busy || !names.length) return;
    busy = true;
    try {
      for (const [name, picture] of Object.entries(await ask(names))) known.set(name, picture);
      for (const name of [...known.keys()].slice(0, Math.max(0, known.size - KEPT))) known.delete(name);
      then();
    } catch {
      // the app does not answer: they are asked for again when something else is looked at
      wanted = [];
    }
    busy = false;
    flush();
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
