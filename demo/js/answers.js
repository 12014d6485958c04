// What is asked of the app. Gradio says nothing where it gets no answer: its functions give undefined.

// Somebody has waited in vain: the page looks whether the app is there at all
export const IN_VAIN = "borderline:in-vain";

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
export function uploading(upload) {
  return async function sent(file) {
    try {
      return await upload(file);
    } catch (error) {
      throw NOBODY.test(error.message) ? inVain() : error;
    }
  };
}
