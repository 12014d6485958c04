// What is asked of the app. Gradio says nothing where it gets no answer: its functions give undefined.

// Somebody has waited in vain: the page looks whether the app is there at all
export const IN_VAIN = "borderline:in-vain";

const STATUS = /^HTTP \d+: /; // what Gradio puts before the app's own
const NOBODY = /fetch|connection/i; // of Gradio's own words for it

function inVain() {
  document.dispatchEvent(new Event(IN_VAIN));
  return new Error("Borderline does not answer");
}

// The same functions; they reject where no answer came
export function answering(server) {
  return new Proxy(server, {
    get: (functions, name) =>
      async function asked(...given) {
        const answer = await functions[name](...given);
        if (answer !== undefined) return answer;
        throw inVain();
      },
  });
}

// The same, in the page's own words
export function uploading(upload, most = globalThis.gradio_config?.max_file_size) {
  return async function sent(file) {
    // Gradio would say it in words of its own, twice
    if (most && file.size > most) throw new Error(tooLarge(most));
    try {
      return await upload(file);
    } catch (error) {
      throw NOBODY.test(error.message) ? inVain() : new Error(error.message.replace(STATUS, ""));
    }
  };
}

// Of a file that is larger than so many bytes
export function tooLarge(most) {
  const [size, unit] = most < 2 ** 20 ? [most / 2 ** 10, "kB"] : [most / 2 ** 20, "MB"];
  return `it is larger than ${Number(size.toPrecision(3))} ${unit}, so save it smaller, or scale it down`;
}
