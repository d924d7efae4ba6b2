import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { plotCurves } from '../../ts/plot/index.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glorot-plot-'))
})
afterAll(() => rm(folder, { recursive: true }))

const epochs = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

async function draw(y: number[], more: number[] = []): Promise<string> {
  const lines = [
    { name: 'training', x: epochs(y.length), y },
    { name: 'validation', x: epochs(more.length), y: more },
  ]
  const file = await plotCurves([{ title: 'Loss', yLabel: 'loss', lines }], join(folder, 'new', 'history.svg'))
  expect(file).toBe(join(folder, 'new', 'history.svg'))
  return readFile(file, 'utf8')
}

/** All texts of the picture, in document order. */
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)

/** Path commands of the drawn lines. */
const paths = (svg: string) =>
  [...svg.matchAll(/aria-roledescription="line mark container"><path d="([^"]*)"/g)].map(([, d]) => d as string)

test('title, axis titles and legend are there, epochs are whole numbers', async () => {
  const labels = texts(await draw([0.9, 0.5, 0.3], [1, 0.6, 0.4]))
  for (const text of ['Loss', 'loss', 'Epoch', 'training', 'validation']) expect(labels).toContain(text)
  const start = labels.indexOf('1')
  expect(labels.slice(start, start + 4)).toEqual(['1', '2', '3', 'Epoch'])
})

test('each line has a point for each epoch, higher values higher up', async () => {
  const [training, validation] = paths(await draw([0.9, 0.5, 0.3], [1, 0.6, 0.4])).map(path =>
    path
      .split(/[ML]/)
      .slice(1)
      .map(pair => pair.split(',').map(Number)),
  )
  expect(training).toHaveLength(3)
  expect(validation).toHaveLength(3)
  expect(training?.map(([x]) => x)).toEqual([0, 210, 420])
  const heights = training?.map(([, y]) => y as number) as number[]
  expect(heights).toEqual([...heights].sort((a, b) => a - b))
})

test('values that are not finite leave a gap', async () => {
  const [training] = paths(await draw([0.9, Number.NaN, 0.3, 0.2, Number.POSITIVE_INFINITY]))
  expect(training?.match(/M/g)).toHaveLength(2)
  expect(training).not.toMatch(/NaN|Infinity/)
})

test.each([
  ['one epoch', 1],
  ['many epochs', 20_000],
])('%s can be drawn', async (_, n) => {
  expect(texts(await draw(epochs(n).map(e => 1 / e)))).toContain('Loss')
})

test('what cannot be drawn is a clear error and leaves no file', async () => {
  const panel = (y: number[]) => [{ title: 'Loss', yLabel: 'loss', lines: [{ name: 'training', x: [1], y }] }]
  await expect(plotCurves(panel([1]), join(folder, 'a.png'))).rejects.toThrow(/ends in \.svg, received '.*a\.png'/)
  await expect(plotCurves(panel([]), join(folder, 'a.svg'))).rejects.toThrow('no epoch has ended')
  await expect(plotCurves([], join(folder, 'a.svg'))).rejects.toThrow('nothing to draw')
  await expect(plotCurves(panel([1, 2]), join(folder, 'a.svg'))).rejects.toThrow(
    "line 'training' of 'Loss' has 1 x values and 2 y values",
  )
  expect(await readdir(folder)).not.toContain('a.svg')
})
