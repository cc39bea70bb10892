// The course: its chapters, and a lesson with its text, its editor and its results.

import { announce, download, fragment, h, menu } from "./dom.js";
import { Editor } from "./editor.js";
import { Ladder } from "./ladder.js";
import { Player } from "./player.js";
import { pack } from "./share.js";

const impatient = 1500; // milliseconds after which the user can stop a run

export class Course {
  #edited = kept(); // texts, by the name of the lesson
  #running = false;
  #next = null; // text to run after the current run

  constructor(lab, first) {
    this.lab = lab;
    this.first = first; // the results of the first lesson, from when the site was written
    this.contents = first.contents;
    this.build();
  }

  build() {
    this.heading = h("h1", { tabIndex: -1 });
    this.story = h("div", { class: "story" });
    this.editor = new Editor({
      label: "The scenario", changed: text => this.changed(text), at: line => this.showLine(line),
      complete: (source, offset) => this.lab.call("complete", { source, offset }),
    });
    this.outcome = h("p", { class: "outcome", role: "status" });
    this.problems = h("ul", { class: "problems", "aria-label": "What is not as the scenario says" });
    this.hosts = h("div", { class: "calls" });
    this.ladder = new Ladder(packet => { this.player.goTo(packet); });
    this.player = new Player(this.ladder, (packet, follow) => this.showPacket(packet, follow));
    this.note = h("span", { class: "note", role: "status" });
    this.element = h("div", { class: "learn" }, this.chapters(), h("article", {},
      this.heading, this.story,
      h("div", { class: "bench" },
        h("section", { class: "write", "aria-label": "Scenario" }, this.hint(), this.editor.element, this.tools(), this.problems),
        this.see = h("section", { class: "see", "aria-label": "What happens" }, this.outcome, h("h2", {}, "Who connects to whom"), this.hosts,
          h("h2", {}, "Packet by packet"), this.player.element, this.ladder.element))));
  }

  chapters() {
    this.links = new Map();
    const link = lesson => {
      const a = h("a", { href: "#/lesson/" + lesson.name }, lesson.title);
      this.links.set(lesson.name, a);
      return h("li", {}, a);
    };
    const wide = matchMedia("(min-width: 60rem)");
    const box = h("details", { class: "chapters", open: wide.matches }, h("summary", {}, "Lessons"), h("nav", { "aria-label": "Lessons" },
      this.contents.map(c => [h("h2", {}, c.title), h("ol", {}, c.lessons.map(link))])));
    wide.addEventListener("change", () => { box.open = wide.matches; });
    return box;
  }

  hint() {
    this.advice = h("span");
    return h("p", { class: "hint", id: "editor-help" }, "This is all that the session is made from. ", this.advice,
      " and the session takes place anew. Ctrl+Space lists what may stand at the cursor.");
  }

  // advise shows what to try.
  advise() {
    const word = /^(active|passive)$/m.exec(this.original)?.[1];
    const other = { active: "passive", passive: "active" }[word];
    this.advice.replaceChildren(...(word ? ["Change ", h("code", {}, word), " to ", h("code", {}, other), ","] : ["Change a line,"]));
  }

  tools() {
    const button = (text, does) => h("button", { type: "button", onclick: does }, text);
    return h("div", { class: "tools" },
      this.reset = button("Undo all changes", () => { this.editor.text = this.original; this.changed(this.original); }),
      button("Copy a link to this", () => this.share()),
      menu("Download",
        button("Scenario (.txtar)", () => download(this.name + ".txtar", this.editor.text, "text/plain")),
        button("Capture (.pcapng)", () => this.save("capture.pcapng", "application/octet-stream")),
        button("Walkthrough (.html)", () => this.save("walkthrough.html", "text/html")),
        button("Walkthrough (.md)", () => this.save("walkthrough.md", "text/markdown"))),
      this.note);
  }

  // ---- what is shown

  // open shows a lesson of the course.
  async open(name) {
    if (!this.links.has(name)) throw new Error("There is no lesson of this name");
    const isFirst = name === this.contents[0].lessons[0].name;
    const opening = this.opening = {};
    const { source } = isFirst ? this.first.lesson : await this.lab.call("lesson", { name });
    if (opening !== this.opening) return; // something else has been opened meanwhile
    this.original = source;
    this.enter(name, this.#edited.get(name) ?? source);
    if (isFirst && this.editor.text === source) this.show(this.first.run);
    else this.run();
  }

  // openText shows a scenario from a link. If it was made from a lesson, it is a change
  // of that lesson.
  async openText(source, lesson) {
    const opening = this.opening = {};
    const original = this.links.has(lesson) ? (await this.lab.call("lesson", { name: lesson })).source : source;
    if (opening !== this.opening) return; // something else has been opened meanwhile
    this.original = original;
    this.enter(this.links.has(lesson) ? lesson : "shared", source);
    this.run();
  }

  enter(name, text) {
    if (this.stopOffered) this.lab.stop("another scenario was opened");
    this.name = name;
    this.clear();
    for (const [n, a] of this.links) {
      if (n === name) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current");
    }
    this.editor.text = text;
    this.reset.disabled = text === this.original;
    this.advise();
    this.describe(text);
  }

  // clear hides the results of another scenario until there are results of this one.
  clear() {
    this.session = this.packet = null;
    this.player.pause();
    this.outcome.className = "outcome";
    this.outcome.replaceChildren("Running the session …");
    this.showProblems([]);
    this.element.classList.remove("stale");
    this.element.classList.add("waiting");
  }

  // describe shows the title and the story, which are the comments at the top of a scenario.
  describe(text) {
    const comments = /^(?:#.*\n?)*/.exec(text)[0].split("\n").filter(line => line.startsWith("#")).map(line => line.slice(1).trim());
    const title = comments[0] || "A scenario";
    this.heading.textContent = title;
    document.title = title + " · ftplab";
    const paragraphs = comments.slice(1).join("\n").split("\n\n").filter(p => p.trim() !== "");
    this.story.replaceChildren(...paragraphs.map(p => h("p", {}, p.split("`").map((part, i) => i % 2 ? h("code", {}, part) : part))));
  }

  changed(text) {
    this.#edited.set(this.name, text);
    keep(this.#edited);
    this.reset.disabled = text === this.original;
    this.describe(text);
    this.run();
  }

  // run runs the session. During a run, the newest text waits.
  async run() {
    this.#next = { name: this.name, source: this.editor.text };
    if (this.#running) return;
    this.#running = true;
    this.see.ariaBusy = "true";
    while (this.#next) {
      const { name, source } = this.#next;
      this.#next = null;
      const slow = setTimeout(() => {
        if (name === this.name) this.offerStop(); else this.lab.stop("nobody waits for this session any more");
      }, impatient);
      try {
        const session = await this.lab.call("run", { name, source });
        if (name === this.name && source === this.editor.text) this.show(session);
      } catch (error) {
        if (name === this.name) this.failed(error.message);
      }
      clearTimeout(slow);
    }
    this.#running = false;
    this.see.ariaBusy = "false";
    if (this.stopOffered && this.session) this.showOutcome(this.session); // that of the text on the screen, which was not run
  }

  offerStop() {
    this.stopOffered = true;
    this.outcome.className = "outcome";
    this.outcome.replaceChildren("Running the session … ", h("button", {
      type: "button", onclick: () => this.lab.stop("The session was stopped."),
    }, "Stop it"));
  }

  failed(message) {
    this.stopOffered = false;
    this.outcome.className = "outcome fail";
    this.outcome.replaceChildren(message);
  }

  show(session) {
    if (session.mistakes) { this.showMistakes(session.mistakes); return; }
    this.session = session;
    const marked = this.packet;
    this.hosts.replaceChildren(fragment(session.hosts));
    this.ladder.draw(session.ladder);
    this.player.load(session.moments);
    this.ladder.mark(marked, false);
    this.showOutcome(session);
    const marks = new Map();
    for (const m of session.matches || []) marks.set(m.line, { kind: "match", text: "frame " + m.packet });
    const differences = [...(session.failures || []).map(f => ({ line: f.line, what: f.message })), ...(session.figures || []), ...(session.differences || [])];
    for (const d of differences.toReversed()) if (d.line) marks.set(d.line, { kind: "difference", text: d.what });
    this.editor.mark(marks);
    this.showProblems(differences);
    this.element.classList.remove("stale", "waiting");
  }

  showOutcome(session) {
    this.stopOffered = false;
    const changed = this.editor.text !== this.original;
    const [, reason] = [
      [session.failures, "the session is not as its steps say"],
      [session.figures, "a figure is not the one that the lesson's lines say"],
      [session.differences, "some packets are not those that the lesson's lines describe"],
    ].find(([list]) => list?.length) || [];
    const [text, kind] = changed && session.outcome === "failed" && reason
      ? ["≠ After your change " + reason, "other-than"]
      : [session.said, session.class];
    this.outcome.className = "outcome " + kind;
    this.outcome.replaceChildren(text, h("span", { class: "small" }, ` · ${session.frames} packets`));
  }

  showMistakes(mistakes) {
    this.stopOffered = false;
    this.outcome.className = "outcome fail";
    this.outcome.replaceChildren(this.session ? "The scenario has a mistake; the ladder below is that of the text before." : "The scenario has a mistake.");
    this.editor.mark(new Map(mistakes.map(m => [m.line, { kind: "error", text: m.message }])));
    this.showProblems(mistakes.map(m => ({ line: m.line, what: m.message })));
    this.element.classList.add("stale");
  }

  showProblems(list) {
    const most = 4;
    const item = p => h("li", {},
      p.line ? h("button", { type: "button", class: "place", onclick: () => this.editor.go(p.line) }, "line " + p.line) : null, " ", p.what,
      p.packet ? [" ", h("button", { type: "button", class: "place", onclick: () => this.player.goTo(p.packet) }, "frame " + p.packet)] : null,
      p.want ? h("code", {}, "want " + p.want) : null, p.got ? h("code", {}, "got  " + p.got) : null);
    const items = list.slice(0, most).map(item);
    if (list.length > most) {
      items.push(h("li", {}, h("details", {}, h("summary", {}, `${list.length - most} more, which the first may explain`), h("ul", {}, list.slice(most).map(item)))));
    }
    this.problems.replaceChildren(...items);
    this.problems.hidden = list.length === 0;
  }

  // ---- packets and lines

  showPacket(packet, follow) {
    this.packet = packet;
    this.ladder.mark(packet, follow);
    const match = this.session?.matches?.find(m => m.packet === packet);
    for (const line of this.editor.colours.querySelectorAll(".here")) line.classList.remove("here");
    if (match) this.editor.colours.children[match.line - 1]?.classList.add("here");
  }

  showLine(line) {
    const match = this.session?.matches?.find(m => m.line === line);
    if (match) this.ladder.mark(match.packet, false);
  }

  // ---- what leaves the page

  async share() {
    const address = location.href.replace(/#.*/, "") + "#/scenario/" + await pack(this.editor.text) + (this.links.has(this.name) ? "/" + this.name : "");
    history.replaceState(null, "", address);
    try {
      await navigator.clipboard.writeText(address);
      this.say("The link is copied; it contains the scenario itself.");
    } catch {
      this.say("The link is in the address bar; it contains the scenario itself.");
    }
  }

  async save(file, type) {
    try {
      const { capture, mistakes } = await this.lab.call("run", { name: this.name, source: this.editor.text, pages: true });
      if (mistakes) throw new Error("The scenario has a mistake.");
      download(this.name + "-" + file, await this.lab.bytes(capture.replace(/[^/]*$/, file)), type);
      this.say(file + " is saved.");
    } catch (error) {
      this.say(error.message);
    }
  }

  say(text) {
    this.note.textContent = text;
    announce(text);
    setTimeout(() => { this.note.textContent = ""; }, 6000);
  }
}

// The changed texts are kept while the tab is open, also when the page is loaded again.
// Browsers can refuse to keep anything.

function kept() {
  try { return new Map(JSON.parse(sessionStorage.getItem("edited"))); } catch { return new Map(); }
}

function keep(edited) {
  try { sessionStorage.setItem("edited", JSON.stringify([...edited])); } catch { /* only until the page is closed */ }
}
