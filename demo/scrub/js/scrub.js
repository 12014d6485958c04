// The scrubber: one epoch for all runs. Gradio mounts this once; the template never changes. Sliding only draws from
// memory.

import { pageState } from "../../js/state.js";
import { describeCurve, drawCurve, perCent, scoreTable } from "./curve.js";
import { enlargedPhoto } from "./enlarged.js";
import { shownEpoch } from "./epochs.js";
import { exportAnimation } from "./export.js";
import { drawRuns, drawStill } from "./grid.js";
import { keepChoice, keepToggles } from "./kept.js";
import { allTiles, arrange } from "./layout.js";
import { ownPhoto } from "./own_photo.js";
import { forgetPictures, loadRuns } from "./pictures.js";
import { pixelFromHex } from "./pixels.js";
import { isFiltered, predictionSheet, SHEETS } from "./sheets.js";

const FRAME_MILLISECONDS = 350;
const whenIdle = window.requestIdleCallback ?? ((work) => setTimeout(() => work({ timeRemaining: () => 6 }), 30));

export function mount({ element, props, server, upload, watch }) {
  const find = (selector) => element.querySelector(selector);
  const testId = (name) => find(`[data-testid="scrub-${name}"]`);
  const root = find(".scrub");
  const slider = testId("epoch");
  const playButton = testId("play");
  const label = testId("label");
  const canvas = testId("canvas");
  const curve = testId("curve");
  const scoreChoice = testId("score");
  const scoreRows = find(".scrub-scores tbody");
  const messageLine = find(".scrub-message");
  const statusLine = testId("status");
  const photoList = find(".scrub-photos");
  const page = pageState();
  const toggles = [...element.querySelectorAll(".scrub-row input[name]")];

  let runs = []; // chosen runs with their pictures: {…, source, places: Map(tile name -> {source, index}), epochs}
  let colours = []; // of pet, background, border and the mark of background, as pixels
  let generation = 0; // counts choices, so that pictures of an earlier one are not shown
  let timer = null;
  let composing = 0; // counts layouts, so that sheets of an earlier one are not composed
  let sections = [];
  let cursor = null;

  const shownNow = () => Object.fromEntries(toggles.map(({ name, checked, disabled }) => [name, checked && !disabled]));
  const wantedNow = () => Number(slider.value);
  // the page's epoch, where nobody has chosen one the deepest that all runs have
  const asked = () => page.get("epoch") ?? Math.min(...runs.map((run) => run.epochs.at(-1)));
  const styleNow = () => ({ ink: getComputedStyle(root).color, font: getComputedStyle(root).fontFamily });
  // of a frame, at the chosen speed
  const milliseconds = () => FRAME_MILLISECONDS / Number(testId("speed").value);

  // What the enlarged photo, one's own photo and the export know of it
  const scrubber = {
    testId,
    root,
    slider,
    label,
    statusLine,
    shownNow,
    wantedNow,
    styleNow,
    milliseconds,
    layOut,
    draw,
    pause,
    get runs() {
      return runs;
    },
    get colours() {
      return colours;
    },
    get sections() {
      return sections;
    },
    get generation() {
      return generation;
    },
  };
  const enlarged = enlargedPhoto(scrubber, testId("enlarged"), photoList);
  const own = ownPhoto(scrubber, server, upload);

  // ---- choosing runs

  async function choose() {
    const mine = ++generation;
    const value = props.value || { runs: [], message: "" };
    colours = (value.colours ?? []).map(pixelFromHex);
    if (!value.runs.length) {
      runs = [];
      pause();
      show(value.message);
      return;
    }
    const { loaded, urls, missing } = await loadRuns(value.runs, colours.slice(0, 3), (fetched, all) => {
      if (mine === generation && fetched < all) messageLine.textContent = `Loading predictions: ${fetched} of ${all}`;
    });
    if (mine !== generation) return;
    forgetPictures(urls);
    runs = loaded.filter((run) => run.epochs.length);
    slider.max = Math.max(0, ...runs.map((run) => run.epochs.at(-1)));
    slider.value = asked();
    show(missing ? missing + " pictures could not be loaded: reload the page to try again." : value.message);
    own.compute();
  }

  function show(message) {
    messageLine.textContent = message;
    root.classList.toggle("empty", runs.length === 0);
    slider.disabled = playButton.disabled = runs.length === 0;
    const truth = runs.some((run) => run.source.truth);
    for (const toggle of toggles) if (["truth", "errors"].includes(toggle.name)) toggle.disabled = !truth;
    find("#scrub-truth-reason").textContent = !runs.length
      ? ""
      : truth
        ? "Samples have no ground truth."
        : "Ground truth and errors need the dataset.";
    const keepers = runs.filter((run) => run.weights.length);
    testId("own").disabled = !keepers.length;
    find("#scrub-own-reason").textContent =
      keepers.length || !runs.length
        ? ""
        : "Your own photo needs a run that kept its weights: train one with --keep-epochs.";
    const choices = Object.entries(props.value?.scores ?? {});
    if (scoreChoice.options.length !== choices.length) {
      scoreChoice.replaceChildren(...choices.map(([score, title]) => new Option(title, score)));
      followScore();
    }
    layOut();
  }

  // ---- drawing

  // Whatever changes places: runs, toggles, the width of the page
  function layOut() {
    const width = root.clientWidth;
    if (!runs.length || !width) {
      // a hidden tab: the observer calls again when it shows
      if (!runs.length) draw();
      return;
    }
    sections = arrange(allTiles(runs), runs, shownNow(), width);
    find(".scrub-mark").hidden = !isFiltered(shownNow());
    const height = sections.reduce((sum, section) => sum + section.height, 0);
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
    const context = gridContext();
    drawStill(context, sections, runs, shownNow(), colours, styleNow());
    enlarged.placePhotos();
    drawScores();
    draw();
    composeAhead();
  }

  // The sheets of all epochs, while nothing else is to be done, so that the first slide is as smooth as the next
  function composeAhead() {
    const shown = shownNow();
    const todo = runs.flatMap((run) => run.epochs.slice(-SHEETS).map((epoch) => ({ run, epoch })));
    const mine = ++composing;
    const step = (deadline) => {
      while (mine === composing && todo.length && deadline.timeRemaining() > 5) {
        const { run, epoch } = todo.pop();
        predictionSheet(run, run.source, epoch, shown, colours);
      }
      if (mine === composing && todo.length) whenIdle(step);
    };
    whenIdle(step);
  }

  function gridContext() {
    const context = canvas.getContext("2d");
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
  }

  function drawScores() {
    const score = scoreChoice.value;
    cursor = drawCurve(curve, runs, score, Number(slider.max), curve.parentElement.clientWidth || 320);
    curve.setAttribute("aria-label", describeCurve(runs, score, scoreChoice.selectedOptions[0]?.text ?? ""));
    const titles = ["Run", ...Object.values(props.value.scores)];
    const { head, rows } = scoreTable(runs, titles);
    find(".scrub-scores thead tr").replaceChildren(...head);
    scoreRows.replaceChildren(...rows);
  }

  function draw() {
    label.textContent = runs.length ? `Epoch ${slider.value} of ${slider.max}` : "No run chosen";
    if (!runs.length) {
      canvas.width = canvas.height = 0;
      canvas.style.height = "0";
      for (const part of [scoreRows, curve, photoList]) part.replaceChildren();
      return;
    }
    if (!root.clientWidth) return; // a hidden tab
    const wanted = wantedNow();
    slider.setAttribute("aria-valuetext", label.textContent);
    drawRuns(gridContext(), sections, runs, wanted, shownNow(), colours);
    cursor?.moveTo(wanted);
    const scores = Object.keys(props.value.scores);
    runs.forEach((run, index) => {
      const epoch = shownEpoch(run, wanted);
      const [head, ...cells] = scoreRows.children[index].children;
      head.lastChild.textContent = epoch === wanted ? "" : ` (stopped after epoch ${epoch})`;
      scores.forEach((score, column) => (cells[column].textContent = perCent(run.scores[epoch][score])));
    });
    enlarged.draw();
  }

  // ---- playing

  function pause() {
    clearInterval(timer);
    timer = null;
    playButton.classList.remove("playing");
    playButton.setAttribute("aria-label", "Play");
  }

  function play() {
    if (wantedNow() === Number(slider.max)) goTo(0);
    playButton.classList.add("playing");
    playButton.setAttribute("aria-label", "Pause");
    timer = setInterval(() => {
      const atEnd = wantedNow() === Number(slider.max);
      if (!atEnd) goTo(wantedNow() + 1);
      else if (testId("loop").checked) goTo(0);
      if (wantedNow() === Number(slider.max) && !testId("loop").checked) pause();
    }, milliseconds());
  }

  function goTo(epoch) {
    page.set({ epoch: Math.min(Math.max(epoch, 0), Number(slider.max)) });
  }

  function followEpoch() {
    if (!runs.length) return;
    slider.value = asked();
    draw();
  }

  // A person moved to another epoch
  function jump(epoch) {
    pause();
    goTo(epoch);
  }

  const KEYS = {
    ArrowLeft: () => jump(wantedNow() - 1),
    ArrowRight: () => jump(wantedNow() + 1),
    Home: () => jump(0),
    End: () => jump(Number(slider.max)),
    " ": () => playButton.click(),
  };

  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && enlarged.isOpen()) return enlarged.close();
    // what has the focus may have a meaning of its own for the key
    const typed = event.target.matches("select, input") || (event.key === " " && event.target.matches("button"));
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key] || typed || !runs.length) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  slider.addEventListener("input", () => jump(wantedNow()));
  slider.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    playButton.click();
  });
  playButton.addEventListener("click", () => {
    if (timer === null) play();
    else pause();
  });
  keepChoice(testId("speed"), "speed", () => {
    if (timer === null) return;
    pause();
    play();
  });
  keepChoice(testId("loop"), "loop", () => {});
  const followScore = keepChoice(scoreChoice, "score", () => {
    if (!runs.length || !root.clientWidth) return;
    drawScores();
    draw();
  });
  const follow = (event) => event.buttons && jump(cursor.epochAt(event.clientX));
  for (const event of ["pointerdown", "pointermove"]) curve.addEventListener(event, follow);
  keepToggles(toggles, layOut);
  page.watch(["epoch"], followEpoch);
  photoList.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && enlarged.pass());
  find(".scrub-close").addEventListener("click", enlarged.close);
  testId("own").addEventListener("change", own.choose);
  testId("own-remove").addEventListener("click", own.remove);
  testId("export").addEventListener("click", () => exportAnimation(scrubber, server, upload));
  new ResizeObserver(layOut).observe(root);
  watch("value", choose);
  choose();
}
