// What a page of the lab does when it is used: marking a packet in the ladder
// and in the list at once, filtering the list, moving the zoom of a graph.
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  // ---- marking

  const bar = $("#marked");
  let marked = [];

  function mark(n) {
    for (const e of marked) { e.classList.remove("marked"); e.removeAttribute("aria-current"); }
    marked = ["l" + n, "p" + n].map(id => document.getElementById(id)).filter(Boolean);
    for (const e of marked) { e.classList.add("marked"); e.setAttribute("aria-current", "true"); }
    show(n);
    const row = document.getElementById("p" + n);
    if (row) intoView(row);
  }

  // intoView scrolls the list, and nothing else, to a row of it.
  function intoView(row) {
    const list = row.closest(".list");
    const top = row.offsetTop - list.clientHeight / 2;
    list.scrollTop = Math.max(0, top);
  }

  function show(n) {
    bar.replaceChildren();
    if (n === null) return;
    const row = document.getElementById("p" + n) || document.getElementById("l" + n);
    const text = document.createElement("code");
    text.textContent = "Frame " + n + ": " + (row.dataset.info || $(".info", row)?.textContent || $(".say", row)?.textContent || "").trim();
    bar.append(text);
    if (document.getElementById("l" + n)) bar.append(link("#l" + n, "in the ladder"));
    if (document.getElementById("p" + n)) bar.append(link("#p" + n, "in the list"));
    const clear = document.createElement("button");
    clear.type = "button";
    clear.textContent = "Unmark";
    clear.addEventListener("click", unmark);
    bar.append(clear);
  }

  function unmark() {
    for (const e of marked) { e.classList.remove("marked"); e.removeAttribute("aria-current"); }
    marked = [];
    show(null);
  }

  function link(href, text) {
    const a = document.createElement("a");
    a.href = href;
    a.textContent = text;
    return a;
  }

  if (bar) {
    document.addEventListener("click", event => {
      const row = event.target.closest("[data-n]");
      if (row && !event.target.closest("a, summary, button")) mark(row.dataset.n);
    });
    document.addEventListener("keydown", event => { if (event.key === "Escape") unmark(); });
    const fromAddress = () => {
      document.getElementById(location.hash.slice(1))?.closest("details")?.setAttribute("open", "");
      const found = /^#[lp](\d+)$/.exec(location.hash);
      if (!found) return;
      const row = document.getElementById(location.hash.slice(1));
      if (!row) return;
      if (row.hidden) { filter.value = "all"; search.value = ""; applyFilter(); }
      mark(found[1]);
      row.scrollIntoView({ block: "center" });
    };
    addEventListener("hashchange", fromAddress);
    addEventListener("load", fromAddress);
  }

  // ---- the filter of the packet list

  const filter = $("#filter"), search = $("#search");
  const rows = $$(".list tbody tr");

  // A row of the list belongs to one connection, a gap to one as well.
  function applyFilter() {
    const wanted = filter.value, words = search.value.toLowerCase();
    let shown = 0, before = null;
    for (const row of rows) {
      const fits = (wanted === "all" || row.dataset.kind === wanted || row.dataset.c === wanted) &&
        (words === "" || row.textContent.toLowerCase().includes(words));
      row.hidden = !fits;
      if (!fits) continue;
      const time = Number(row.dataset.t);
      if (row.dataset.n) {
        shown++;
        $(".since", row).textContent = ((before === null ? 0 : time - before) / 1e9).toFixed(6);
      }
      before = Math.max(before ?? time, time);
      if (!row.dataset.gap) before = time;
    }
    $("#shown").textContent = shown + " of " + $("#shown").dataset.of + " packets shown";
  }
  filter?.addEventListener("change", applyFilter);
  search?.addEventListener("input", applyFilter);

  // ---- the zoom of a time-sequence graph

  const grid = 10000;

  // niceStep and ticks are those of the package chart.
  function niceStep(step) {
    const power = 10 ** Math.floor(Math.log10(step));
    return [1, 2, 5, 10].map(m => m * power).find(s => s >= step * (1 - 1e-9));
  }

  function ticks(min, max, count, size) {
    const step = niceStep((max - min) / count);
    const [unit, name] = size(step, max);
    const decimals = Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
    const list = [];
    for (let i = Math.ceil(min / step - 1e-9); i * step <= max + step * 1e-9; i++) {
      const label = (i * step / unit + 0).toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
      list.push({ at: (i * step - min) / (max - min), label });
    }
    return { list, name };
  }

  const timeUnit = (step, max) => max >= 1e6 ? [1e6, "s"] : max >= 1e3 ? [1e3, "ms"] : [1, "µs"];
  const byteUnit = step => step >= 1e6 ? [1e6, "MB"] : step >= 1e5 ? [1e3, "kB"] : [1, "bytes"];

  // unpack turns the differences of the page's data into points.
  function unpack(data) {
    const segments = [], acks = [];
    let time = 0, end = 0;
    for (let i = 0; i < data.segments.length; i += 3) {
      time += data.segments[i];
      const seq = end + data.segments[i + 1];
      end = seq + data.segments[i + 2];
      segments.push({ time, seq, end, again: false });
    }
    for (const i of data.again || []) segments[i].again = true;
    time = 0;
    let ack = 0;
    for (let i = 0; i < data.acks.length; i += 3) {
      time += data.acks[i];
      ack += data.acks[i + 1];
      acks.push({ time, ack, edge: ack + data.acks[i + 2] });
    }
    const sacks = [], holes = [];
    for (let i = 0; i < (data.sacks || []).length; i += 3) {
      const p = acks[data.sacks[i]], seq = p.ack + data.sacks[i + 1];
      sacks.push({ time: p.time, seq, end: seq + data.sacks[i + 2] });
    }
    for (let i = 0; i < (data.holes || []).length; i += 4) {
      const [time, lasts, seq, length] = data.holes.slice(i, i + 4);
      holes.push({ time, until: time + lasts, seq, end: seq + length });
    }
    return { segments, acks, sacks, holes };
  }

  // extent is the part of the sequence numbers that is worth showing.
  function extent(points, from, to) {
    let low = Infinity, high = 0, edge = 0;
    const inside = p => p.time >= from && p.time <= to;
    for (const s of points.segments.filter(inside)) { low = Math.min(low, s.seq); high = Math.max(high, s.end); }
    for (const a of points.acks.filter(inside)) { low = Math.min(low, a.ack); high = Math.max(high, a.ack); edge = Math.max(edge, a.edge); }
    if (low === Infinity) return null;
    high = Math.max(high, low + 1);
    high = Math.max(high, Math.min(edge, high + Math.floor((high - low) / 6)));
    const margin = Math.max((high - low) / 25, 1);
    return [Math.max(low - margin, 0), high + margin];
  }

  function graph(root) {
    const data = JSON.parse($(".points", root).textContent);
    const points = unpack(data);
    const [whole, zoom] = $$("svg.plot", root);
    const [fromSlider, spanSlider] = $$("input", root);
    const says = $("output", root);
    const narrowest = Math.min(20, data.span);
    let from = data.from, span = Math.max(data.to - data.from, narrowest);

    const rect = document.createElementNS(whole.namespaceURI, "rect");
    rect.setAttribute("class", "zoom");
    rect.setAttribute("height", "100%");
    whole.append(rect);

    // The width's slider runs over the powers between the narrowest and all.
    const toSpan = v => narrowest * (data.span / narrowest) ** (v / 1000);
    const fromSpan = s => 1000 * Math.log(s / narrowest) / Math.log(data.span / narrowest || Math.E);

    function stairs(value, x, y) {
      let d = "", row = 0;
      for (let i = 0; i < points.acks.length; i++) {
        const next = points.acks[i + 1];
        if (next && next.time < from) continue;
        const p = points.acks[i];
        row = y(value(p));
        d += d === "" ? "M" + x(Math.max(p.time, from)) + " " + row : "H" + x(p.time) + "V" + row;
        if (p.time > from + span) break;
      }
      return d === "" ? d : d + "H" + grid;
    }

    function draw() {
      from = Math.min(Math.max(from, 0), data.span - span);
      const to = from + span;
      const range = extent(points, from, to);
      const start = data.start + from;
      rect.setAttribute("x", 100 * from / data.span + "%");
      rect.setAttribute("width", 100 * span / data.span + "%");
      fromSlider.value = data.span > span ? 1000 * from / (data.span - span) : 0;
      spanSlider.value = fromSpan(span);
      const unit = timeUnit(0, data.start + data.span);
      const words = (start / unit[0]).toFixed(6).replace(/0{1,3}$/, "") + " " + unit[1] + ", " + (span / 1e3).toFixed(3) + " ms wide";
      says.textContent = words;
      fromSlider.setAttribute("aria-valuetext", words);
      spanSlider.setAttribute("aria-valuetext", words);
      if (!range) return;
      const [low, high] = range;
      const near = v => Math.round(grid * Math.min(Math.max(v, -1), 2));
      const x = t => near((t - from) / span), y = n => grid - near((n - low) / (high - low));
      const bars = list => list.filter(s => s.time >= from && s.time <= to)
        .map(s => "M" + x(s.time) + " " + y(s.seq) + "V" + y(s.end)).join("");
      $(".segment", zoom).setAttribute("d", bars(points.segments.filter(s => !s.again)));
      $(".again", zoom).setAttribute("d", bars(points.segments.filter(s => s.again)));
      $(".sack", zoom).setAttribute("d", bars(points.sacks));
      $(".hole", zoom).setAttribute("d", points.holes.filter(h => h.until >= from && h.time <= to)
        .map(h => "M" + x(h.time) + " " + y(h.seq) + "H" + x(h.until) + "V" + y(h.end) + "H" + x(h.time) + "Z").join(""));
      $(".ack", zoom).setAttribute("d", stairs(p => p.ack, x, y));
      $(".window", zoom).setAttribute("d", stairs(p => p.edge, x, y));
      axes(zoom, ticks(start, start + span, 6, timeUnit), ticks(low, high, 5, byteUnit));
    }

    for (const [slider, set] of [
      [fromSlider, v => { from = (data.span - span) * v / 1000; }],
      [spanSlider, v => { const middle = from + span / 2; span = toSpan(v); from = middle - span / 2; }],
    ]) slider.addEventListener("input", () => { set(Number(slider.value)); draw(); });

    // With the keyboard, on the enlarged part itself: the keys of maps and players.
    const steps = {
      ArrowLeft: () => { from -= span / 4; }, ArrowRight: () => { from += span / 4; },
      PageUp: () => { from -= span; }, PageDown: () => { from += span; },
      Home: () => { from = 0; }, End: () => { from = data.span; },
      "+": () => widen(1 / 1.5), "=": () => widen(1 / 1.5), "-": () => widen(1.5), 0: () => widen(data.span / span),
    };
    function widen(by) {
      const middle = from + span / 2;
      span = Math.min(Math.max(span * by, narrowest), data.span);
      from = middle - span / 2;
    }
    $(".zoomed", root).addEventListener("keydown", event => {
      if (!steps[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      steps[event.key]();
      draw();
    });

    let dragging = false;
    const drag = event => {
      const box = whole.getBoundingClientRect();
      from = data.span * (event.clientX - box.left) / box.width - span / 2;
      draw();
    };
    whole.addEventListener("pointerdown", event => { dragging = true; whole.setPointerCapture(event.pointerId); drag(event); });
    whole.addEventListener("pointermove", event => { if (dragging) drag(event); });
    whole.addEventListener("pointerup", () => { dragging = false; });
    whole.addEventListener("pointercancel", () => { dragging = false; });
    draw();
  }

  // axes writes the labels of a plot anew, as the package chart does.
  function axes(plot, x, y) {
    const group = $(".axes", plot), height = Number(plot.getAttribute("height"));
    const titles = $$(".title", group);
    let into = group;
    group.replaceChildren();
    const add = (name, attributes, text) => {
      const e = document.createElementNS(plot.namespaceURI, name);
      for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
      if (text !== undefined) e.textContent = text;
      into.append(e);
    };
    for (const t of y.list) {
      const at = (height * (1 - t.at)).toFixed(1);
      add("line", { x1: 0, x2: "100%", y1: at, y2: at });
      add("text", { class: "y", x: -8, y: Number(at) + 4 }, t.label);
    }
    into = document.createElementNS(plot.namespaceURI, "g");
    into.setAttribute("class", "x");
    group.append(into);
    for (const t of x.list) {
      const at = (100 * t.at).toFixed(2) + "%";
      add("line", { x1: at, x2: at, y1: height, y2: height + 5 });
      add("text", { class: "x", x: at, y: height + 20 }, t.label);
    }
    for (const [title, unit] of [[titles[0], y.name], [titles[1], x.name]]) {
      title.textContent = title.textContent.replace(/, [^,]*$/, ", " + unit);
      group.append(title);
    }
  }

  $$(".graph").forEach(graph);

  // Files that are dropped on this page in a frame of the lab's page are for that page, which does not
  // get the event.
  if (parent !== window) {
    addEventListener("dragover", event => { if (event.dataTransfer.types.includes("Files")) event.preventDefault(); });
    addEventListener("drop", event => {
      event.preventDefault();
      parent.postMessage({ dropped: [...event.dataTransfer.files] }, "*");
    });
  }
})();
