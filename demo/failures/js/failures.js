// The Failures tab. The server sends every photo's scores once; order, search and range ask it for nothing, and of
// pictures only those that are seen.

import { saveText } from "../../figures/js/save.js";
import { copyText } from "../../js/clipboard.js";
import { onKeys } from "../../js/keys.js";
import { pageState } from "../../js/state.js";
import { radioGroup } from "../../stage/js/controls.js";
import { chosenPhoto } from "./chosen.js";
import { gallery } from "./gallery.js";
import * as listed from "./list.js";
import { createMarks, listText } from "./marks.js";
import { pictureStore } from "./pictures.js";
import { bins, spread } from "./spread.js";

const FILE = "wrong-labels.txt";
const COMMAND = "python -m experiments.run --loss ce";
const KEYS = ["rank", "pair", "breed", "within", "photo", "shownTab"];
const counted = (count) => count.toLocaleString("en");

export function mount({ element, props, server, watch }) {
  const tab = element.querySelector(".fail");
  const find = (selector) => tab.querySelector(selector);
  const page = pageState();
  const marks = createMarks();
  const store = pictureStore(
    (photos) => server.thumbs({ photos }),
    () => shown.draw(),
  );
  let value = null; // of the server, where photos can be ranked
  let photos = [];
  let it = { rank: "hardest", pair: null, within: null, most: 100, list: [], chosen: null };

  const ranks = radioGroup(find('[data-group="rank"]'), listed.RANKS, (rank) =>
    page.set({ rank: rank === "hardest" ? null : rank }),
  );
  const shown = gallery(find(".gallery"), {
    choose: (photo) => choose(photo, true),
    want: store.want,
    picture: store.get,
    isMarked: marks.has,
  });
  const range = spread(find(".spread"), (drawn) =>
    page.set({ within: listed.writeWithin(drawn ?? [0, it.most], it.most) }),
  );
  const stage = chosenPhoto(find(".fail-photo"), server, page);

  // ---- what is seen

  // Another value of the server: other runs, another score
  function take() {
    const { missing, waiting, scores, score, dataset } = props.value;
    layScores(scores, score?.name);
    if (waiting) return;
    tab.setAttribute("aria-busy", "false");
    const laid = () => JSON.stringify([value?.losses, value?.dataset]);
    const before = laid();
    value = missing ? null : props.value;
    showState(missing);
    if (!value) {
      it = { ...it, list: [], chosen: null };
      stage.show(null);
      return;
    }
    photos = listed.readPhotos(value);
    it.most = listed.scaleOf(score);
    layPair();
    find(".spread-of").textContent = listed.spreadOf(value);
    range({ counts: listed.binned(photos, bins, it.most), most: it.most, percent: score.percent });
    if (dataset) store.forget();
    const search = find(".fail-search input");
    search.placeholder = value.search;
    search.ariaLabel = value.search;
    shown.show({ losses: value.losses, score, pictures: dataset });
    if (laid() !== before) stage.lay(value);
    follow();
  }

  // Another order, search, range or photo; in another tab it waits until this one is looked at
  function follow() {
    if (page.get("shownTab") !== "failures") return;
    if (!value) return ranks.show(asked());
    const rank = asked();
    const pair = rank === "disagreement" ? listed.pairOf(page.get("pair"), value.losses) : null;
    const within = listed.readWithin(page.get("within"), it.most);
    const search = page.get("breed") ?? "";
    const all = listed.ordered(photos, value, rank, pair);
    it = { ...it, rank, pair, within, list: listed.narrowed(all, search, within, it.most) };
    ranks.show(rank);
    if (find(".fail-search input").value.trim() !== search) find(".fail-search input").value = search;
    find('[data-act="clear-search"]').hidden = !search;
    showPair(pair);
    range({ range: within });
    showWords(rank, all.length, search);
    const chosen = it.list.find(({ name }) => name === page.get("photo")) ?? it.list[0] ?? null;
    it.chosen = chosen;
    find(".gallery").hidden = !it.list.length;
    shown.show({ list: it.list, chosen: chosen?.name ?? null, rank, pair });
    showPhoto();
  }

  const asked = () => listed.RANKS.find(({ key }) => key === page.get("rank"))?.key ?? "hardest";

  function showPhoto() {
    const { chosen, list, rank } = it;
    const reason = rank === "suspicion" ? (chosen?.reason ?? "") : "";
    stage.show(chosen, list.indexOf(chosen), list.length, chosen !== null && marks.has(chosen.name), reason);
    const marked = marks.all().length;
    find(".fail-marked").hidden = !marked;
    find(".fail-marked span").textContent = `${counted(marked)} marked`;
  }

  function showWords(rank, ranked, search) {
    const { list, within, most } = it;
    const broken = rank === "suspicion" ? 0 : value.broken.length;
    find(".fail-count span").textContent =
      `${counted(list.length)} of ${counted(photos.length)} photos${broken ? "," : ""}`;
    const aside = find('[data-act="broken"]');
    aside.hidden = !broken;
    aside.textContent = `${counted(broken)} broken ${broken === 1 ? "label" : "labels"} set aside`;
    const { noun } = value.score;
    const ends = { hardest: "their mean", disagreement: "second less first" }[rank];
    find(".fail-legend").textContent = ends ? `ticks: ${noun} of each loss; number: ${ends}` : `number: mean ${noun}`;
    find(".fail-legend").title = value.score.meaning;
    const how = [rank === "suspicion" ? value.suspects.how : "", value.lacking].filter(Boolean).join(" ");
    find(".fail-how").hidden = !how;
    find(".fail-how").textContent = how;
    const none = noneSentence(rank, ranked, search, within, most);
    find(".fail-none").hidden = Boolean(list.length);
    find(".fail-none p").textContent = none;
    const needs = rank === "disagreement" && value.losses.length < 2;
    find(".fail-none button").textContent = needs ? "Add a run" : ranked ? "Show all photos" : "Show the hardest";
    find(".fail-none button").dataset.act = needs ? "add" : ranked ? "show-all" : "hardest";
  }

  function noneSentence(rank, ranked, search, within, most) {
    if (rank === "disagreement" && value.losses.length < 2) return "Two losses disagree only where two are shown.";
    if (!ranked) return value.suspects.text ?? "No photo can be put in this order.";
    const [low, high] = (within ?? []).map((end) => listed.hundredths(end, value.score.percent));
    const between = within ? ` with a score from ${low} to ${within[1] >= most ? "the end" : high}` : "";
    return search ? `No photo is called “${search}”${between}.` : `There is no photo${between}.`;
  }

  function showState(missing) {
    find(".fail-state").hidden = !missing;
    find(".fail-body").hidden = Boolean(missing);
    for (const part of [".fail-count", ".fail-legend", ".fail-search"]) find(part).hidden = Boolean(missing);
    if (!missing) return;
    for (const part of [".fail-pair", ".fail-marked", ".fail-how"]) find(part).hidden = true;
    find(".fail-state p").textContent = missing.text;
    find(".fail-state button").textContent = missing.button;
    find(".fail-state button").dataset.act = missing.act;
  }

  function layScores(scores, chosen) {
    const select = find(".spread select");
    select.replaceChildren(...scores.map(([title, name]) => new Option(title, name, false, name === chosen)));
  }

  function layPair() {
    for (const select of tab.querySelectorAll(".fail-pair select")) {
      select.replaceChildren(...value.losses.map(({ title, run }) => new Option(title, run)));
    }
  }

  function showPair(pair) {
    find(".fail-pair").hidden = !pair;
    for (const [number, select] of [...tab.querySelectorAll(".fail-pair select")].entries()) {
      if (pair) select.value = value.losses[pair[number]].run;
    }
  }

  // ---- what a person does

  function choose(photo, byHand = false) {
    page.set({ photo: photo.name });
    showPhoto(); // also the one that is chosen already, where the app did not answer
    shown.reveal();
    // on a phone the photo is above the gallery, out of sight
    const { top, bottom } = find(".fail-photo").getBoundingClientRect();
    if (byHand && (bottom < 120 || top > innerHeight)) find(".fail-photo").scrollIntoView({ block: "start" });
  }

  function step(by) {
    const now = it.list.indexOf(it.chosen);
    const next = it.list[Math.max(0, Math.min(it.list.length - 1, now + by))];
    if (next) choose(next);
  }

  function openInTry() {
    if (stage.canTry()) page.set({ photo: it.chosen.name, tab: "try" });
  }

  function mark() {
    if (!it.chosen) return;
    marks.toggle(it.chosen.name);
    showPhoto();
    shown.draw();
  }

  const ACTS = {
    "clear-search": () => page.set({ breed: null }),
    "show-all": () => page.set({ breed: null, within: null }),
    "first-score": () => page.set({ photoScore: null }),
    broken: () => page.set({ rank: "suspicion" }),
    hardest: () => page.set({ rank: null }),
    add: () => document.querySelector(".selection-add").click(),
    curves: () => page.set({ tab: "which-loss" }),
    copy: async () => {
      if (await copyText(COMMAND)) find(".fail-state button").textContent = "Copied";
    },
    export: () => saveText(listText(marks.all()), FILE, "text/plain"),
    mark,
    before: () => step(-1),
    next: () => step(1),
    try: openInTry,
  };
  tab.addEventListener("click", ({ target }) => ACTS[target.closest("button[data-act]")?.dataset.act]?.());
  find(".fail-search input").addEventListener("input", ({ target }) => {
    page.set({ breed: target.value.trim() || null });
  });
  find(".fail-search input").addEventListener("keydown", ({ key }) => key === "Escape" && page.set({ breed: null }));
  find(".spread select").addEventListener("change", ({ target }) =>
    page.set({ photoScore: target.value, within: null }),
  );
  find(".fail-pair").addEventListener("change", () => {
    const [first, second] = tab.querySelectorAll(".fail-pair select");
    page.set({ pair: first.value === second.value ? null : [first.value, second.value] });
    follow();
  });
  const looked = () => tab.offsetParent !== null && it.chosen !== null && !document.querySelector("dialog[open]");
  onKeys(looked, {
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    Home: () => step(-Infinity),
    End: () => step(Infinity),
    Enter: openInTry,
    m: mark,
  });

  // another window has marked
  addEventListener("storage", () => {
    marks.refresh();
    follow();
  });
  page.watch(KEYS, follow);
  watch("value", take);
  take();
}
