// What the page of an exercise does: it keeps what was typed while the page is
// open again, and saves the answers as a CSV file.
"use strict";
(() => {
  const form = document.getElementById("answers");
  const { student, lesson } = form.dataset;
  const place = "ftplab/" + student + "/" + lesson;
  const fields = [...form.elements].filter(e => e.name);

  // answers maps the number of a question to what was typed or chosen.
  const answers = () => Object.fromEntries(new FormData(form));

  function restore() {
    try {
      const kept = JSON.parse(localStorage.getItem(place)) || {};
      for (const e of fields) {
        if (e.type === "radio") e.checked = kept[e.name] === e.value;
        else e.value = kept[e.name] || "";
      }
    } catch { /* a browser may keep nothing for files */ }
  }

  function keep() {
    try { localStorage.setItem(place, JSON.stringify(answers())); } catch { /* the same */ }
  }

  const quote = text => '"' + String(text).replaceAll('"', '""') + '"';

  function save() {
    const rows = [["student", "lesson", "question", "answer"]];
    for (const [question, answer] of Object.entries(answers())) rows.push([student, lesson, question, answer]);
    const text = rows.map(row => row.map(quote).join(",")).join("\r\n") + "\r\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = student + "-" + lesson + ".csv";
    link.click();
    document.getElementById("saved").textContent = link.download + " is saved." + missing();
  }

  // missing says which questions have no answer yet.
  function missing() {
    const given = answers();
    const without = [...new Set(fields.map(e => e.name))].filter(question => !(given[question] || "").trim());
    if (!without.length) return "";
    return (without.length > 1 ? " These questions have no answer: " : " This question has no answer: ") + without.join(", ") + ".";
  }

  form.addEventListener("input", keep);
  form.addEventListener("submit", event => { event.preventDefault(); save(); });
  restore();
})();
