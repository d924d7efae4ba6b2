import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { configError, shown } from '../errors.js'
import { curvesSpec, type Panel } from './spec.js'

/**
 * Draws panels of curves into an SVG file; the folder is made if need be.
 *
 * Vega is loaded at the first call, so that programs that draw nothing do not wait for it.
 *
 * @param panels - One or more; they are placed side by side, two in a row.
 * @param path - File to write; it must end in `.svg`.
 * @returns Absolute path of the file.
 * @throws If there is nothing to draw, or the path names another format.
 * @internal
 */
export async function plotCurves(panels: Panel[], path: string): Promise<string> {
  if (typeof path !== 'string' || extname(path).toLowerCase() !== '.svg') {
    throw configError(`plot: expected a path that ends in .svg, received ${shown(path)}`)
  }
  if (!panels.some(panel => panel.lines.some(line => line.y.length > 0))) {
    throw configError('plot: there is nothing to draw yet: no epoch has ended')
  }
  for (const { title, lines } of panels) {
    for (const { name, x, y } of lines) {
      if (x.length !== y.length) {
        throw configError(`plot: line '${name}' of '${title}' has ${x.length} x values and ${y.length} y values`)
      }
    }
  }
  const { parse, View } = await import('vega')
  const view = new View(parse(curvesSpec(panels)), { renderer: 'none' })
  try {
    const svg = await view.toSVG()
    const file = resolve(path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, svg)
    return file
  } finally {
    view.finalize()
  }
}
