import type { Case } from './fixtures.js'

/** Counts cases by kind. */
export class Report {
  private readonly counts = new Map<string, { passed: number; failed: number }>()

  /** Runs a case; throws what it throws. */
  async run(group: string, given: Case, run: () => Promise<void>): Promise<void> {
    const key = `${group}/${given.kind}`
    const count = this.counts.get(key) ?? { passed: 0, failed: 0 }
    this.counts.set(key, count)
    count.failed++
    await run()
    count.failed--
    count.passed++
  }

  /** How many cases of each kind ran. */
  text(): string {
    const line = (key: string, passed: number, failed: number) =>
      `  ${key}: ${passed} passed${failed ? `, ${failed} FAILED` : ''}`
    const all = [...this.counts.values()]
    const sum = (of: 'passed' | 'failed') => all.reduce((total, count) => total + count[of], 0)
    const kinds = [...this.counts].sort().map(([key, { passed, failed }]) => line(key, passed, failed))
    return [...kinds, line('all', sum('passed'), sum('failed'))].join('\n')
  }
}
