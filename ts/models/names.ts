/**
 * `val_sparse_accuracy` to `valSparseAccuracy`: how logs are named in JavaScript.
 *
 * @internal
 */
export const camelCase = (name: string) => name.replace(/_+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase())
