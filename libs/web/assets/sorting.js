// Tables that sort by a column when its heading is pressed.

export function makeSortable(table) {
  const headings = [...table.tHead.rows[0].cells]
  headings.forEach((heading, column) => {
    if (!heading.textContent.trim()) return
    const button = document.createElement("button")
    button.type = "button"
    button.className = "sort"
    button.append(...heading.childNodes)
    heading.append(button)
    button.addEventListener("click", () => {
      const rising = heading.getAttribute("aria-sort") !== "ascending"
      headings.forEach((other) => other.removeAttribute("aria-sort"))
      heading.setAttribute("aria-sort", rising ? "ascending" : "descending")
      const rows = [...table.tBodies[0].rows].sort((a, b) => compare(key(a, column), key(b, column)) * (rising ? 1 : -1))
      table.tBodies[0].append(...rows)
    })
  })
}

function key(row, column) {
  const cell = row.cells[column]
  const text = (cell.dataset.order ?? cell.textContent).trim()
  const number = Number(text.replace(/[,%\s]/g, ""))
  return text !== "" && Number.isFinite(number) ? number : text
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b
  return String(a).localeCompare(String(b), document.documentElement.lang)
}
