// The editor: a text area, which works with every browser and every screen reader. The
// colours and the marks are drawn behind it, and the completions are listed below the
// cursor.

import { h } from "./dom.js";
import { highlight } from "./highlight.js";

export class Editor {
  // changed is called when the text has changed, and at when the cursor has moved
  // to another line. complete returns the completions for a text and an offset in
  // bytes.
  constructor({ label, changed, at, complete }) {
    this.changed = changed;
    this.complete = complete;
    this.numbers = h("div", { class: "numbers", "aria-hidden": "true" });
    this.colours = h("pre", { class: "colours", "aria-hidden": "true" });
    this.area = h("textarea", {
      spellcheck: false, autocapitalize: "off", autocomplete: "off", wrap: "off", rows: 12,
      "aria-label": label, "aria-describedby": "editor-help", "aria-autocomplete": "list", "aria-controls": "completions",
    });
    this.list = h("ul", { id: "completions", role: "listbox", class: "completions", hidden: true, "aria-label": "Completions" });
    this.explanation = h("p", { class: "explanation", hidden: true });
    this.element = h("div", { class: "editor" }, this.numbers, h("div", { class: "sheet" }, this.colours, this.area, this.list, this.explanation));
    this.marks = new Map();
    this.area.addEventListener("input", () => { this.draw(); this.withdraw(); this.changed(this.text); this.offer(false); });
    this.area.addEventListener("scroll", () => this.scrolled());
    this.area.addEventListener("keydown", event => this.key(event));
    this.area.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    document.addEventListener("selectionchange", () => {
      if (document.activeElement !== this.area) return;
      const line = this.line();
      if (line !== this.current) at?.(this.current = line);
    });
  }

  get text() { return this.area.value; }
  set text(text) { this.area.value = text; this.marks = new Map(); this.draw(); }

  // line is the number of the line with the cursor.
  line() { return this.text.slice(0, this.area.selectionStart).split("\n").length; }

  // go moves the cursor to the beginning of a line.
  go(line) {
    const at = this.text.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    this.area.focus();
    this.area.setSelectionRange(at, at);
    this.area.scrollTop = Math.max(0, (line - 6) * this.lineHeight());
  }

  // mark marks lines: a Map of line numbers to {kind, text}, kind being "error", "difference"
  // or "match".
  mark(marks) { this.marks = marks; this.draw(); }

  draw() {
    const lines = highlight(this.text);
    this.numbers.replaceChildren(...lines.map((_, i) => {
      const mark = this.marks.get(i + 1);
      return h("span", { class: mark?.kind, title: mark?.text }, String(i + 1));
    }));
    this.colours.replaceChildren(...lines.flatMap((parts, i) => {
      const mark = this.marks.get(i + 1);
      return [h("span", { class: "line " + (mark?.kind || "") }, ...parts), "\n"];
    }));
    this.scrolled();
  }

  scrolled() {
    this.colours.scrollTop = this.numbers.scrollTop = this.area.scrollTop;
    this.colours.scrollLeft = this.area.scrollLeft;
  }

  lineHeight() { return parseFloat(getComputedStyle(this.area).lineHeight); }

  // ---- completion

  async offer(asked) {
    const at = this.area.selectionStart, text = this.text;
    const before = text.slice(0, at);
    if (!asked && !/[\w=/-]$/.test(before)) { this.close(); return; }
    const offset = new TextEncoder().encode(before).length;
    const offered = await this.complete(text, offset).catch(() => null);
    if (this.text !== text || this.area.selectionStart !== at) return; // the text has changed meanwhile
    if (!offered || offered.list.length === 0) { this.close(); return; }
    this.written = new TextDecoder().decode(new TextEncoder().encode(before).slice(offered.begins));
    this.offered = offered.list.slice(0, 12);
    this.show();
  }

  show() {
    this.list.replaceChildren(...this.offered.map((c, i) => h("li", {
      id: "completion-" + i, role: "option", "aria-selected": "false",
      onmousedown: event => { event.preventDefault(); this.choose(i); },
    }, c.word)));
    const line = this.line() - 1;
    const column = this.area.selectionStart - this.text.lastIndexOf("\n", this.area.selectionStart - 1) - 1 - this.written.length;
    const style = getComputedStyle(this.area);
    const left = parseFloat(style.paddingLeft) + column * this.charWidth() - this.area.scrollLeft;
    const top = parseFloat(style.paddingTop) + (line + 1) * this.lineHeight() - this.area.scrollTop;
    for (const e of [this.list, this.explanation]) e.hidden = false;
    this.list.style.left = Math.max(0, Math.min(left, this.area.clientWidth - 120)) + "px";
    this.list.style.top = top + "px";
    this.select(0);
  }

  charWidth() {
    if (!this.width) {
      const probe = h("span", { class: "probe" }, "0".repeat(100));
      this.colours.append(probe);
      this.width = probe.getBoundingClientRect().width / 100;
      probe.remove();
    }
    return this.width;
  }

  select(i) {
    this.selected = (i + this.offered.length) % this.offered.length;
    [...this.list.children].forEach((e, k) => {
      e.setAttribute("aria-selected", String(k === this.selected));
      if (k === this.selected) e.scrollIntoView({ block: "nearest" });
    });
    this.area.setAttribute("aria-activedescendant", "completion-" + this.selected);
    const c = this.offered[this.selected];
    this.explanation.replaceChildren(h("code", {}, c.usage), " " + c.does);
  }

  choose(i) {
    if (!this.offered) return;
    const at = this.area.selectionStart, { word, usage } = this.offered[i];
    const argument = usage.startsWith(word + " ") && !usage.startsWith(word + " [") && this.text[at] !== " ";
    this.close();
    this.area.focus();
    this.area.setRangeText(word + (argument ? " " : ""), at - this.written.length, at, "end");
    this.draw();
    this.changed(this.text);
    if (argument) this.offer(true);
  }

  // withdraw leaves the list on the screen, but nothing can be chosen from it:
  // the text has changed, and the list for the new text is not there yet.
  withdraw() {
    this.offered = null;
    this.area.removeAttribute("aria-activedescendant");
    for (const e of this.list.children) e.setAttribute("aria-selected", "false");
  }

  close() {
    this.withdraw();
    this.list.hidden = this.explanation.hidden = true;
  }

  key(event) {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      this.offer(true);
      return;
    }
    if (!this.offered) return;
    const does = {
      ArrowDown: () => this.select(this.selected + 1), ArrowUp: () => this.select(this.selected - 1),
      Enter: () => this.choose(this.selected), Tab: () => this.choose(this.selected), Escape: () => this.close(),
    }[event.key];
    if (does) { event.preventDefault(); does(); }
  }
}
