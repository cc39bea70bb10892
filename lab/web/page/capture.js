// A capture of the user: its story, walkthrough, verdict, packets and files. The file
// stays in the browser.

import { announce, download, fragment, h } from "./dom.js";
import { Ladder } from "./ladder.js";
import { Packets } from "./packets.js";
import { Player } from "./player.js";

const tabs = [
  ["story", "Story"], ["along", "Read along"], ["walkthrough", "Walkthrough"], ["verdict", "Verdict"], ["packets", "Packets"], ["files", "Files"],
];

// bar shows how far a capture was read.
const bar = () => h("progress", { max: 1, value: 0, "aria-label": "read so far" });

export class Capture {
  // makeLab makes a lab for captures. It is not the lab of the course, so neither
  // waits for the other.
  constructor(makeLab) {
    this.makeLab = makeLab;
    this.input = h("input", { type: "file", id: "choose", class: "vh", onchange: () => this.chosen() });
    this.drop = h("div", { class: "drop" }, this.input,
      h("p", {}, h("label", { for: "choose", class: "button" }, "Choose a capture"), " or drop one anywhere on this page: pcap, pcapng, or the format of another analyzer, also compressed."),
      h("p", { class: "small" }, "The file never leaves your browser. This page sends nothing anywhere: it has no server."));
    this.state = h("p", { class: "outcome", role: "status" });
    this.heading = h("h1", { tabIndex: -1 }, "What happened in a capture");
    this.head = h("div", { class: "facts" });
    this.bar = h("nav", { class: "tabs", "aria-label": "The capture", hidden: true }, tabs.map(([name, text]) => h("a", { href: "#/capture/" + name, id: "tab-" + name }, text)));
    this.panel = h("div", { class: "panel" });
    this.element = h("div", { class: "capture" }, this.heading, this.drop, this.state, this.head, this.bar, this.panel);
  }

  chosen() {
    const [file] = this.input.files;
    this.input.value = ""; // so that the same file can be chosen again
    if (file) this.open(file);
  }

  // owns reports whether a window is that of a frame in this part of the page.
  owns(source) { return [...this.element.querySelectorAll("iframe")].some(frame => frame.contentWindow === source); }

  // open reads a file. So many others came with it, which are not opened.
  async open(file, others = 0) {
    this.summary = null;
    const generation = this.made = new Map(); // panels, by name
    this.extracted = null;
    this.getLab();
    this.packets = new Packets(this.lab);
    this.bar.hidden = true;
    this.head.replaceChildren();
    this.panel.replaceChildren();
    this.heading.textContent = file.name;
    document.title = file.name + " · ftplab";
    this.say(`Reading ${file.name} (${megabytes(file.size)}) …`);
    this.state.append(" ", bar());
    let s;
    try {
      s = await this.lab.call("open", { name: file.name }, file);
    } catch (error) {
      if (generation === this.made) this.say(`${file.name}: ${error.message}`, "fail");
      return;
    }
    if (generation !== this.made) return; // another capture has been opened
    this.summary = s;
    this.say(others > 0 ? `The page opens one capture at a time: this is the first of ${others + 1} files.` : "");
    this.lead = h("div", { class: "leads" });
    this.calls = h("div", { class: "calls" });
    this.head.replaceChildren(h("div", {},
      h("p", { class: "small" }, [count(s.packets, "packet"), count(s.connections, "connection"), count(s.sessions, "FTP session"), "began " + s.began].join(" · ")),
      s.damage ? h("p", { class: "fail" }, "The file is damaged: " + s.damage + ". What comes before is complete.") : null,
      s.flaw ? h("p", { class: "fail" }, "The file is damaged: " + s.flaw + ".") : null,
      this.lead));
    this.drop.classList.add("small");
    this.bar.hidden = false;
    const [, view, packet] = location.hash.slice(2).split("/");
    if (location.hash.startsWith("#/capture") && view) await this.show(view, Number(packet));
    else {
      history.replaceState(null, "", "#/capture/story");
      await this.show("story");
    }
    this.draw().catch(error => { if (generation === this.made) this.say(error.message, "fail"); });
    announce(`${s.name} is open.`);
  }

  // getLab makes sure that there is a lab which does nothing else.
  getLab() {
    if (this.lab?.busy) {
      this.lab.end("another capture was opened");
      this.lab = null;
    }
    this.lab ??= this.begin();
  }

  // begin makes a lab. It shows how far the lab has read the capture, where something waits for it.
  begin() {
    const lab = this.makeLab();
    lab.progress = part => { for (const p of this.element.querySelectorAll("progress")) p.value = part; };
    return lab;
  }

  // draw shows the capture in a few sentences and a picture, at the top.
  async draw() {
    const generation = this.made;
    const { story, hosts } = await this.lab.call("sketch");
    if (generation !== this.made) return; // another capture has been opened
    this.lead.replaceChildren(...story.map(text => h("p", { class: "lead" }, text)));
    this.calls.replaceChildren(fragment(hosts));
  }

  say(text, kind = "") {
    this.state.className = "outcome " + kind;
    this.state.textContent = text;
  }

  // show shows one of the tabs.
  async show(name, packet) {
    this.lab ??= this.begin(); // it takes as long to start as to read a capture
    if (!this.summary) {
      if (packet && !this.made) this.say(`This link leads to packet ${packet} of a capture. Choose that capture.`);
      return;
    }
    if (!tabs.some(([n]) => n === name)) name = "story";
    for (const [n] of tabs) {
      const a = document.getElementById("tab-" + n);
      if (n === name) a?.setAttribute("aria-current", "page"); else a?.removeAttribute("aria-current");
    }
    const generation = this.made;
    this.shown = name;
    if (!this.made.has(name)) {
      this.panel.replaceChildren(h("p", { role: "status" }, "Reading the capture … ", bar()));
      const panel = await this.make(name).catch(error => h("p", { class: "fail" }, error.message));
      if (generation !== this.made) return;
      this.made.set(name, panel);
    }
    if (this.shown !== name) return;
    this.panel.replaceChildren(this.made.get(name));
    if (name === "packets") await this.packets.open(Math.min(packet || 0, this.summary.packets));
  }

  // make makes the panel of a tab.
  async make(name) {
    switch (name) {
      case "story": return this.story();
      case "along": return this.along();
      case "walkthrough": return this.walkthrough();
      case "verdict": return this.verdict();
      case "packets": return this.packets.element;
      default: return this.files();
    }
  }

  async story() {
    const { text, more } = await this.lab.call("story");
    return h("div", {}, this.calls, h("pre", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Story" }, text),
      more ? h("p", { class: "small" }, "The story goes on; ftplab explain prints all of it.") : null);
  }

  async along() {
    const { ladder: html } = await this.lab.call("sketch");
    const moments = await this.lab.call("moments");
    const ladder = new Ladder(packet => player.goTo(packet));
    const player = new Player(ladder, (packet, follow) => ladder.mark(packet, follow));
    ladder.draw(html);
    player.load(moments);
    return h("div", { class: "see" }, h("h2", { class: "vh" }, "Packet by packet"), player.element, ladder.element);
  }

  // walkthrough shows a whole page, in a frame without an origin, so that the
  // page has no rights.
  async walkthrough() {
    const { html } = await this.lab.call("walkthrough");
    const frame = h("iframe", { title: "Walkthrough of " + this.summary.name });
    frame.setAttribute("sandbox", "allow-scripts");
    frame.srcdoc = html;
    return frame;
  }

  async verdict() {
    const v = await this.lab.call("verdict");
    const kind = { normal: "pass", "not normal FTP": "fail" }[v.verdict] || "other-than";
    const link = n => h("a", { href: "#/capture/packets/" + n }, String(n));
    const finding = f => h("li", { class: "finding " + f.severity },
      h("h3", {}, f.rule.replaceAll("-", " "), " ", h("span", { class: "small" }, f.severity)),
      h("dl", {}, h("dt", {}, "normal"), h("dd", {}, f.expected), h("dt", {}, "here"), h("dd", {}, f.observed),
        f.packets?.length ? [h("dt", {}, "frames"), h("dd", {}, f.packets.slice(0, 20).flatMap(n => [link(n), " "]))] : null,
        h("dt", {}, "why"), h("dd", {}, f.why),
        f.filter ? [h("dt", {}, "in Wireshark"), h("dd", {}, h("code", {}, f.filter))] : null));
    return h("div", {}, h("h2", { class: "outcome " + kind }, "Compared with normal FTP: ", v.verdict),
      h("p", { class: "small" }, "Judged: ", v.extent),
      v.findings.length ? h("ol", { class: "findings" }, v.findings.map(finding)) : v.verdict === "normal" ? h("p", {}, "Nothing differs.") : null);
  }

  async files() {
    const list = await this.lab.call("files");
    if (list.length === 0) return h("p", {}, "Nothing was transferred.");
    const heads = ["command", "frame", "bytes", "SHA-256", "file"];
    const save = f => h("button", { type: "button", onclick: () => this.save(f.connection) }, "Save");
    return h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Files" }, h("table", {},
      h("thead", {}, h("tr", {}, heads.map(text => h("th", { scope: "col" }, text)))),
      h("tbody", {}, list.map(f => h("tr", {},
        h("td", {}, h("bdi", { dir: "ltr" }, f.command || "a data connection without its command")),
        h("td", { class: "n" }, h("a", { href: "#/capture/packets/" + f.packet }, String(f.packet))),
        h("td", { class: "n" }, f.bytes.toLocaleString("en") + (f.lacks ? ` (${f.lacks})` : "")),
        h("td", {}, h("code", {}, f.sha256 || "")), h("td", {}, f.bytes ? save(f) : null))))));
  }

  // save lets the user download the transferred files, with a type that no
  // browser runs.
  async save(connection) {
    this.say("Making files …");
    try {
      this.extracted ||= await this.lab.call("extract");
      const list = this.extracted.filter(f => f.connection === connection);
      for (const f of list) download(f.name, await this.lab.bytes(f.path), "application/octet-stream");
      this.say(list.map(f => f.name).join(", ") || "Nothing of it can be read.");
    } catch (error) {
      this.say(error.message, "fail");
    }
  }
}

function count(n, noun) { return n.toLocaleString("en") + " " + noun + (n === 1 ? "" : "s"); }

function megabytes(bytes) { return bytes < 1e6 ? Math.ceil(bytes / 1e3) + " kB" : (bytes / 1e6).toFixed(1) + " MB"; }
