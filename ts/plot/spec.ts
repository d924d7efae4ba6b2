import type { GroupMark, Spec } from 'vega'

/** One curve. Values that are not finite leave a gap. */
export interface Line {
  name: string
  x: number[]
  y: number[]
}

/** One set of axes with its curves. */
export interface Panel {
  title: string
  yLabel: string
  lines: Line[]
  /** Default: `'Epoch'`. */
  xLabel?: string
  /** Default: `'linear'`, of whole numbers. */
  xScale?: 'linear' | 'log'
  /** Default: `'linear'`. */
  yScale?: 'linear' | 'log'
}

/** Okabe and Ito's colours, which people with colour-blindness can tell apart. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']

/** Points are drawn as long as they do not hide the line. */
const mostPoints = 30

/** Vega's description of panels of curves over epochs. */
export function curvesSpec(panels: Panel[]): Spec {
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    description: panels.map(panel => panel.title).join('; '),
    background: 'white',
    padding: 12,
    layout: { columns: Math.min(panels.length, 2), padding: 36, bounds: 'full', align: 'all' },
    config: {
      axis: {
        labelFontSize: 14,
        titleFontSize: 15,
        titleFontWeight: 'normal',
        gridColor: '#e6e6e6',
        domainColor: '#888',
      },
      legend: { labelFontSize: 14, symbolSize: 500, symbolStrokeWidth: 2.5 },
      title: { fontSize: 17, offset: 10 },
    },
    marks: panels.map(panelMark),
  }
}

function panelMark(panel: Panel): GroupMark {
  const points = panel.lines.flatMap(({ name, x, y }) => x.map((at, i) => ({ name, x: at, y: y[i] as number })))
  const finite = points.filter(point => Number.isFinite(point.y))
  const names = panel.lines.map(line => line.name)
  const longest = Math.max(...panel.lines.map(line => line.y.length))
  const { xLabel = 'Epoch', xScale = 'linear', yScale = 'linear' } = panel
  const least = Math.min(...extent(points.map(point => point.x)))
  const x = { scale: 'x', field: 'x' }
  const y = { scale: 'y', field: 'y' }
  const stroke = { scale: 'colour', field: 'name' }
  return {
    type: 'group',
    encode: { update: { width: { value: 420 }, height: { value: 260 } } },
    title: { text: panel.title },
    // A value that is not finite is no number in JSON; here it must break the line, not end it.
    data: [{ name: 'points', values: points.map(point => ({ ...point, valid: Number.isFinite(point.y) })) }],
    scales: [
      // Ranges are given, since `width` and `height` would be those of the whole picture.
      { name: 'x', type: xScale, range: [0, 420], domain: extent(points.map(point => point.x)), zero: false },
      {
        name: 'y',
        type: yScale,
        range: [260, 0],
        domain: extent(finite.map(point => point.y)),
        zero: false,
        nice: true,
      },
      {
        name: 'colour',
        type: 'ordinal',
        domain: names,
        range: names.map((_, i) => colours[i % colours.length] as string),
      },
    ],
    axes: [
      {
        orient: 'bottom',
        scale: 'x',
        gridScale: 'y',
        title: xLabel,
        ...(xScale === 'linear' ? { format: 'd', tickMinStep: 1 } : { format: least < 1 ? '.0e' : '~s' }),
        tickCount: 10,
        grid: true,
        labelOverlap: true,
      },
      { orient: 'left', scale: 'y', gridScale: 'x', title: panel.yLabel, tickCount: 6, grid: true },
    ],
    legends: [{ stroke: 'colour', symbolType: 'stroke', orient: 'bottom', direction: 'horizontal', columns: 3 }],
    marks: [
      {
        type: 'group',
        from: { facet: { name: 'line', data: 'points', groupby: 'name' } },
        marks: [
          {
            type: 'line',
            from: { data: 'line' },
            encode: { update: { x, y, stroke, strokeWidth: { value: 2.5 }, defined: { field: 'valid' } } },
          },
          ...(longest <= mostPoints
            ? [
                {
                  type: 'symbol' as const,
                  from: { data: 'line' },
                  encode: {
                    update: { x, y, fill: stroke, size: { value: 36 }, opacity: { signal: 'datum.valid ? 1 : 0' } },
                  },
                },
              ]
            : []),
        ],
      },
    ],
  }
}

/** Least and greatest value; around a single value some room, so that it does not lie on the edge. */
function extent(values: number[]): [number, number] {
  // Not Math.min(...values): a long history has more values than a call may have arguments.
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (low > high) return [0, 1]
  return low < high ? [low, high] : [low - 1, high + 1]
}
