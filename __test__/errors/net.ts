import { input, layers, sequential, tensor } from 'glorot'

// Wrong types are the subject.
export const any = (value: unknown) => value as never
export const x = tensor(new Float32Array(20), [10, 2])
export const y = tensor(new Float32Array(10), [10, 1])
export const labels = tensor(new Int32Array(10))

export function net(units = 1, options: object = {}, activation: 'linear' | 'softmax' = 'linear') {
  const net = sequential([input({ shape: [2], name: 'x' }), layers.dense({ units, activation, name: 'out' })], {
    name: 'net',
  })
  net.compile({ optimizer: 'sgd', loss: 'mse', ...options })
  return net
}
export const classes = (loss: string, more: object = {}) => net(3, { loss, ...more }, 'softmax')
export const silent = { verbose: 0 } as const
export const fit = (more: object = {}) => net().fit(x, y, { ...silent, ...more })
export const dense = (name?: string) => layers.dense({ units: 1, ...(name ? { name } : {}) })
export const a = () => input({ shape: [3] })
