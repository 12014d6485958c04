// The banner over the tabs that show the dataset's photos, while these are not on the app's machine.

import { pageState } from "../../js/state.js";

// Milliseconds between looks: while they are on their way, and while nobody has sent for them, or not again yet
const [SOON, LATER] = [1000, 5000];
const QUIET = ["missing", "waiting"];
const SHOWN_IN = ["watch", "failures"];

export function mount({ element, props, server, trigger }) {
  const banner = element.querySelector(".photos");
  const [title, said] = [banner.querySelector("[role=status]"), banner.querySelector("span")];
  const [button, meter] = [banner.querySelector("button"), banner.querySelector("[role=progressbar]")];
  const page = pageState();
  let value = props.value;
  let waiting = null;
  let asked = 0;
  let opened = false; // what came before the page was opened, its tabs have already

  const missing = () => value.stage !== "here";

  function draw() {
    banner.hidden = !missing();
    banner.dataset.stage = value.stage;
    // said anew only where it is new: somebody listens
    if (title.textContent !== value.title) title.textContent = value.title;
    said.textContent = value.said;
    button.hidden = !value.button;
    button.disabled = false;
    button.textContent = value.button ?? "";
    button.classList.toggle("primary", value.does === "start");
    meter.style.setProperty("--share", value.share ?? 0);
    if (value.share === null) meter.removeAttribute("aria-valuenow");
    else meter.setAttribute("aria-valuenow", Math.round(100 * value.share));
  }

  async function ask(does) {
    clearTimeout(waiting);
    const [own, before] = [++asked, missing()];
    let now = value;
    try {
      now = await server[does](null);
    } catch (error) {
      console.warn("The app does not say where the photos are.", error);
    }
    // a press was later than this look
    if (own !== asked) return;
    value = now;
    draw();
    if (missing()) waiting = setTimeout(look, QUIET.includes(value.stage) ? LATER : SOON);
    else if (before && opened) {
      // what shows photos asks for them, now or when it is looked at next
      page.set({ photosCame: Date.now() });
      trigger("select");
    }
    opened = true;
  }

  // Where the banner is seen, or photos are on their way: a page that nobody sees, and a tab that misses none, ask nothing
  function look() {
    clearTimeout(waiting);
    const seen = !document.hidden && (SHOWN_IN.includes(page.get("shownTab")) || value.stage !== "missing");
    if (seen && missing()) ask("photos");
  }

  // the room that is kept is for short sentences
  new ResizeObserver(() => {
    if (!banner.offsetHeight) return;
    const { marginTop, marginBottom } = getComputedStyle(banner);
    const room = banner.offsetHeight + parseFloat(marginTop) + parseFloat(marginBottom);
    element.closest(".column").style.setProperty("--photos-room", `${room}px`);
  }).observe(banner);

  // a double click gets, and does not cancel at once
  button.addEventListener("click", (event) => event.detail < 2 && ask(value.does));
  document.addEventListener("visibilitychange", look);
  page.watch(["shownTab"], look);
  draw();
  look();
}
