"use strict";
// The report is whole without this. It adds: a filter, keys, and buttons that open and close all differences.
(() => {
  const tools = document.querySelector(".tools");
  if (!tools) return;
  tools.hidden = false;
  const search = tools.querySelector("input");
  const found = tools.querySelector("output");
  const buttons = tools.querySelectorAll("button");
  const folds = "details.module, details.package, details.fold";

  // In a large report what is folded is text until it is opened: the browser makes no elements of what is in a
  // noscript while there are scripts.
  const make = (kept) => { kept.outerHTML = kept.textContent; };
  document.addEventListener("toggle", (event) => {
    const kept = event.target.matches("details[open]") && event.target.querySelector(":scope > noscript");
    if (kept) make(kept);
  }, true);

  /** Every row, with what it is found by, and what it is folded in; made when it is first needed. */
  let rows = null;
  let opened = null; // which were open before anything was looked for
  const read = () => {
    if (rows) return;
    document.querySelectorAll("details:not(.d) > noscript").forEach(make);
    rows = [];
    for (const element of document.querySelectorAll(".c")) {
      const around = [];
      for (let at = element.parentElement; at; at = at.parentElement)
        if (at.matches("li.c, " + folds)) around.push(at);
      rows.push({ element, around, text: element.querySelector("code").textContent.toLowerCase() });
    }
    opened = new Map([...document.querySelectorAll(folds)].map((fold) => [fold, fold.open]));
  };

  const show_all = () => {
    for (const row of rows) {
      row.element.hidden = false;
      for (const at of row.around) at.hidden = false;
    }
    for (const [fold, open] of opened) fold.open = open;
    rows = null;
    found.textContent = "";
  };

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) {
      if (rows) show_all();
      return;
    }
    read();
    const kept = new Set();
    let count = 0;
    for (const row of rows) {
      if (!words.every((word) => row.text.includes(word))) continue;
      ++count;
      kept.add(row.element);
      for (const at of row.around) kept.add(at);
    }
    for (const row of rows) row.element.hidden = !kept.has(row.element);
    for (const fold of opened.keys()) {
      fold.hidden = !kept.has(fold);
      fold.open = kept.has(fold);
    }
    found.textContent = count + " of " + rows.length;
  };

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  for (const button of buttons)
    button.addEventListener("click", () => {
      const open = button.value === "open";
      for (const details of document.querySelectorAll(".c > details"))
        if (!details.parentElement.hidden) details.open = open;
      if (open) for (const fold of document.querySelectorAll("details.package")) fold.open = true;
    });

  /** The next row that can be seen, or the one before. */
  const go = (step) => {
    const all = [...document.querySelectorAll(".c")].filter(
      (row) => row.checkVisibility ? row.checkVisibility() : row.offsetParent);
    const at = all.findIndex((row) => row === document.activeElement?.closest(".c"));
    const row = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
    if (!row) return;
    const target = row.querySelector(":scope > details > summary, a") || row;
    if (target === row) row.tabIndex = -1;
    target.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    const top = row.getBoundingClientRect().top - tools.getBoundingClientRect().height;
    if (top < 0) scrollBy(0, top);
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === search) {
      if (event.key !== "Escape") return;
      search.value = "";
      filter();
      search.blur();
    } else if (event.key === "/") {
      search.focus();
      search.select();
    } else if (event.key === "j" || event.key === "k") {
      go(event.key === "j" ? 1 : -1);
    } else {
      return;
    }
    event.preventDefault();
  });

  /** What a link leads to is shown, however it is folded. */
  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();
})();
