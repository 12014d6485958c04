// Looks after what was asked: says how many others are before it, and has the answer fetched where it was lost.
//
// Gradio's client closes its stream of answers when it believes the last to be there; one that is asked for at that
// moment may never be fetched.

// Milliseconds between looks
const AGAIN = 2500;

// `ask()` promises {before, lost}; `fetch()` has answers fetched, `say(before)` tells the place
export function watchStanding({ ask, fetch, say, wait = (next) => setTimeout(next, AGAIN) }) {
  let turn = 0; // of what was asked: a newer one is looked after in the older one's place

  async function look(mine, seen) {
    if (mine !== turn) return;
    const { before, lost } = await ask().catch(() => ({ before: null, lost: false })); // the page says so itself
    if (mine !== turn) return;
    if (before > 0) say(before);
    if (lost && seen.lost) fetch(); // for the second time: it is not on its way
    if (before === null && !lost) return;
    wait(() => look(mine, { lost }));
  }

  return {
    asked() {
      const mine = ++turn;
      wait(() => look(mine, { lost: false }));
    },
  };
}
