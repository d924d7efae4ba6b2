/**
 * Functions of tensors. On traced tensors they become part of a program, with gradients; on others they run at once.
 *
 * @module ops
 */
export * from './composed.js'
export * from './elementwise.js'
export * from './linear.js'
export * from './movement.js'
export * from './reduce.js'
export type { Operand, Result } from './run.js'
