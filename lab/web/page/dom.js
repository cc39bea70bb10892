// Making elements. Text is always set as text, so nothing in it is markup.

// h makes an element. Properties that begin with "on" are listeners; those with a dash, and
// role, are attributes; class is the class.
export function h(name, properties = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else if (key === "class") e.className = value;
    else if (key.includes("-") || key === "role" || key === "for" || key === "list") e.setAttribute(key, value === true ? "" : value);
    else e[key] = value;
  }
  e.append(...children.flat(Infinity).filter(c => c !== null && c !== undefined && c !== false));
  return e;
}

// fragment parses HTML that the lab has written (package report). Text from captures is
// escaped in it. Scripts in parsed HTML do not run, and the page's policy forbids them.
export function fragment(html) {
  const f = document.createDocumentFragment();
  f.append(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  return f;
}

// menu makes a menu of buttons, which closes after a choice, with Escape, and when the
// user goes elsewhere.
export function menu(text, ...buttons) {
  const summary = h("summary", {}, text);
  const close = () => { box.open = false; };
  const box = h("details", {
    class: "menu", onfocusout: event => { if (!box.contains(event.relatedTarget)) close(); },
    onkeydown: event => { if (event.key === "Escape" && box.open) { close(); summary.focus(); } },
  }, summary, h("div", { onclick: event => { if (event.target.closest("button")) { close(); summary.focus(); } } }, buttons));
  return box;
}

// download lets the user save a file.
export function download(name, content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const a = h("a", { href: address, download: name });
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

// announce speaks a text to users of a screen reader.
export function announce(text) {
  document.getElementById("announcement").textContent = text;
}
