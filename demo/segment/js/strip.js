// The photos: those that the page offers and those that a person brings, by a click, a drop, the clipboard or a camera.

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

export function mount({ element, props, trigger, upload, watch }) {
  const strip = element.querySelector(".strip");
  const find = (selector) => strip.querySelector(selector);
  const list = find(".strip-photos");
  const input = find("input[type=file]");
  const own = []; // {id, title, thumb, path}: brought in this page
  let photos = [];
  let chosen = null;
  let turn = 0; // of what was chosen: an upload that is late does not take the place of a newer choice

  const say = (text) => (find(".strip-said").textContent = text);

  function draw() {
    photos = [...own, ...(props.value?.photos ?? [])];
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
      const here = button.dataset.id === chosen;
      button.setAttribute("aria-checked", String(here));
      button.tabIndex = here || (!chosen && button === list.firstElementChild) ? 0 : -1;
    }
  }

  function choose(id) {
    const photo = photos.find((each) => each.id === id);
    if (!photo) return;
    turn += 1;
    chosen = id;
    mark();
    say("");
    const { path, title } = photo;
    trigger("select", path ? { path, title } : { offered: id });
  }

  async function bring(files) {
    const pictures = [...files].filter(
      ({ type, name }) => type.startsWith("image/") || /\.(heic|tiff?|bmp)$/i.test(name),
    );
    if (!pictures.length) return say("That is no picture: JPEG, PNG and WebP are.");
    const mine = ++turn;
    say(pictures.length > 1 ? `Uploading ${pictures.length} photos` : "Uploading the photo");
    let last = null;
    for (const file of pictures) {
      try {
        const { path } = await upload(file);
        last = {
          id: `own-${own.length}-${path}`,
          title: file.name || "pasted photo",
          thumb: URL.createObjectURL(file),
          path,
        };
        own.unshift(last);
        draw();
      } catch (error) {
        return say(`${file.name} could not be uploaded: ${error.message}`);
      }
    }
    say("");
    if (mine === turn) choose(last.id); // else another photo was chosen meanwhile
  }

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
      say("No camera can be used here: allow it in the browser, or choose a file.");
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

  function update() {
    draw();
    if (!chosen && photos.length) choose(photos[0].id);
  }

  watch("value", update);
  update();
}
