import { describe, expect, test } from 'vitest'
import { formatBar, formatDuration, formatLogs, formatStepTime, formatValue } from '../../ts/progress/format.js'

describe('values look as in Keras', () => {
  test.each([
    [0.5, '0.5000'],
    [-2.30262, '-2.3026'],
    [1234.5, '1234.5000'],
    [0.00101, '0.0010'],
    [0.001, '1.0000e-03'],
    [-0.0000123456, '-1.2346e-05'],
    [0, '0.0000e+00'],
    [1e-120, '1.0000e-120'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('%f is %s', (value, text) => expect(formatValue(value)).toBe(text))
})

test('logs keep their order', () => {
  expect(formatLogs({ loss: 0.25, accuracy: 0.875, valLoss: 1 })).toBe(
    ' - loss: 0.2500 - accuracy: 0.8750 - valLoss: 1.0000',
  )
  expect(formatLogs({})).toBe('')
})

test.each([
  [0, '0.0s'],
  [420, '0.4s'],
  [9_949, '9.9s'],
  [9_951, '10s'],
  [59_400, '59s'],
  [59_600, '1:00'],
  [125_000, '2:05'],
  [3_725_000, '1:02:05'],
])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

test.each([
  [2400, '2s/step'],
  [3.2, '3ms/step'],
  [0.56, '560us/step'],
])('%d ms a step is %s', (ms, text) => expect(formatStepTime(ms)).toBe(text))

test('the bar has the same width at any fraction', () => {
  expect(formatBar(0.5, 4)).toBe('━━──')
  for (const fraction of [-1, 0, 0.01, 0.99, 1, 7]) expect(formatBar(fraction, 20)).toHaveLength(20)
})
