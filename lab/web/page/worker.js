// The Web Worker: it runs the lab, compiled from Go (package worker). It gets messages
// {id, call, argument}, and answers each with {id, result} or {id, error}. While a call reads a
// dropped file, it says {progress}, from 0 to 1.
"use strict";

globalThis.fs = files.fs;
globalThis.process = {
  getuid: () => 0, getgid: () => 0, geteuid: () => 0, getegid: () => 0, getgroups: () => [0],
  pid: 1, ppid: 0, umask: () => 0o022, cwd: () => "/", chdir: () => {},
};

files.watch(progress => postMessage({ progress }));

let call; // the function of Go, when it is ready

globalThis.ftplabReady = f => { call = f; postMessage({ ready: true }); };

async function start(module) {
  const go = new Go();
  go.env = { TMPDIR: "/tmp" };
  const instance = await WebAssembly.instantiate(module, go.importObject);
  await go.run(instance);
  postMessage({ ended: true }); // it has crashed, and has printed the reason
}

function ask(id, name, argument) {
  call(name, JSON.stringify(argument), (error, result) => {
    postMessage(error === null ? { id, result: JSON.parse(result) } : { id, error });
  });
}

onmessage = event => {
  const { id, start: module, call: name, argument, file } = event.data;
  if (module) {
    start(module);
  } else if (name === "bytes") {
    const bytes = files.bytes(argument.path);
    postMessage({ id, result: bytes }, [bytes.buffer]);
  } else if (file) {
    ask(id, name, { path: files.drop(file, argument.name), name: argument.name });
  } else {
    ask(id, name, argument);
  }
};
