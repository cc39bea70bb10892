// The colours of a scenario in the editor.

import { h } from "./dom.js";

// Each rule is tried at the end of the previous match.
const inHead = [
  ["comment", /#.*/y], ["text", /"(?:[^"\\]|\\.)*"?/y], ["flags", /\[[FSRP.UEW]+\]/y],
  ["option", /[a-z]+=/y], ["number", /\b\d[\w.:%-]*/y], [null, /[^\s"#[]+|./y],
];
const inWant = [
  ["comment", /#.*/y], ["text", /"(?:[^"\\]|\\.)*"?/y], ["flags", /\[[FSRP.UEW]+\]/y],
  ["label", /@\w+/y], ["option", /\b(?:seq|ack|win|mss|length|after|wscale|ttl)\b/y], ["number", /\b\d+(?::\d+)?\b/y], [null, /[\w.*-]+|\s+|./y],
];

// highlight returns a line of elements for each line of a scenario.
export function highlight(source) {
  let section = "";
  return source.split("\n").map(line => {
    const name = /^-- (.+) --\s*$/.exec(line);
    if (name) {
      section = name[1].trim();
      return [h("b", { class: "section" }, line)];
    }
    if (section === "") return words(line, inHead, "step");
    if (section === "want" || section === "figures") return words(line, inWant, "connection");
    return [line];
  });
}

function words(line, rules, first) {
  const parts = [];
  let at = /^\s*/.exec(line)[0].length;
  parts.push(line.slice(0, at));
  const begins = /[|\w-]+/y;
  begins.lastIndex = at;
  const word = begins.exec(line);
  if (word) {
    parts.push(h("span", { class: first }, word[0]));
    at += word[0].length;
  }
  while (at < line.length) {
    const [kind, text] = token(line, at, rules);
    parts.push(kind ? h("span", { class: kind }, text) : text);
    at += text.length;
  }
  return parts;
}

function token(line, at, rules) {
  for (const [kind, rule] of rules) {
    rule.lastIndex = at;
    const found = rule.exec(line);
    if (found && found[0] !== "") return [kind, found[0]];
  }
  return [null, line[at]];
}
