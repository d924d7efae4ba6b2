import { callbacks } from 'glorot'
import { expect, test } from 'vitest'
import { failure } from '../api/data.js'

const path = 'best.keras'
test.each<[string, () => unknown, RegExp]>([
  [
    'unknown',
    () => callbacks.earlyStopping({ patient: 1 } as never),
    /^earlyStopping: unknown option 'patient'; known options: monitor, mode, minDelta, patience/,
  ],
  [
    'a type',
    () => callbacks.earlyStopping({ patience: '3' as never }),
    /^earlyStopping: option 'patience' must be a whole number of at least 0; received '3'$/,
  ],
  ['a range', () => callbacks.earlyStopping({ patience: -1 }), /option 'patience' .* received -1/],
  ['a fraction', () => callbacks.earlyStopping({ startFromEpoch: 0.5 }), /option 'startFromEpoch' .* received 0.5/],
  ['NaN', () => callbacks.earlyStopping({ minDelta: Number.NaN }), /option 'minDelta' must be a number; received NaN/],
  ['a flag', () => callbacks.earlyStopping({ restoreBestWeights: 1 as never }), /must be true or false; received 1/],
  ['a choice', () => callbacks.earlyStopping({ mode: 'up' as never }), /'auto' or 'min' or 'max'; received 'up'/],
  ['a mode that is not told', () => callbacks.earlyStopping({ monitor: 'valFoo' }), /'mode' must be 'min' or 'max'/],
  ['no object', () => callbacks.earlyStopping(3 as never), /^earlyStopping: expected an object of options, received 3/],
  ['factor', () => callbacks.reduceLROnPlateau({ factor: 1 }), /'factor' must be .* less than 1; received 1/],
  ['cooldown', () => callbacks.reduceLROnPlateau({ cooldown: -2 }), /'cooldown'/],
  ['a schedule', () => callbacks.learningRateScheduler(0.1 as never), /^learningRateScheduler: 'schedule' must be/],
  ['a missing path', () => callbacks.modelCheckpoint({} as never), /^modelCheckpoint: option 'path' is missing/],
  ['a path', () => callbacks.modelCheckpoint({ path: 'best.txt' }), /must end in .keras or .h5; received 'best.txt'/],
  [
    'a path of weights',
    () => callbacks.modelCheckpoint({ path, saveWeightsOnly: true }),
    /must end in .weights.h5 or .safetensors, since only weights are saved/,
  ],
  ['a template', () => callbacks.modelCheckpoint({ path: '{epoch:x}.keras' }), /expected a name in braces.*{epoch:x}/],
  ['a frequency', () => callbacks.modelCheckpoint({ path, saveFreq: 0 }), /'saveFreq' must be 'epoch' or a whole/],
  ['a file', () => callbacks.csvLogger(''), /^csvLogger: option 'filename' must be a string that is not empty/],
  ['a hook', () => callbacks.lambdaCallback({ onEnd() {} } as never), /^lambdaCallback: unknown option 'onEnd'/],
  ['no function', () => callbacks.lambdaCallback({ onEpochEnd: 3 } as never), /must be a function; received 3/],
  ['a rate', () => callbacks.oneCycle({ maxLearningRate: 0 }), /'maxLearningRate' must be .* greater than 0/],
  ['a missing rate', () => callbacks.oneCycle({} as never), /'maxLearningRate' is missing/],
])('a wrong option is named: %s', async (_, make, message) => {
  const error = await failure(make)
  expect(error.message).toMatch(message)
  expect(error.code).toBe('GLOROT_CONFIG')
})

test('names in snake_case', () => {
  const stopping = callbacks.earlyStopping({ min_delta: 0.1, monitor: 'val_loss', patience: undefined } as never)
  expect(stopping).toBeInstanceOf(callbacks.EarlyStopping)
})
