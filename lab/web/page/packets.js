// The packets of a capture: a list with a search and a choice of the connection. A
// capture may have millions of packets, so the list loads more when the user scrolls.

import { h } from "./dom.js";

const page = 200; // packets in one request

export class Packets {
  #loading = false;

  constructor(lab) {
    this.lab = lab;
    this.search = h("input", { type: "search", id: "packet-search", oninput: () => this.later() });
    this.choice = h("select", { id: "packet-connection", onchange: () => this.restart() });
    this.body = h("tbody");
    this.more = h("button", { type: "button", onclick: () => this.load() }, "More packets");
    this.earlier = h("button", { type: "button", hidden: true, onclick: () => this.restart() }, "Earlier packets");
    this.count = h("span", { role: "status", class: "small" });
    this.list = h("div", { class: "list packets", tabIndex: 0, role: "region", "aria-label": "Packets" },
      h("table", {}, h("thead", {}, h("tr", {}, ["frame", "time, s", "what"].map((text, i) => h("th", { scope: "col", class: i < 2 ? "n" : "" }, text)))), this.body), this.more);
    this.element = h("div", {}, h("div", { class: "controls" },
      h("label", { for: "packet-search" }, "Search"), this.search,
      h("label", { for: "packet-connection" }, "Connection"), this.choice, this.earlier, this.count), this.list);
    new IntersectionObserver(entries => { if (entries[0].isIntersecting && !this.more.hidden) this.load(); }, { root: this.list }).observe(this.more);
  }

  // open shows the packets of the open capture, from the given number on.
  async open(packet) {
    if (!this.known) {
      this.known = await this.lab.call("connections");
      this.choice.replaceChildren(h("option", { value: -1 }, "all"), ...this.known.map(c => h("option", { value: c.id }, c.text)));
    }
    if (packet) { this.search.value = ""; this.choice.value = "-1"; }
    await this.restart(packet ? Math.max(0, packet - 10) : 0);
    if (packet) this.mark(packet);
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.restart(), 200);
  }

  async restart(after = 0) {
    this.generation = (this.generation || 0) + 1;
    this.after = after;
    this.earlier.hidden = after === 0;
    this.#loading = false;
    this.body.replaceChildren();
    this.more.hidden = false;
    await this.load();
  }

  async load() {
    if (this.#loading) return;
    this.#loading = true;
    const generation = this.generation;
    this.more.textContent = "Reading the packets …";
    const found = await this.lab.call("packets", { after: this.after, connection: Number(this.choice.value || -1), text: this.search.value, count: page });
    if (generation !== this.generation) return;
    this.#loading = false;
    this.more.textContent = "More packets";
    this.more.hidden = found.done;
    this.after = found.packets.at(-1)?.packet ?? this.after;
    this.body.append(...found.packets.map(p => this.row(p)));
    const count = this.body.children.length;
    this.count.textContent = count ? `${count}${found.done ? "" : " and more"} packets` : "No packet has this.";
  }

  row(p) {
    return h("tr", { id: "packet-" + p.packet, class: p.role },
      h("td", { class: "n" }, h("a", { href: "#/capture/packets/" + p.packet }, String(p.packet))), h("td", { class: "n" }, p.time),
      h("td", { class: "info" }, h("bdi", { dir: "ltr" }, ...parts(p.text))));
  }

  mark(packet) {
    const row = document.getElementById("packet-" + packet);
    if (!row) return;
    for (const e of this.body.querySelectorAll(".marked")) e.classList.remove("marked");
    row.classList.add("marked");
    this.list.scrollTop = row.offsetTop - this.list.clientHeight / 3;
  }
}

// parts returns the line of a packet with the options of TCP in an element of their own.
// They are longer than all the rest, so the list shows them for the marked packet only.
function parts(line) {
  const [, before, options, after] = /^(\S+ \S+ > \S+: Flags \[[^\]]*\](?:, (?:seq|ack|win|urg) [\d:]+)*)(, options \[[^\]]*\])(.*)$/s.exec(line) || [];
  return options ? [before, h("span", { class: "options" }, options), after] : [line];
}
