// The page's head: the tabs, what is shared, dark or light, and the list of keys.

import { copyText } from "../../js/clipboard.js";
import { pageState } from "../../js/state.js";
import { watchConnection } from "./connection.js";
import { KEYS } from "./keys_list.js";
import { onKeys } from "../../js/keys.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

// In a frame of another site a browser may keep nothing: then the choice lasts as long as the page
const THEME = "borderline-dark";

function remembered() {
  try {
    return localStorage.getItem(THEME);
  } catch {
    return null;
  }
}

function remember(on) {
  try {
    localStorage.setItem(THEME, on);
  } catch {
    // as said
  }
}

export function mount({ element, props, trigger }) {
  const head = element.querySelector(".page-head");
  const act = (name) => head.querySelector(`[data-act="${name}"]`);
  const page = pageState();
  const tabs = [...head.querySelectorAll("[role=tab]")];

  const connection = watchConnection(head.querySelector(".head-lost"));

  // ---- tabs

  function show() {
    const wanted = tabs.find(({ dataset }) => dataset.tab === page.get("tab")) ?? tabs[0];
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab === wanted));
      tab.tabIndex = tab === wanted ? 0 : -1;
    }
    if (props.value !== wanted.dataset.tab) {
      props.value = wanted.dataset.tab;
      // where the app does not answer Gradio hears of no event: its own button, out of sight, works all the same
      if (connection.silent()) document.getElementById(`tab-${wanted.dataset.tab}-button`).click();
      else trigger("select");
    }
    page.set({ shownTab: wanted.dataset.tab });
  }

  for (const tab of tabs) tab.addEventListener("click", () => page.set({ tab: tab.dataset.tab }));
  head.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = Math.min(tabs.length - 1, Math.max(0, tabs.indexOf(event.target) + step));
    tabs[next].focus();
    tabs[next].click();
  });
  page.watch(["tab"], show);
  show();

  // a point of a figure leads to its run and epoch
  document.addEventListener("borderline:watch", ({ detail: { run, epoch } }) => {
    const chosen = page.get("chosen") ?? page.get("runs") ?? [];
    page.set({ tab: "watch", epoch, ...(chosen.includes(run) ? {} : { runs: [...chosen, run] }) });
  });

  // the curves show the page's epoch, and a hand on them moves it
  const tellEpoch = () => {
    const epoch = page.get("epoch") ?? page.get("deepest");
    document.dispatchEvent(new CustomEvent("borderline:epoch", { detail: { epoch } }));
  };
  page.watch(["epoch", "deepest", "shownTab"], tellEpoch);
  document.addEventListener("borderline:epoch", ({ detail: { epoch, from } }) => {
    if (from) page.set({ epoch });
  });

  // ---- share

  let said = null;
  function say(text) {
    clearTimeout(said);
    head.querySelector(".head-said").textContent = text;
    said = setTimeout(() => (head.querySelector(".head-said").textContent = ""), 4000);
  }

  act("share").addEventListener("click", async () => {
    const own = page.get("photo")?.startsWith("own:") ? " Your own photo is not in it." : "";
    const { address, whole } = page.link();
    const cut = whole ? "" : " The choice of runs is too long for a link, and not in it.";
    say((await copyText(address)) ? `The link to this view is copied.${own}${cut}` : address);
  });

  // ---- dark or light

  function dark(on) {
    document.body.classList.toggle("dark", on);
    act("theme").setAttribute("aria-pressed", String(on));
  }

  const asked = new URLSearchParams(location.search).get("__theme");
  if (!["dark", "light"].includes(asked) && remembered()) dark(remembered() === "true");
  const follow = () => act("theme").setAttribute("aria-pressed", String(document.body.classList.contains("dark")));
  new MutationObserver(follow).observe(document.body, { attributeFilter: ["class"] });
  follow();
  act("theme").addEventListener("click", () => {
    const on = !document.body.classList.contains("dark");
    dark(on);
    remember(on);
  });

  // ---- keys

  const list = head.querySelector(".head-keys");
  list.querySelector("tbody").replaceChildren(
    ...KEYS.map(([keys, meaning]) => {
      const row = document.createElement("tr");
      const [key, does] = [document.createElement("th"), document.createElement("td")];
      key.scope = "row";
      key.textContent = keys;
      does.textContent = meaning;
      row.append(key, does);
      return row;
    }),
  );
  // nothing is to be pressed before it is heard
  for (const button of head.querySelectorAll("button")) button.disabled = false;
  // its head is seen first, though the button at its foot takes the focus
  const showKeys = () => {
    list.showModal();
    list.scrollTop = 0;
  };
  act("keys").addEventListener("click", showKeys);
  act("close").addEventListener("click", () => list.close());
  list.addEventListener("click", (event) => event.target === list && list.close());
  onKeys(() => !document.querySelector("dialog[open]"), { "?": showKeys });
}
