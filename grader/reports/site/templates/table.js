"use strict";
// Sorting and finding.  Without this script the table is whole, and in the order of names.
{
  const table = document.getElementById("table");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);

  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.v ?? cell.textContent.trim();
    const figure = parseFloat(text);
    return text === "–" ? -Infinity : column > 0 && !Number.isNaN(figure) ? figure : text;
  };
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const firstDown = head.classList.contains("n");
      const down = before ? before === "ascending" : firstDown;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((a, b) => (down ? -1 : 1) * compare(value(a, column), value(b, column)));
      body.append(...rows);
    });
  });
  heads[0].setAttribute("aria-sort", "ascending");

  const field = document.getElementById("filter");
  const found = document.getElementById("found");
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLocaleLowerCase();
    let count = 0;
    for (const row of rows) {
      row.hidden = !row.cells[0].textContent.toLocaleLowerCase().includes(wanted);
      count += row.hidden ? 0 : 1;
    }
    found.textContent = wanted ? `${count} of ${rows.length} shown` : "";
  });
  field.closest(".tools").hidden = false;
}
