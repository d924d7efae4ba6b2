import type { Case } from './fixtures.js'

interface Count {
  passed: number
  failed: number
  skipped: number
}

/** Counts cases by kind, and tells those that fail because something of Keras is not there yet from those that fail. */
export class Report {
  private readonly listed: Map<string, string>
  private readonly counts = new Map<string, Count>()
  private readonly missing = new Set<string>()
  private readonly passed = new Set<string>()

  /** @param unsupported What is not there yet, as `kind name`. */
  constructor(unsupported: readonly string[]) {
    this.listed = new Map(unsupported.map(name => [fold(name), name]))
  }

  /** Runs a case. Returns the name of what it needs that is listed as not there yet; throws what it throws otherwise. */
  async run(group: string, given: Case, run: () => Promise<void>): Promise<string | undefined> {
    const key = `${group}/${given.kind}`
    const count = this.counts.get(key) ?? { passed: 0, failed: 0, skipped: 0 }
    this.counts.set(key, count)
    try {
      await run()
    } catch (error) {
      const missing = this.listed.get(fold(unknown(error) ?? ''))
      if (missing === undefined) {
        count.failed++
        throw error
      }
      count.skipped++
      this.missing.add(missing)
      return missing
    }
    count.passed++
    this.passed.add(fold(group in kinds ? `${kinds[group]} ${given.kind}` : `group ${group}`))
    return undefined
  }

  /** Listed names whose own cases pass. */
  supportedAfterAll(): string[] {
    return [...this.listed]
      .filter(([folded, name]) => this.passed.has(folded) && !this.missing.has(name))
      .map(([, name]) => name)
  }

  /** How many cases of each kind ran. */
  text(): string {
    const line = ([key, { passed, failed, skipped }]: [string, Count]) => {
      const rest = `${failed ? `, ${failed} FAILED` : ''}${skipped ? `, ${skipped} not supported yet` : ''}`
      return `  ${key}: ${passed} passed${rest}`
    }
    const total = { passed: 0, failed: 0, skipped: 0 }
    for (const count of this.counts.values()) {
      total.passed += count.passed
      total.failed += count.failed
      total.skipped += count.skipped
    }
    return [...this.counts]
      .sort()
      .map(line)
      .concat(line(['all', total]))
      .join('\n')
  }
}

/** What the cases of a group are, in the words of error messages. */
const kinds: Record<string, string> = {
  activations: 'activation',
  callbacks: 'callback',
  constraints: 'constraint',
  initializers: 'initializer',
  layers: 'layer',
  losses: 'loss',
  metrics: 'metric',
  optimizers: 'optimizer',
  regularizers: 'regularizer',
  schedules: 'schedule',
}

/** `layer Conv2D` of an error that says that there is no such class. */
function unknown(error: unknown): string | undefined {
  const match = /(\w+): unknown (?:\w+ )?'([^']+)'/.exec(error instanceof Error ? error.message : '')
  return match ? `${match[1]} ${match[2]}` : undefined
}

/** Names in one spelling: `leaky_relu`, `LeakyReLU` and `leakyRelu` are the same. */
const fold = (name: string) => name.toLowerCase().replaceAll('_', '')
