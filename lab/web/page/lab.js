// The lab: package worker in a Web Worker, so that the page stays responsive while the
// lab works.

const base = new URL(".", location.href).href;

// load loads and compiles the module, and calls progress with the loaded part of it,
// from 0 to 1. The file is compressed. Some servers send it with a content encoding;
// then the browser has already decompressed it.
export async function load(progress = () => {}) {
  const response = await fetch(base + "lab.wasm.gz");
  if (!response.ok) throw new Error("lab.wasm.gz: " + response.status + " " + response.statusText);
  const total = Number(response.headers.get("Content-Length"));
  const reader = response.body.getReader();
  const first = await reader.read();
  const compressed = first.value[0] === 0x1f && first.value[1] === 0x8b;
  let loaded = 0;
  const bytes = new ReadableStream({
    start(controller) { take(first, controller); },
    async pull(controller) { take(await reader.read(), controller); },
  });
  function take({ done, value }, controller) {
    if (done) { controller.close(); return; }
    loaded += value.length;
    progress(compressed && total ? loaded / total : 0);
    controller.enqueue(value);
  }
  const wasm = compressed ? bytes.pipeThrough(new DecompressionStream("gzip")) : bytes;
  return WebAssembly.compileStreaming(new Response(wasm, { headers: { "Content-Type": "application/wasm" } }));
}

export class Lab {
  #module;
  #worker;
  #waiting = new Map(); // calls, by ID
  #last = Promise.resolve(); // call
  #id = 0;

  // progress is called with how far the lab has read a dropped file, from 0 to 1.
  progress = () => {};

  // module is the result of load. Each lab has its own worker.
  constructor(module) {
    this.#module = module;
    this.ready = this.#start();
    this.ready.catch(() => {}); // those who wait for ready get the error
  }

  async #start() {
    const module = await this.#module;
    // A worker from a blob has the content security policy of this page.
    const script = ["wasm_exec.js", "files.js", "worker.js"].map(name => `importScripts(${JSON.stringify(base + name)});`).join("");
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const worker = this.#worker = new Worker(address);
    await new Promise((resolve, reject) => {
      worker.onerror = event => reject(new Error(event.message || "the worker cannot be started"));
      worker.onmessage = event => {
        if (event.data.ready) resolve();
        else if (event.data.ended) this.stop("The lab has stopped because of an error of its own.");
        else if (event.data.progress !== undefined) this.progress(event.data.progress);
        else this.#answer(event.data);
      };
      worker.postMessage({ start: module });
    });
    URL.revokeObjectURL(address);
  }

  #answer({ id, result, error }) {
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error !== undefined) call?.reject(new Error(error));
    else call?.resolve(result);
  }

  // call makes a call of package worker, after the answer to the call before.
  call(name, argument = {}, file) {
    const made = this.#last.then(async () => {
      await this.ready;
      return new Promise((resolve, reject) => {
        const id = ++this.#id;
        this.#waiting.set(id, { resolve, reject });
        this.#worker.postMessage({ id, call: name, argument, file });
      });
    });
    this.#last = made.catch(() => {});
    return made;
  }

  // busy reports whether a call has not been answered yet.
  get busy() { return this.#waiting.size > 0; }

  // bytes returns the bytes of a file that the lab has written.
  bytes(path) { return this.call("bytes", { path }); }

  // end ends the lab. Waiting calls fail with the reason.
  end(reason) {
    this.#worker?.terminate();
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
  }

  // stop stops the lab and starts it again.
  stop(reason) {
    this.end(reason);
    this.ready = this.#start();
    this.ready.catch(() => {});
  }
}
