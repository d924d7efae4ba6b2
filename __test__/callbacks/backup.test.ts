import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AbortError, callbacks, type Logs, models, type Tensor, tensor } from 'glorot'
import { afterAll, expect, test } from 'vitest'
import { bytes, circle, failure, network } from '../api/data.js'

const folder = mkdtempSync(join(tmpdir(), 'glorot-backup-'))
afterAll(() => rmSync(folder, { recursive: true }))
const { x, y } = circle(64)

/** Ends the training with an error, as a crash would. */
class Crash extends callbacks.Callback {
  private readonly step: number
  private steps = 0

  constructor(step: number) {
    super()
    this.step = step
  }

  override onTrainBatchEnd() {
    if (++this.steps === this.step) throw new Error('crash')
  }
}

/** A user's callback with a state of all sorts. */
class Everything extends callbacks.Callback {
  losses: number[] = []
  best: Tensor | undefined
  seen = { begins: 0, odd: Number.NaN as number, nothing: undefined as undefined, flags: [true, false] }

  override onEpochBegin() {
    this.seen.begins++
  }

  override onTrainBatchEnd(_batch: number, { loss }: Logs) {
    this.losses.push(loss as number)
    this.best = tensor(new Int32Array(this.losses.map(loss => loss * 1000)))
  }

  override getState() {
    return { losses: this.losses, best: this.best, seen: this.seen }
  }

  override setState({ losses, best, seen }: Pick<Everything, 'losses' | 'best' | 'seen'>) {
    this.losses = [...losses]
    this.best = best
    this.seen = { ...seen, nothing: undefined }
  }
}

test('a training that failed goes on in the same process', async () => {
  const whole = network()
  const one = new Everything()
  const { history } = await whole.fit(x, y, { epochs: 4, verbose: 0, callbacks: [one] })

  const net = network()
  const backupDir = join(folder, 'same')
  const run = (...more: callbacks.Callback[]) => {
    const two = new Everything()
    const list = [callbacks.backupAndRestore({ backupDir, saveFreq: 1 }), two, ...more]
    return net.fit(x, y, { epochs: 4, verbose: 0, callbacks: list }).then(({ history }) => ({ history, two }))
  }
  expect((await failure(() => run(new Crash(3)))).message).toBe('crash')
  expect(readdirSync(backupDir)).toEqual(['backup.keras'])
  const { history: again, two } = await run()
  expect(again).toEqual(history)
  expect(bytes(net.getWeights())).toBe(bytes(whole.getWeights()))
  expect({ ...two.getState(), best: two.best?.data() }).toEqual({ ...one.getState(), best: one.best?.data() })
  expect(two.best?.dtype).toBe('int32')
  expect(existsSync(backupDir)).toBe(false)
})

test('an aborted training goes on, and one that a callback had ended does not', async () => {
  const backupDir = join(folder, 'abort')
  const controller = new AbortController()
  const epochs: number[] = []
  const listen = (abortAt?: number) =>
    callbacks.lambdaCallback({
      onEpochEnd(epoch) {
        epochs.push(epoch)
        if (epoch === abortAt) controller.abort()
      },
    })
  // The loss falls, which the callback takes for worse.
  const stop = () => callbacks.earlyStopping({ monitor: 'loss', mode: 'max', patience: 3 })
  const list = (abortAt?: number) => [
    callbacks.backupAndRestore(backupDir, { deleteCheckpoint: false }),
    stop(),
    listen(abortAt),
  ]
  const options = { epochs: 20, verbose: 0 } as const
  const whole = await network().fit(x, y, { ...options, callbacks: [stop()] })
  expect(whole.epoch.length).toBeGreaterThan(3)
  expect(whole.epoch.length).toBeLessThan(20)
  const first = network().fit(x, y, { ...options, callbacks: list(1), signal: controller.signal })
  await expect(first).rejects.toBeInstanceOf(AbortError)
  const second = await network().fit(x, y, { ...options, callbacks: list() })
  expect(second.history).toEqual(whole.history)
  expect(epochs).toEqual(whole.epoch)
  const third = await network().fit(x, y, { ...options, callbacks: list() })
  expect(third.history).toEqual(whole.history)
  expect(epochs).toEqual(whole.epoch)
})

test('the backup before the last one is kept, and taken where the last one is lost', async () => {
  const backupDir = join(folder, 'double')
  const options = { backupDir, doubleCheckpoint: true, deleteCheckpoint: false }
  const run = () => network().fit(x, y, { epochs: 3, verbose: 0, callbacks: [callbacks.backupAndRestore(options)] })
  const { history } = await run()
  expect(readdirSync(backupDir).sort()).toEqual(['backup.keras', 'previous.keras'])
  // A backup is a model.
  expect((await models.load(join(backupDir, 'backup.keras'))).optimizer.iterations).toBe(6)
  expect((await models.load(join(backupDir, 'previous.keras'))).optimizer.iterations).toBe(4)
  writeFileSync(join(backupDir, 'backup.keras'), 'PK lost')
  writeFileSync(join(backupDir, '.backup.keras.AbCdEf.tmp'), 'half')
  expect((await run()).history).toEqual(history)
  expect(readdirSync(backupDir).sort()).toEqual(['backup.keras', 'previous.keras'])
})

test('what does not fit the backup is an error', async () => {
  const backupDir = join(folder, 'other')
  const backup = () => callbacks.backupAndRestore({ backupDir, saveFreq: 1 })
  const run = (net = network(), n = 64, more: callbacks.Callback[] = []) => {
    const { x, y } = circle(n)
    return failure(() => net.fit(x, y, { epochs: 2, verbose: 0, callbacks: [backup(), ...more] }))
  }
  expect((await run(network(), 64, [new Crash(2)])).message).toBe('crash')
  const hint = `delete '${backupDir}' to begin anew`
  expect((await run(network({ units: 7 }))).message).toMatch(
    /^backupAndRestore: the training cannot go on: .*backup.keras: layer 'dense.*', weight 'kernel': expected shape \[2, 7\]/,
  )
  const other = network()
  other.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  expect((await run(other)).message).toContain(
    `it is of a training with Nadam, the model is compiled with SGD; ${hint}`,
  )
  const fewer = network()
  fewer.compile({ optimizer: 'nadam', loss: 'sparseCategoricalCrossentropy' })
  expect((await run(fewer)).message).toContain('the running values of the saved training are those of other metrics')
  expect((await run(network(), 128)).message).toContain('the interrupted training had 2 steps an epoch, this one has 4')
  expect((await run(network(), 64, [callbacks.reduceLROnPlateau()])).message).toContain(
    'the interrupted training had the callbacks (none), this one has ReduceLROnPlateau',
  )
  await network().save(join(backupDir, 'backup.keras'))
  expect((await run()).message).toContain(`it is a model, but not the backup of a training; ${hint}`)
  writeFileSync(join(backupDir, 'backup.keras'), '')
  expect((await run()).message).toContain(`backup.keras: is empty; ${hint}`)
})

test('states that cannot be saved', async () => {
  class Wrong extends callbacks.Callback {
    private readonly state: unknown

    constructor(state: unknown) {
      super()
      this.state = state
    }

    override getState() {
      return this.state
    }
  }
  const loop: { self?: object } = {}
  loop.self = loop
  for (const [state, received] of [
    [{ when: new Map() }, 'Map'],
    [[() => 1], 'Function'],
    [loop, 'an object that contains itself'],
  ] as const) {
    const list = [new Wrong(state), callbacks.backupAndRestore(join(folder, 'wrong'))]
    const error = await failure(() => network().fit(x, y, { verbose: 0, callbacks: list }))
    expect(error.message).toContain('Wrong: getState() must give numbers, strings, booleans, tensors, and lists')
    expect(error.message).toContain(received)
  }
})

test('options', async () => {
  const message = async (options: unknown) =>
    (await failure(() => callbacks.backupAndRestore(options as never))).message
  expect(await message({})).toContain("option 'backupDir' is missing")
  expect(await message({ backupDir: 'x', saveFreq: 0 })).toContain(
    "option 'saveFreq' must be 'epoch' or a whole number",
  )
  const two = [callbacks.backupAndRestore('a'), callbacks.backupAndRestore('b')]
  const error = await failure(() => network().fit(x, y, { callbacks: two }))
  expect(error.message).toContain('expected one backupAndRestore, received several')
  mkdirSync(join(folder, 'file'))
  rmSync(join(folder, 'file'), { recursive: true })
  writeFileSync(join(folder, 'file'), '')
  const blocked = await failure(() =>
    network().fit(x, y, { verbose: 0, callbacks: [callbacks.backupAndRestore(join(folder, 'file'))] }),
  )
  expect(blocked.message).toMatch(/EEXIST|ENOTDIR/)
})
