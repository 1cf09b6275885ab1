"use strict";
// Sorting by a click on a column's head; a second click turns the order. Columns of words (class left) are sorted as
// words. Of the others, cells that begin with a number come first, then words (failed), then what is empty, either way.
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
    const words = head.classList.contains("left");
    const kind = (each) => (each.text === "" ? 2 : words || !Number.isNaN(number(each.text)) ? 0 : 1);
    const compare = (a, b) =>
      words || kind(a) > 0
        ? a.text.localeCompare(b.text, "en", { numeric: true })
        : number(a.text) - number(b.text);
    rows.sort((a, b) => kind(a) - kind(b) || (down ? -compare(a, b) : compare(a, b)));
    body.append(...rows.map((each) => each.row));
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      const button = head.querySelector("button");
      if (button) button.addEventListener("click", () => sort(table, place, head));
    });
  }
})();
