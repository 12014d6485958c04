// Whether the app answers. Gradio says so in words of its own, once something was asked, and reloads the page by itself.

import { IN_VAIN } from "../../js/answers.js";

// Milliseconds between looks while it does not answer; while it does, nothing is asked
const AGAIN = 2000;
// Gradio's notices of it, which are taken for a reason to look
const NOTICE = /^(connection (errored out|to the server was lost)|failed to fetch)/i;

const SILENT = { words: "Borderline does not answer: what you see stays, nothing new comes.", button: "Try again" };
const ANEW = { words: "Borderline was started anew: photos of your own are to be chosen again.", button: "Reload" };
const LOST = { words: "An answer was lost on its way.", button: "Reload" };

// `notice` holds one sentence and one button
export function watchConnection(notice) {
  const [words, button] = [notice.querySelector("span"), notice.querySelector("button")];
  let first = null;
  let state = null; // what is said, or nothing
  let waiting = null;
  let looking = null;

  function say(now) {
    if (state === now) return;
    state = now;
    notice.hidden = !now;
    words.textContent = now?.words ?? "";
    button.textContent = now?.button ?? "";
  }

  // Looks that come while one is under way are the same look
  const look = () => (looking ??= ask().finally(() => (looking = null)));

  async function ask() {
    clearTimeout(waiting);
    try {
      const now = await startOfTheApp();
      first ??= now;
      if (now !== first) say(ANEW);
      else if (state === SILENT) say(null);
    } catch {
      say(SILENT);
    }
    if (state === SILENT) waiting = setTimeout(() => document.hidden || look(), AGAIN);
  }

  async function lost() {
    await look();
    if (!state) say(LOST);
  }

  document.addEventListener(IN_VAIN, lost);
  button.addEventListener("click", () => (state === SILENT ? look() : location.reload()));
  document.addEventListener("visibilitychange", () => document.hidden || look());
  for (const event of ["online", "offline"]) window.addEventListener(event, look);
  new MutationObserver(() => {
    for (const said of document.querySelectorAll(".toast-message-item:not([hidden])")) {
      if (!NOTICE.test(said.textContent.trim())) continue;
      said.hidden = true;
      const toast = said.closest(".toast-body");
      toast.hidden = !toast.querySelector(".toast-message-item:not([hidden])");
      lost();
    }
  }).observe(document.querySelector(".toast-wrap") ?? document.body, { childList: true, subtree: true });
  look();
  return { silent: () => state === SILENT };
}

// Which start of the app it is
async function startOfTheApp() {
  const answer = await fetch("gradio_api/app_id", { cache: "no-store", signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`the app answered ${answer.status}`);
  return (await answer.json()).app_id;
}
