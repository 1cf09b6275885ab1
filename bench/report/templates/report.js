"use strict";
// Sorting by a click on a column's head: by number where its cells begin with one, else by words; what is empty
// stays last. A second click turns the order.
(() => {
  const number = (text) => {
    const found = text.replace(/[\u2212\u2013]/g, "-").replace(/,(?=\d{3})/g, "").match(/^[<>]?\s*([+-]?\d+(\.\d+)?(e[+-]?\d+)?)(?![\w-])/i);
    return found ? parseFloat(found[1]) : NaN;
  };
  const text = (row, place) => (row.cells[place] ? row.cells[place].textContent.trim() : "");
  const sort = (table, place, head) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, text: text(row, place) }));
    const filled = rows.filter((each) => each.text !== "");
    const numeric = filled.length > 0 && filled.every((each) => !Number.isNaN(number(each.text)));
    const compare = (a, b) =>
      numeric ? number(a.text) - number(b.text) : a.text.localeCompare(b.text, "en", { numeric: true });
    filled.sort((a, b) => (down ? -compare(a, b) : compare(a, b)));
    const empty = rows.filter((each) => each.text === "");
    body.append(...filled.map((each) => each.row), ...empty.map((each) => each.row));
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      const button = head.querySelector("button");
      if (button) button.addEventListener("click", () => sort(table, place, head));
    });
  }
})();
