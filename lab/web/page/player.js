// The player shows a session packet by packet, at its own speed, slower, or step by
// step. A packet travels between the hosts, and a table shows the state of both TCPs
// and of both sides of FTP.

import { h } from "./dom.js";
import { ends, words } from "./ladder.js";

// The speeds: each function turns the time between two packets into the time on the
// screen, in milliseconds.
const speeds = [
  ["slow", "two seconds a packet", () => 2000],
  ["steady", "one second a packet", () => 1000],
  ["fast", "five packets a second", () => 200],
  ["own", "its own speed", apart => apart],
  ["tenth", "a tenth of its own speed", apart => 10 * apart],
];
const longestWait = 5000; // milliseconds; a longer silence is shortened

const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Player {
  // shown is called with the number of the packet that is shown, and whether to scroll to its row.
  constructor(ladder, shown) {
    this.ladder = ladder;
    this.shown = shown;
    this.at = -1; // the index of a row
    const button = (label, sign, does) => h("button", { type: "button", "aria-label": label, title: label, onclick: does }, sign);
    this.playButton = button("Play", "▶", () => this.toggle());
    this.range = h("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "Packet", oninput: () => this.show(Number(this.range.value)) });
    this.speed = h("select", { "aria-label": "Speed" }, speeds.map(([value, text]) => h("option", { value }, text)));
    this.speed.value = "steady";
    this.stage = h("div", { class: "stage-hosts", "aria-hidden": "true" });
    this.says = h("p", { class: "says", role: "status" });
    this.states = h("div", { class: "states" });
    this.element = h("section", { class: "player", "aria-label": "Read along", tabIndex: 0, onkeydown: event => this.key(event) },
      h("div", { class: "controls" },
        button("First packet", "«", () => this.show(0)), button("Previous packet", "‹", () => this.step(-1)), this.playButton,
        button("Next packet", "›", () => this.step(1)), this.range, this.speed),
      this.stage, this.says, this.states);
  }

  // load takes the moments of a session whose ladder is drawn.
  load(moments) {
    this.pause();
    this.moments = new Map(moments.map(m => [m.packet, m]));
    this.rows = this.ladder.rows;
    this.range.max = Math.max(0, this.rows.length - 1);
    this.stage.replaceChildren(...this.ladder.lanes.map(name => h("span", { class: "host" }, name)),
      this.packet = h("span", { class: "packet" }));
    this.packet.hidden = true;
    this.at = -1;
    this.range.value = 0;
    this.says.replaceChildren("Press Play, or step with the arrow keys: each packet, and what both sides do.");
    this.states.replaceChildren();
  }

  number(i) { return Number(this.rows[i].dataset.n); }

  // goTo shows the packet with the given number, and its row.
  goTo(packet) {
    const i = this.rows.findIndex(row => Number(row.dataset.n) === packet);
    if (i < 0) return;
    this.show(i);
    this.shown(packet, true);
  }

  // stays reports whether the player stays on the screen while the ladder scrolls. On a
  // small screen it does not, so the ladder does not scroll: the user would lose the
  // player, and the button that stops it.
  get stays() { return getComputedStyle(this.element).position === "sticky"; }

  toggle() { if (this.timer) this.pause(); else this.play(); }

  play() {
    if (this.rows.length === 0) return;
    this.playButton.textContent = "❚❚";
    this.playButton.setAttribute("aria-label", "Pause");
    this.playButton.title = "Pause";
    if (this.at >= this.rows.length - 1) this.at = -1;
    this.advance();
  }

  advance() {
    this.show(this.at + 1, true);
    if (this.at >= this.rows.length - 1) { this.pause(); return; }
    this.timer = setTimeout(() => this.advance(), this.wait(this.at));
  }

  // wait returns how long a packet is shown before the next one, in milliseconds.
  wait(i) {
    const time = k => this.moments.get(this.number(k))?.time / 1e6 || 0;
    const [, , between] = speeds.find(([value]) => value === this.speed.value);
    return Math.min(longestWait, Math.max(20, between(time(i + 1) - time(i))));
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
    this.playButton.textContent = "▶";
    this.playButton.setAttribute("aria-label", "Play");
    this.playButton.title = "Play";
  }

  step(by) {
    this.pause();
    this.show(Math.min(Math.max(this.at + by, 0), this.rows.length - 1));
  }

  show(i, running = false) {
    if (!this.rows?.[i]) return;
    if (!running) this.pause();
    this.at = i;
    this.range.value = i;
    const row = this.rows[i], n = this.number(i);
    this.range.setAttribute("aria-valuetext", "frame " + n);
    this.travel(row, running ? this.wait(i) : 700);
    this.says.replaceChildren(h("b", {}, `Frame ${n}: `), h("span", { class: "vh" }, row.querySelector(".vh").textContent),
      h("code", {}, words(row)), " ", row.querySelector(".comment")?.textContent || "");
    this.state(this.moments.get(n), row);
    this.shown(n, this.stays);
  }

  // travel moves the packet from its sender to its receiver.
  travel(row, most) {
    const { from, to } = ends(row), count = this.ladder.lanes.length;
    this.packet.hidden = from === to;
    if (from === to) return;
    this.packet.className = "packet " + [...row.classList].filter(c => ["control", "data", "other"].includes(c)).join(" ");
    this.packet.textContent = (row.querySelector(".say b") || row.querySelector(".nums")).textContent.slice(0, 40);
    const left = lane => count > 1 ? 100 * lane / (count - 1) : 50;
    const begin = from < 0 ? (to * 2 >= count ? to - 0.5 : to + 0.5) : from;
    const end = to < 0 ? (from * 2 >= count ? from - 0.5 : from + 0.5) : to;
    const place = lane => ({ left: left(lane) + "%", transform: `translateX(-${left(lane)}%)` });
    this.moving?.cancel();
    if (still.matches) {
      Object.assign(this.packet.style, place(end));
      return;
    }
    Object.assign(this.packet.style, place(end));
    this.moving = this.packet.animate([place(begin), place(end)], { duration: Math.min(700, most), easing: "ease-in-out" });
  }

  // state writes the table of both sides.
  state(m, row) {
    if (!m?.client) { this.states.replaceChildren(); return; }
    const number = n => n.toLocaleString("en");
    const lines = [
      ["TCP", e => e.state],
      ["sends next", e => "seq " + number(e.next)],
      ["unacknowledged", e => number(Math.max(0, e.next - e.acked))],
      ["window it offers", e => e.next === 0 && e.window === 0 ? "–" : number(e.window) + " bytes"],
    ].map(([name, text]) => [name, text(m.client), text(m.server)]);
    if (m.session) lines.push(["FTP", m.session.client, m.session.server]);
    this.states.replaceChildren(h("table", {},
      h("caption", {}, m.role === "other" ? "A connection that is not FTP" : `The ${m.role} connection, and the session`),
      h("thead", {}, h("tr", {}, ["", "client", "server"].map(text => text ? h("th", { scope: "col" }, text) : h("td")))),
      h("tbody", {}, lines.map(([name, ...both]) => h("tr", {}, h("th", { scope: "row" }, name), both.map(text => h("td", {}, text)))))));
  }

  key(event) {
    if (event.target.closest("select, input") && event.key !== " ") return;
    if (event.target.closest("button") && event.key === " ") return;
    const does = {
      ArrowRight: () => this.step(1), ArrowLeft: () => this.step(-1), " ": () => this.toggle(),
      Home: () => this.show(0), End: () => this.show(this.rows.length - 1),
    }[event.key];
    if (does) { event.preventDefault(); does(); }
  }
}
