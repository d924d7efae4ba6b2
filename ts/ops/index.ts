/**
 * Functions of tensors. On traced tensors they become part of a program, with gradients; on others they run at once.
 *
 * @module ops
 */
export {
  expandDims,
  flip,
  moveAxis,
  ravel,
  repeat,
  roll,
  split,
  squeeze,
  stack,
  swapAxes,
  take,
  takeAlongAxis,
  tile,
  unstack,
} from './arrangement.js'
export * from './creation.js'
export * from './einsum.js'
export * from './elementwise.js'
export * from './linear.js'
export * from './math.js'
export * from './movement.js'
export * from './reduce.js'
export type { Operand, Result } from './run.js'
export * from './statistics.js'
