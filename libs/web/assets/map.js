// A map of communities: outlines from a file of the operator's, shaded by the numbers of the table that stands with it.

const LEVELS = 5
// from light to dark, so that more is darker in black and white too; the outline tells neighbours of one shade apart
const SHADES = ["#e3efec", "#b5d6d0", "#7fb8af", "#3f9186", "#1d6b63"]

export async function drawMap(init, registerMap, place, { outlines, rows }) {
  const answer = await fetch(outlines)
  if (!answer.ok) return
  registerMap("communities", await answer.json())
  const font = getComputedStyle(document.body).fontFamily
  const called = new Map(rows.map(({ code, name, number }) => [code, `${name}\n${say(number)}`]))
  const chart = init(place, null, { renderer: "canvas" })
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: font, fontSize: 15, color: "#1b2a28" },
    visualMap: { type: "piecewise", pieces: pieces(rows.map((row) => row.number)), left: 0, top: 0, textStyle: { fontSize: 14, color: "#1b2a28" } },
    series: [{
      type: "map", map: "communities", nameProperty: "code", left: 110, right: 8, top: 8, bottom: 8, selectedMode: false,
      itemStyle: { areaColor: "#ffffff", borderColor: "#4e5f5c", borderWidth: 1 },
      label: { show: true, fontSize: 13, color: "#1b2a28", textBorderColor: "#ffffff", textBorderWidth: 3, formatter: ({ name }) => called.get(name) ?? "" },
      emphasis: { label: { color: "#1b2a28" }, itemStyle: { areaColor: "#ffdd00" } },
      labelLayout: { hideOverlap: true },
      data: rows.map(({ code, number }) => ({ name: code, value: number })),
    }],
  })
  const opens = new Map(rows.map(({ code, href }) => [code, href]))
  chart.on("click", ({ name }) => opens.get(name) && location.assign(opens.get(name)))
  new ResizeObserver(() => chart.resize()).observe(place)
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
