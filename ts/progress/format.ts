/** Running or final values by name, in the order to show them: `{ loss: 0.31, accuracy: 0.88 }`. */
export type Logs = Readonly<Record<string, number>>

/** As Keras shows a value: four decimals, or scientific where these would show next to nothing. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Math.abs(value) > 1e-3) return value.toFixed(4)
  // Two digits of exponent at least: 1.0000e-05.
  return value.toExponential(4).replace(/e([+-])(\d)$/, 'e$10$2')
}

/** ` - loss: 0.3100 - accuracy: 0.8800`, empty without logs. */
export function formatLogs(logs: Logs): string {
  return Object.entries(logs)
    .map(([name, value]) => ` - ${name}: ${formatValue(value)}`)
    .join('')
}

/** A span of time: `0.4s`, `12s`, `2:05`, `1:02:05`. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole}s`
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0')
  const minutes = Math.floor(whole / 60)
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`
}

/** Time per step: `2s/step`, `3ms/step`, `560us/step`. */
export function formatStepTime(milliseconds: number): string {
  if (milliseconds >= 1000) return `${Math.round(milliseconds / 1000)}s/step`
  if (milliseconds >= 1) return `${Math.round(milliseconds)}ms/step`
  return `${Math.round(milliseconds * 1000)}us/step`
}

/** A bar of the given width: `━━━━━━──────`. */
export function formatBar(fraction: number, width: number): string {
  const filled = Math.round(Math.min(Math.max(fraction, 0), 1) * width)
  return '━'.repeat(filled) + '─'.repeat(width - filled)
}
