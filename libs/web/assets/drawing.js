// Charts: drawn from the same numbers as the table that stands under each.

import { drawMap } from "./map.js"

// Okabe and Ito's colours that keep apart for colour-blind readers, dark ones first; patterns tell series apart as well
const COLOURS = ["#1d6b63", "#c25a00", "#1f5fa8", "#8a3d75", "#7a6a00"]

export async function drawCharts(root) {
  const places = [...root.querySelectorAll("[data-chart]")]
  const maps = [...root.querySelectorAll("[data-map]")]
  if (places.length + maps.length === 0) return
  const { init, registerMap } = await import(document.body.dataset.echarts)
  for (const place of places) draw(init, place, JSON.parse(place.dataset.chart))
  for (const place of maps) await drawMap(init, registerMap, place, JSON.parse(place.dataset.map))
}

function draw(init, place, { kind, unit, columns, rows }) {
  const lying = kind === "bar"
  const series = columns.slice(1)
  const font = getComputedStyle(document.body).fontFamily
  const head = () => (series.length > 1 ? 12 + 26 * lines(series, font, place.clientWidth) : 8)
  if (lying) place.style.height = `${40 + head() + rows.length * (18 + 16 * (columns.length - 1))}px`
  const chart = init(place, null, { renderer: "canvas" })
  const names = { type: "category", data: rows.map((row) => row[0]), inverse: lying, axisTick: { show: false }, axisLabel: { fontSize: 14, color: "#1b2a28" } }
  const numbers = { type: "value", min: 0, max: unit === "%" ? 1 : undefined, minInterval: unit === "%" ? undefined : 1, axisLabel: { fontSize: 13, color: "#4e5f5c", formatter: (v) => say(v, unit) } }
  chart.setOption({
    color: COLOURS,
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: { fontFamily: font, fontSize: 15, color: "#1b2a28" },
    aria: { decal: { show: columns.length > 2 } },
    grid: { left: 8, right: 48, top: head(), bottom: 8, containLabel: true },
    legend: columns.length > 2 ? { top: 0, left: 0, textStyle: { fontSize: 15 } } : undefined,
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (v) => say(v, unit) },
    xAxis: lying ? numbers : names,
    yAxis: lying ? names : numbers,
    series: series.map((name, index) => ({
      name, type: kind, barMaxWidth: 22, symbolSize: 8,
      label: { show: lying, position: "right", formatter: ({ value }) => say(value, unit) },
      data: rows.map((row) => row[index + 1]),
    })),
  })
  new ResizeObserver(() => {
    chart.resize()
    chart.setOption({ grid: { top: head() } })
  }).observe(place)
}

// How many lines the names of the series take, with the sign before each, in so much width
function lines(names, font, width) {
  const pen = document.createElement("canvas").getContext("2d")
  pen.font = `15px ${font}`
  let count = 1
  let filled = 0
  for (const name of names) {
    const long = pen.measureText(name).width + 42
    if (filled && filled + long > width) {
      count += 1
      filled = 0
    }
    filled += long
  }
  return count
}

function say(value, unit) {
  if (value === null || value === undefined) return "—"
  return unit === "%" ? `${Math.round(value * 1000) / 10}%` : value.toLocaleString(document.documentElement.lang)
}
