// What pages do beyond plain HTML. Every page works without it.
import { Button, Checkboxes, ErrorSummary, PasswordInput, Radios, SkipLink, createAll } from "govuk-frontend"
import { drawCharts } from "./drawing.js"
import { makeSortable } from "./sorting.js"

document.body.classList.add("js-enabled", "govuk-frontend-supported")

function start(root) {
  for (const Component of [Button, Checkboxes, PasswordInput, Radios, SkipLink]) createAll(Component, undefined, root)
  root.querySelectorAll("table[data-sortable]").forEach(makeSortable)
  root.querySelectorAll("[data-hide-after]").forEach(hideAgain)
  drawCharts(root)
}

// a personal value that was shown on request does not stay on the screen
function hideAgain(shown) {
  setTimeout(() => { shown.textContent = shown.dataset.hiddenText }, Number(shown.dataset.hideAfter) * 1000)
}

start(document)
createAll(ErrorSummary)
document.body.addEventListener("htmx:load", (event) => { if (event.detail.elt !== document.body) start(event.detail.elt) })
