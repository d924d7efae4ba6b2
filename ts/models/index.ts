/**
 * Models from elsewhere.
 *
 * @module models
 */
import type { Serialized } from '../config-object.js'
import { native } from '../native.js'
import { toJson } from '../serialize.js'
import { Model } from './model.js'

/**
 * A model with new weights from what `model.toJSON()`, or `to_json()` in Keras 2 and 3, gives.
 *
 * @param json The text, or what it says.
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const fromJSON = (json: Serialized): Model => new Model(native.Model.deserialize(toJson('model', json)))
