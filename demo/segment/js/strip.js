// The photos: those that the page offers and those that a person brings, by a click, a drop, the clipboard or a camera.

import { onKeys } from "../../js/keys.js";
import { pageState } from "../../js/state.js";

// Where an arrow key leads from a place among so many
export function stepped(key, place, count) {
  const last = count - 1;
  const next = {
    ArrowRight: place + 1,
    ArrowDown: place + 1,
    ArrowLeft: place - 1,
    ArrowUp: place - 1,
    Home: 0,
    End: last,
  }[key];
  return next === undefined ? null : Math.min(last, Math.max(0, next));
}

export function mount({ element, props, server, trigger, upload, watch }) {
  const page = pageState();
  const strip = element.querySelector(".strip");
  const find = (selector) => strip.querySelector(selector);
  const list = find(".strip-photos");
  const input = find("input[type=file]");
  const own = []; // {id, title, thumb, path}: brought in this page
  const called = []; // of the dataset, called by a link or another tab
  let photos = [];
  let offered = null; // those of the server, as they were drawn
  let turn = 0; // of what was chosen: an upload that is late does not take the place of a newer choice

  // where nobody has chosen the server shows the first that it offers
  const chosen = () => page.get("photo") ?? props.value?.photos[0]?.id ?? null;

  const say = (text) => (find(".strip-said").textContent = text);

  // What went wrong stands over the foot of the picture, where somebody looks
  function complain(text) {
    say("");
    find(".strip-wrong").hidden = !text;
    find(".strip-wrong span").textContent = text;
    if (text) find(".strip-wrong").scrollIntoView({ block: "nearest" });
  }

  function draw() {
    offered = JSON.stringify(props.value?.photos);
    photos = [...own, ...called, ...(props.value?.photos ?? [])];
    list.replaceChildren(
      ...photos.map(({ id, title, thumb }) => {
        const button = document.createElement("button");
        button.type = "button";
        button.role = "radio";
        button.dataset.id = id;
        button.title = title;
        button.setAttribute("aria-label", `Photo: ${title}`);
        const picture = document.createElement("img");
        picture.src = thumb;
        picture.alt = "";
        button.append(picture);
        button.addEventListener("click", () => choose(id));
        return button;
      }),
    );
    mark();
  }

  function mark() {
    for (const button of list.children) {
      const here = button.dataset.id === chosen();
      button.setAttribute("aria-checked", String(here));
      button.tabIndex =
        here || (!list.querySelector(`[data-id="${CSS.escape(chosen() ?? "")}"]`) && button === list.firstElementChild)
          ? 0
          : -1;
    }
  }

  function choose(id) {
    say("");
    page.set({ photo: id });
  }

  // Another one was chosen: here, by a link, in another tab, or by going back
  function follow() {
    turn += 1;
    const id = page.get("photo");
    const brought = own.find((photo) => photo.id === id);
    if (id?.startsWith("own:") && !brought) return page.set({ photo: null }, { mends: true }); // it went with an earlier page
    find('[data-act="watch"]').hidden = !brought;
    page.set({ photoFile: brought ? { path: brought.path, title: brought.title } : null });
    mark();
    list.querySelector('[aria-checked="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (id && !brought) call(id);
  }

  // A tile for a photo that the strip does not offer
  async function call(id) {
    if (!props.value?.photos.length || photos.some((photo) => photo.id === id)) return;
    const tile = await server.photo(id).catch(() => null); // the page says that nothing answers
    if (!tile || tile.error || photos.some((photo) => photo.id === id)) return; // the stage says what is wrong
    called.unshift(tile);
    draw();
  }

  async function bring(files) {
    const pictures = [...files].filter(
      ({ type, name }) => type.startsWith("image/") || /\.(hei[cf]|tiff?|bmp)$/i.test(name),
    );
    complain("");
    const kinds = "JPEG, PNG, WebP, HEIC, TIFF and BMP can be.";
    if (!pictures.length) return complain(`${files[0].name} is no picture that can be read: ${kinds}`);
    const mine = ++turn;
    say(pictures.length > 1 ? `Uploading ${pictures.length} photos` : "Uploading the photo");
    let last = null;
    const others = files.length - pictures.length;
    let wrong = others
      ? `${others} of ${files.length} files ${others === 1 ? "is no picture" : "are no pictures"}.`
      : "";
    for (const file of pictures) {
      try {
        const { path } = await upload(file);
        const { error } = await server.brought({ path, title: file.name || "pasted photo" });
        if (error) {
          wrong = error;
          continue; // what was shown stays, and the others come
        }
        last = {
          id: `own:${crypto.randomUUID?.() ?? `${Date.now()}-${own.length}`}`,
          title: file.name || "pasted photo",
          thumb: URL.createObjectURL(file),
          path,
        };
        own.unshift(last);
        draw();
      } catch (error) {
        wrong = `${file.name} could not be uploaded: ${error.message}`;
        break;
      }
    }
    complain(wrong);
    if (last && mine === turn) choose(last.id); // else another photo was chosen meanwhile
  }

  find('[data-act="another"]').addEventListener("click", () => input.click());
  find('[data-act="known"]').addEventListener("click", () => complain(""));
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = ""; // so that the same file can be chosen again
    if (files.length) bring(files);
  });
  list.addEventListener("keydown", (event) => {
    const next = stepped(event.key, [...list.children].indexOf(document.activeElement), list.children.length);
    if (next === null) return;
    event.preventDefault();
    list.children[next].focus();
    choose(list.children[next].dataset.id);
  });

  const looked = () => strip.offsetParent !== null;
  // anywhere in the tab, as in the strip itself
  const step = (key) => () => {
    const next = stepped(
      key,
      photos.findIndex(({ id }) => id === chosen()),
      photos.length,
    );
    if (photos[next]) choose(photos[next].id);
  };
  onKeys(looked, Object.fromEntries(["ArrowLeft", "ArrowRight", "Home", "End"].map((key) => [key, step(key)])));
  document.addEventListener(
    "dragover",
    (event) => looked() && event.dataTransfer?.types.includes("Files") && event.preventDefault(),
  );
  document.addEventListener("drop", (event) => {
    if (!looked() || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    bring(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (looked() && files.length) bring(files);
  });

  // ---- the camera

  const dialog = find("dialog");
  const video = find("video");
  const stop = () => {
    for (const track of video.srcObject?.getTracks() ?? []) track.stop();
    video.srcObject = null;
    dialog.close();
  };
  find(".strip-camera").addEventListener("click", async () => {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      dialog.showModal();
    } catch {
      complain("No camera can be used here: allow it in the browser, or choose a file.");
    }
  });
  find('[data-act="snap"]').addEventListener("click", async () => {
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    canvas.getContext("2d").drawImage(video, 0, 0);
    stop();
    const picture = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
    bring([new File([picture], "camera.jpg", { type: "image/jpeg" })]);
  });
  find('[data-act="cancel"]').addEventListener("click", stop);
  dialog.addEventListener("cancel", stop);

  // ---- all of them as one file

  const packer = find('[data-act="pack"]');
  packer.addEventListener("click", () => {
    packer.disabled = true; // until the file is there, or it is said why not
    const asked = photos.map(({ id, path, title }) => (path ? { path, title } : id));
    trigger("click", { photos: asked });
  });
  document.addEventListener("borderline:downloaded", () => (packer.disabled = false));

  find('[data-act="watch"]').addEventListener("click", () => {
    page.set({ tab: "watch" });
    document.dispatchEvent(new CustomEvent("borderline:own"));
  });
  for (const control of strip.querySelectorAll("[disabled]")) control.disabled = false;
  page.watch(["photo"], follow);
  watch("value", () => {
    say(props.value.said ?? "");
    if (JSON.stringify(props.value.photos) === offered) return; // a focused tile stays
    draw();
    if (page.get("photo")) call(page.get("photo"));
  });
  draw();
}
