"use strict";
// Numbers behind a figure, as CSV.
document.addEventListener("click", event => {
  const button = event.target.closest("button.csv");
  if (!button) return;
  const data = JSON.parse(document.getElementById(button.dataset.of).textContent);
  const cell = x => x === null ? "" : /[",\n]/.test(x) ? '"' + String(x).replaceAll('"', '""') + '"' : x;
  const text = [data.columns, ...data.rows].map(row => row.map(cell).join(",")).join("\n") + "\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = button.dataset.name + ".csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
// Tables that sort by a column and keep the rows that are asked for.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  const value = (row, k) => {
    const cell = row.cells[k], x = cell.dataset.x;
    return x === undefined ? cell.textContent.toLowerCase() : x === "" ? NaN : Number(x);
  };
  heads.forEach((head, k) => head.querySelector("button").addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending", sign = up ? 1 : -1;
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    rows.sort((a, b) => {
      const x = value(a, k), y = value(b, k);
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
      return x < y ? -sign : x > y ? sign : 0;
    });
    body.append(...rows);
  }));
  const find = document.getElementById("find"), status = document.getElementById("status");
  const count = document.getElementById("count");
  const keep = () => {
    const text = find.value.toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !(row.cells[0].textContent.toLowerCase().includes(text) &&
        (!status.value || row.cells[1].textContent === status.value));
      shown += !row.hidden;
    }
    count.textContent = shown + " of " + rows.length;
  };
  for (const input of [find, status]) if (input) input.addEventListener("input", keep);
}
// What has to be scrolled sideways is reached by keyboard, too.
for (const wide of document.querySelectorAll(".wide")) {
  if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
}
