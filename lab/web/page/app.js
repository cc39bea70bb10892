// The page. The fragment of its address says which part is shown, so that every part
// has a link and the back button works.
//
//	#/                     the first lesson
//	#/lesson/NAME          a lesson
//	#/scenario/DATA[/NAME] a scenario that the link itself carries, and the lesson it was made from; see share.js
//	#/capture/TAB[/FRAME]  a capture of the user

import { Capture } from "./capture.js";
import { Course } from "./course.js";
import { h } from "./dom.js";
import { Lab, load } from "./lab.js";
import { unpack } from "./share.js";

const main = document.getElementById("main");
const loading = document.getElementById("loading");
const module = load(part => { loading.textContent = `Loading the lab: ${Math.round(100 * part)} %`; });
export const lab = new Lab(module);
lab.ready.then(() => { loading.textContent = ""; warm(); keep(); }, error => { loading.textContent = "The lab cannot be loaded: " + error.message; });

const course = new Course(lab, await (await fetch(new URL("first.json", import.meta.url))).json());
const capture = new Capture(() => new Lab(module));

let routes = 0;

async function route() {
  const mine = ++routes;
  const [, view = "", what = "", more = ""] = location.hash.split("/");
  for (const a of document.querySelectorAll("header nav a")) a.removeAttribute("aria-current");
  const shown = view === "capture" ? capture : course;
  document.querySelector(`header nav a[href="#/${view === "capture" ? "capture" : ""}"]`).setAttribute("aria-current", "page");
  const moved = shown.element.parentNode !== main;
  if (moved) main.replaceChildren(shown.element);
  try {
    if (view === "capture") await capture.show(what || "story", Number(more));
    else if (view === "scenario") {
      const text = await unpack(what);
      if (mine === routes) await course.openText(text, more);
    } else if (!["", "lesson"].includes(view)) throw new Error("The page has no part with the address #/" + view);
    else await course.open(view === "lesson" ? what : course.contents[0].lessons[0].name);
  } catch (error) {
    if (mine !== routes) return; // the user has left this part
    main.replaceChildren(h("div", { class: "capture" }, h("h1", { tabIndex: -1 }, "This is not here"), h("p", {}, error.message + "."), h("p", {}, h("a", { href: "#/" }, "To the first lesson"))));
  }
  if (entered) (main.querySelector("h1") || main).focus({ preventScroll: view === "capture" && !moved });
  entered = true;
}
let entered = false;

// A capture can be dropped anywhere on the page.
addEventListener("dragover", event => { if (event.dataTransfer.types.includes("Files")) { event.preventDefault(); document.body.classList.add("dragging"); } });
addEventListener("dragleave", event => { if (!event.relatedTarget) document.body.classList.remove("dragging"); });
addEventListener("drop", event => {
  if (event.dataTransfer.files.length > 0) event.preventDefault();
  dropped([...event.dataTransfer.files]);
});
// A walkthrough in a frame passes on what is dropped on it; see page.js of package report.
addEventListener("message", event => {
  const files = event.data?.dropped;
  if (capture.owns(event.source) && Array.isArray(files) && files.every(f => f instanceof File)) dropped(files);
});

function dropped([file, ...others]) {
  document.body.classList.remove("dragging");
  if (!file) return;
  if (!location.hash.startsWith("#/capture")) location.hash = "#/capture";
  capture.open(file, others.length);
}

// warm makes the lab run a session in advance. The first session takes longer than
// later ones, because the browser compiles the code then.
function warm() {
  const { name } = course.contents[0].lessons[0];
  lab.call("run", { name, source: course.first.lesson.source }).catch(() => {});
}

// keep asks the browser to store the page for use without a network.
function keep() {
  if ("serviceWorker" in navigator && isSecureContext) navigator.serviceWorker.register("offline.js").catch(() => {});
}

addEventListener("hashchange", route);
await route();
document.body.dataset.ready = "true";
