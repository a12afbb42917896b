// A map of communities: outlines from a file of the operator's, shaded by the numbers of the table that stands with it.

const LEVELS = 5
const NARROW = 480 // pixels, less than which the legend stands instead of lying
// from light to dark, so that more is darker in black and white too; the outline tells neighbours of one shade apart
const SHADES = ["#e3efec", "#b5d6d0", "#7fb8af", "#3f9186", "#1d6b63"]

export async function drawMap(init, registerMap, place, { outlines, rows }) {
  const answer = await fetch(outlines)
  if (!answer.ok) return
  const lands = await answer.json()
  registerMap("communities", lands)
  const ratio = shape(lands)
  const font = getComputedStyle(document.body).fontFamily
  const called = new Map(rows.map(({ code, name, number }) => [code, `${name}\n${say(number)}`]))
  const chart = init(place, null, { renderer: "canvas" })
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: font, fontSize: 15, color: "#1b2a28" },
    visualMap: { type: "piecewise", pieces: pieces(rows.map((row) => row.number)), orient: narrow(place) ? "vertical" : "horizontal", left: 0, top: 0, textStyle: { fontSize: 14, color: "#1b2a28" } },
    series: [{
      type: "map", map: "communities", nameProperty: "code", ...fitted(place, ratio), selectedMode: false,
      itemStyle: { areaColor: "#ffffff", borderColor: "#4e5f5c", borderWidth: 1 },
      label: { show: true, fontSize: 13, color: "#1b2a28", textBorderColor: "#ffffff", textBorderWidth: 3, formatter: ({ name }) => called.get(name) ?? "" },
      emphasis: { label: { color: "#1b2a28" }, itemStyle: { areaColor: "#ffdd00" } },
      labelLayout: { hideOverlap: true },
      data: rows.map(({ code, number }) => ({ name: code, value: number })),
    }],
  })
  const opens = new Map(rows.map(({ code, href }) => [code, href]))
  chart.on("click", ({ name }) => opens.get(name) && location.assign(opens.get(name)))
  new ResizeObserver(() => {
    chart.resize()
    chart.setOption({ visualMap: { orient: narrow(place) ? "vertical" : "horizontal" }, series: [fitted(place, ratio)] })
  }).observe(place)
}

// Under the legend, as large as there is room for without being stretched
function fitted(place, ratio) {
  const top = narrow(place) ? 130 : 40
  const width = Math.min(place.clientWidth - 16, (place.clientHeight - top - 8) * ratio)
  return { left: (place.clientWidth - width) / 2, top, width, height: width / ratio }
}

function narrow(place) {
  return place.clientWidth < NARROW
}

// How much wider than high the outlines are on the ground, where a degree of longitude is less than one of latitude
function shape(lands) {
  const points = lands.features.flatMap(({ geometry: { type, coordinates } }) => coordinates.flat(type === "MultiPolygon" ? 2 : 1))
  const [west, east] = ends(points.map((point) => point[0]))
  const [south, north] = ends(points.map((point) => point[1]))
  return ((east - west) * Math.cos(((south + north) / 2) * (Math.PI / 180))) / (north - south)
}

function ends(numbers) {
  return numbers.reduce(([least, most], one) => [Math.min(least, one), Math.max(most, one)], [Infinity, -Infinity])
}

// Levels of about the same width, at round numbers: 0–49, 50–99, …
function pieces(numbers) {
  const most = Math.max(...numbers, LEVELS)
  const rough = most / LEVELS
  const size = 10 ** Math.floor(Math.log10(rough))
  const step = Math.ceil(rough / size) * size
  return SHADES.map((color, level) => ({ color, min: level * step, max: (level + 1) * step - 1, label: `${say(level * step)}–${say((level + 1) * step - 1)}` }))
}

function say(number) {
  return number.toLocaleString(document.documentElement.lang)
}
