export { plotCurves } from './plot-curves.js'
export type { Line, Panel } from './spec.js'
