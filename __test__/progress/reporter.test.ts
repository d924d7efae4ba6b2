import { Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createReporter, type ReporterStream, type Verbose } from '../../ts/progress/reporter.js'

/** A stream that remembers what was written; as a terminal, `screen()` is what a person would see. */
function fakeStream({ isTTY = false, columns = 80 } = {}) {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  }) as Writable & ReporterStream
  Object.assign(stream, { isTTY, columns })
  return {
    stream,
    text: () => text,
    screen: () => {
      const lines = ['']
      // Splits into control sequences and text; only those that cli-progress uses need a meaning.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what this is about
      for (const part of text.split(/(\x1b\[[0-9;]*[A-Za-z]|\x1b[78]|\n)/)) {
        const last = lines.length - 1
        if (part === '\n') lines.push('')
        else if (part === '\x1b[1G') lines[last] = ''
        else if (!part.startsWith('\x1b')) lines[last] += part
      }
      return lines
    },
  }
}

const epoch = (options: { verbose: Verbose; isTTY?: boolean; columns?: number }) => {
  const { verbose, ...terminal } = options
  const out = fakeStream(terminal)
  const reporter = createReporter({ verbose, epochs: 5, stepsPerEpoch: 100, stream: out.stream })
  reporter.onEpochBegin(0)
  return { ...out, reporter }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('what the device says before the first step is written, unless nothing is', () => {
  for (const verbose of ['auto', 0, 1, 2] as const) {
    const { reporter, text } = epoch({ verbose })
    const before = text()
    reporter.onPlan('cuda:0: 1.0 MiB in use')
    reporter.onPlan(undefined)
    expect(text()).toBe(verbose === 0 ? '' : `${before}cuda:0: 1.0 MiB in use\n`)
  }
})

describe('without a terminal', () => {
  test("'auto' writes one plain line an epoch", () => {
    const { reporter, text } = epoch({ verbose: 'auto' })
    reporter.onProgress(50, { loss: 0.7 }, { elapsedMs: 60 })
    vi.advanceTimersByTime(1000)
    expect(text()).toBe('')
    reporter.onEpochEnd(0, { loss: 0.5, valLoss: 0.00002 }, { elapsedMs: 1234 })
    reporter.onEpochBegin(1)
    reporter.onEpochEnd(1, { loss: 0.25 }, { elapsedMs: 61_000 })
    reporter.close()
    expect(text()).toBe(
      'Epoch 1/5 - 100/100 - 1.2s - 12ms/step - loss: 0.5000 - valLoss: 2.0000e-05\n' +
        'Epoch 2/5 - 100/100 - 1:01 - 610ms/step - loss: 0.2500\n',
    )
  })

  test('a bar that is asked for is written once, complete and without control sequences', () => {
    const { reporter, text } = epoch({ verbose: 1 })
    reporter.onProgress(50, { loss: 0.7 }, { elapsedMs: 60 })
    vi.advanceTimersByTime(1000)
    reporter.onEpochEnd(0, { loss: 0.5 }, { elapsedMs: 1234 })
    expect(text()).toBe(`Epoch 1/5\n100/100 ${'━'.repeat(20)} 1.2s 12ms/step - loss: 0.5000\n`)
  })
})

describe('on a terminal', () => {
  test("'auto' draws a bar with the time left, and leaves the final line", () => {
    const { reporter, screen } = epoch({ verbose: 'auto', isTTY: true })
    reporter.onProgress(25, { loss: 0.7 }, { elapsedMs: 500 })
    vi.advanceTimersByTime(1000)
    expect(screen()).toEqual([
      'Epoch 1/5',
      ` 25/100 ${'━'.repeat(5)}${'─'.repeat(15)} ETA 1.5s 20ms/step - loss: 0.7000`,
    ])
    reporter.onEpochEnd(0, { loss: 0.5, accuracy: 0.75 }, { elapsedMs: 2000 })
    expect(screen()).toEqual([
      'Epoch 1/5',
      `100/100 ${'━'.repeat(20)} 2.0s 20ms/step - loss: 0.5000 - accuracy: 0.7500`,
      '',
    ])
  })

  test('a narrow terminal cuts the bar off but not the final line', () => {
    const { reporter, screen } = epoch({ verbose: 1, isTTY: true, columns: 30 })
    reporter.onProgress(25, { loss: 0.7 }, { elapsedMs: 500 })
    vi.advanceTimersByTime(1000)
    expect(screen()[1]).toHaveLength(30)
    reporter.onEpochEnd(0, { loss: 0.5 }, { elapsedMs: 2000 })
    expect(screen()[1]).toMatch(/loss: 0.5000$/)
  })

  test('what the device says while a bar is there is written above it', () => {
    const { reporter, screen } = epoch({ verbose: 1, isTTY: true })
    reporter.onPlan('cuda:0: 1.0 MiB in use')
    reporter.onProgress(25, { loss: 0.7 }, { elapsedMs: 500 })
    vi.advanceTimersByTime(1000)
    expect(screen()).toEqual(['Epoch 1/5', 'cuda:0: 1.0 MiB in use', expect.stringMatching(/^ 25\/100 /)])
    reporter.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('drawing is throttled: many steps, few redraws', () => {
    const { reporter, text } = epoch({ verbose: 1, isTTY: true })
    for (let step = 1; step <= 100; step++) {
      reporter.onProgress(step, { loss: 0.7 }, { elapsedMs: step * 10 })
      vi.advanceTimersByTime(10)
    }
    reporter.close()
    expect(text().split('step').length).toBeLessThan(20)
  })

  test('close() in the middle of an epoch leaves no timer and the cursor on', () => {
    const { reporter, text } = epoch({ verbose: 1, isTTY: true })
    const listeners = process.listenerCount('SIGINT')
    reporter.onProgress(25, { loss: 0.7 }, { elapsedMs: 500 })
    reporter.close()
    expect(vi.getTimerCount()).toBe(0)
    expect(text()).not.toContain('\x1b[?25l')
    expect(text()).not.toContain('\x1b[?7l')
    expect(listeners).toBe(process.listenerCount('SIGINT'))
  })
})

test('0 writes nothing', () => {
  const { reporter, text } = epoch({ verbose: 0, isTTY: true })
  reporter.onProgress(25, { loss: 0.7 }, { elapsedMs: 500 })
  reporter.onEpochEnd(0, { loss: 0.5 }, { elapsedMs: 2000 })
  reporter.close()
  expect(text()).toBe('')
})

test('without epochs (evaluation) no epoch is named', () => {
  const { stream, text } = fakeStream()
  const reporter = createReporter({ verbose: 2, stepsPerEpoch: 10, stream })
  reporter.onEpochBegin(0)
  reporter.onEpochEnd(0, { loss: 0.5 }, { elapsedMs: 20 })
  expect(text()).toBe('10/10 - 0.0s - 2ms/step - loss: 0.5000\n')
})

test('another verbose is an error that names it', () => {
  expect(() => createReporter({ verbose: 3 as Verbose, stepsPerEpoch: 1 })).toThrow(
    "verbose: expected 'auto', 0, 1 or 2, received 3",
  )
})
