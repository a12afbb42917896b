// The part of ECharts that the pages draw with: bars, lines and maps.
export { init, registerMap, use } from "echarts/core"
import { use } from "echarts/core"
import { BarChart, LineChart, MapChart } from "echarts/charts"
import { AriaComponent, GeoComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapPiecewiseComponent } from "echarts/components"
import { CanvasRenderer } from "echarts/renderers"

use([BarChart, LineChart, MapChart, AriaComponent, GeoComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapPiecewiseComponent, CanvasRenderer])
