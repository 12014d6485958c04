// Tells the server what is chosen, for one tab: while it is looked at, and where it is not what it was told before.

import { pageState } from "../../js/state.js";
import { watchStanding } from "./standing.js";

// A hand that clicks on: so many milliseconds later it has chosen
const SETTLED = 60;

export function mount({ props, trigger, server }) {
  const page = pageState();
  const { tab, keys } = props;
  let told = null;
  let waiting = null;
  const standing = watchStanding({
    ask: () => server.standing({}),
    fetch: () => trigger("click"), // any event has the answers fetched again
    say: (before) => document.dispatchEvent(new CustomEvent("borderline:waits", { detail: { tab, before } })),
  });

  function tell() {
    if (page.get("shownTab") !== tab || page.get("chosen") === null) return;
    const asked = Object.fromEntries(keys.map((key) => [key, page.get(key)]));
    // what the files are decides too: a run that trains grows, photos come
    const news = JSON.stringify([page.get("chosen"), page.get("stamps"), page.get("photosCame"), asked]);
    if (news === told) return;
    told = news;
    props.value = { runs: page.get("chosen"), ...asked };
    trigger("select");
    standing.asked();
  }

  page.watch(["shownTab", "chosen", "stamps", "photosCame", ...keys], () => {
    clearTimeout(waiting);
    waiting = setTimeout(tell, SETTLED);
  });
  tell();
}
