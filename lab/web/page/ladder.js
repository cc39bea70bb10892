// The ladder of a session: its rows, the marked one, and the same as a table.

import { fragment, h } from "./dom.js";

export class Ladder {
  // chosen is called with the number of a packet that the user chooses.
  constructor(chosen) {
    this.element = h("div", { class: "ladderbox" });
    this.element.addEventListener("click", event => {
      const row = event.target.closest("li.p");
      if (row && !event.target.closest("a, summary, button")) chosen(Number(row.dataset.n));
    });
  }

  // draw shows the HTML of package report.
  draw(html) {
    const table = h("details", { class: "astable" }, h("summary", {}, "The same as a table"));
    table.addEventListener("toggle", () => { if (table.open && table.children.length === 1) table.append(this.table()); });
    this.element.replaceChildren(fragment(html), table);
    this.rows = [...this.element.querySelectorAll("li.p")];
    this.byPacket = new Map(this.rows.map(row => [Number(row.dataset.n), row]));
    this.marked = null;
  }

  // lanes are the names of the hosts, from left to right.
  get lanes() { return [...this.element.querySelectorAll(".ladderhead b")].map(b => b.textContent); }

  row(packet) { return this.byPacket?.get(packet); }

  // mark marks the row of a packet, and optionally scrolls to it.
  mark(packet, scroll) {
    this.marked?.classList.remove("marked");
    this.marked?.removeAttribute("aria-current");
    this.marked = this.row(packet) || null;
    this.marked?.classList.add("marked");
    this.marked?.setAttribute("aria-current", "true");
    if (scroll) this.marked?.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  // table is the ladder as a table, for people who prefer tables to pictures.
  table() {
    const cells = row => {
      const [no, time] = [row.querySelector(".no"), row.querySelector(".when > span:last-child")];
      const spoken = row.querySelector(".vh").textContent.replace(/: $/, "");
      return [no.textContent, time.textContent, spoken, words(row), row.querySelector(".comment")?.textContent || ""];
    };
    const heads = ["frame", "seconds", "from and to", "what", "explanation"];
    return h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "The ladder as a table" }, h("table", {},
      h("thead", {}, h("tr", {}, heads.map(text => h("th", { scope: "col" }, text)))),
      h("tbody", {}, this.rows.map(row => h("tr", {}, cells(row).map(text => h("td", {}, text)))))));
  }
}

// words returns the text of a row: the dialogue, and the flags and numbers.
export function words(row) {
  return [...row.querySelectorAll(".say b, .say .nums")].map(e => e.textContent).join(" ");
}

// ends returns the lanes of the two ends of a row's arrow, from 0; an end without a
// lane is -1.
export function ends(row) {
  const arrow = row.querySelector(".arrow");
  if (!arrow) return { from: -1, to: -1 };
  const line = letter => Number(new RegExp(`\\b${letter}(\\d)\\b`).exec(arrow.className)[1]);
  let [left, right] = [line("a") - 2, line("b") - 2];
  if (arrow.classList.contains("stub")) {
    if (arrow.classList.contains("end")) left = -1; else right = -1;
  }
  return row.classList.contains("ltr") ? { from: left, to: right } : { from: right, to: left };
}
