import { input, layers, model, models, ops, sequential } from 'glorot'
import { describe, expect, test } from 'vitest'
import { failure } from '../api/data.js'
import { refused } from './calls.js'
import { a, any, dense, net, x } from './net.js'

describe('models', () => {
  const l = (more: object) => layers.dense({ units: 2, ...more })
  refused({
    'layers that are no array': [() => sequential(any(l({}))), 'GLOROT_CONFIG', /expected an array of layers/],
    'a layer that is none': [
      () => sequential([l({}), any('dense')]),
      'GLOROT_CONFIG',
      /expected layers; received 'dense' at 1/,
    ],
    'a factory that was not called': [
      () => sequential([any(layers.flatten)]),
      'GLOROT_CONFIG',
      /layers.flatten makes one: call it/,
    ],
    'a class in place of an object': [
      () => sequential([any(layers.Dense)]),
      'GLOROT_CONFIG',
      /layers.Dense is a class: give an object of it/,
    ],
    'an option of another kind': [
      () => sequential([], any({ nam: 'x' })),
      'GLOROT_CONFIG',
      /unknown option 'nam'; known options: name/,
    ],
    'a name with a slash': [() => sequential([], { name: 'a/b' }), 'GLOROT_CONFIG', /has no '\/'; received 'a\/b'/],
    'two layers of one name': [
      () => sequential([dense('d'), dense('d')]),
      'GLOROT_INVALID',
      /two layers are named 'd'/,
    ],
    'a layer twice': [
      () => {
        const layer = l({ name: 'd' })
        return sequential([input({ shape: [2] }), layer, layer])
      },
      'GLOROT_INVALID',
      /layer 'd' is there already; to share a layer, use a functional model/,
    ],
    'an input in the middle': [
      () => sequential([l({}), input({ shape: [2] })]),
      'GLOROT_INVALID',
      /must be the first layer/,
    ],
    'a layer that cannot follow': [
      () => sequential([input({ shape: [3] }), layers.conv2d({ filters: 1, kernelSize: 3, name: 'c' })]),
      'GLOROT_SHAPE',
      /layer 'c' \(Conv2D\): expected inputs of shape \[batch, height, width, channels\], received \[batch, 3\]/,
    ],
    'windows larger than the image': [
      () => layers.maxPooling2d({ poolSize: 5 }).apply(input({ shape: [3, 3, 1] })),
      'GLOROT_SHAPE',
      /use padding 'same' or smaller windows/,
    ],
    'a layer of other inputs': [
      () => {
        const layer = l({ name: 'd' })
        layer.apply(a())
        return layer.apply(input({ shape: [4] }))
      },
      'GLOROT_SHAPE',
      /layer 'd' \(Dense\): expected inputs with 3 features.*received shape \[batch, 4\]; the layer was built for 3/,
    ],
    'shapes that cannot be added': [
      () => layers.add({ name: 's' }).apply([a(), input({ shape: [4] })]),
      'GLOROT_SHAPE',
      /layer 's' \(Add\): expected inputs of equal or broadcastable shapes, received \[batch, 3\] and \[batch, 4\]/,
    ],
    'one input to be added': [
      () => layers.add().apply([a()]),
      'GLOROT_SHAPE',
      /expected two or more inputs, received 1/,
    ],
    'two inputs of a dense layer': [
      () => dense('d').apply([a(), a()]),
      'GLOROT_SHAPE',
      /layer 'd' \(Dense\): expected one input, received 2/,
    ],
    'values beside tensors of a model': [() => layers.add().apply([a(), any(x)]), 'GLOROT_INVALID', /cannot be mixed/],
    'ops on tensors of a model': [
      () => ops.add(any(a()), 1),
      'GLOROT_SHAPE',
      /^add: expected a number.*received ModelTensor/,
    ],
    'operators on tensors of a model': [() => any(a()) * 2, 'GLOROT_INVALID', /has no value: apply layers to it/],
    'no inputs': [
      () => model({ inputs: [], outputs: dense().apply(a()) }),
      'GLOROT_CONFIG',
      /option 'inputs' must be what input\(\) gives/,
    ],
    'inputs that are a layer': [
      () => model({ inputs: any(dense()), outputs: dense().apply(a()) }),
      'GLOROT_CONFIG',
      /'inputs' must be/,
    ],
    'outputs that are a model': [
      () => model({ inputs: a(), outputs: any(net()) }),
      'GLOROT_CONFIG',
      /'outputs' must be what layers give/,
    ],
    'no options at all': [
      () => (model as unknown as () => void)(),
      'GLOROT_CONFIG',
      /^model: expected an object of options/,
    ],
    'an input that is not given': [
      () => model({ inputs: a(), outputs: dense().apply(input({ shape: [3], name: 'other' })), name: 'm' }),
      'GLOROT_INVALID',
      /model 'm': its outputs depend on the input 'other' of shape \[batch, 3\], which is not among its inputs/,
    ],
    'one input twice': [
      () => {
        const one = input({ shape: [3], name: 'one' })
        return model({ inputs: [one, one], outputs: dense().apply(one) })
      },
      'GLOROT_INVALID',
      /input 1, 'one', is among its inputs already/,
    ],
    'two inputs of one name': [
      () => {
        const [p, q] = [input({ shape: [3], name: 'a' }), input({ shape: [3], name: 'a' })]
        return model({ inputs: [p, q], outputs: layers.add().apply([p, q]) })
      },
      'GLOROT_INVALID',
      /two layers are named 'a'/,
    ],
    'a model in itself': [
      () => {
        const m = sequential([], { name: 'm' })
        m.add(m)
      },
      'GLOROT_INVALID',
      /model 'm': a model cannot be a part of itself/,
    ],
    'a model in one of its parts': [
      () => {
        const inner = sequential()
        inner.add(sequential([inner]))
      },
      'GLOROT_INVALID',
      /cannot be a part of itself/,
    ],
    'the last layer of none': [
      () => sequential([], { name: 'm' }).pop(),
      'GLOROT_INVALID',
      /model 'm' has no layers to remove/,
    ],
    'a layer that is not there': [() => net().getLayer('hidden'), 'GLOROT_INVALID', /'hidden'.*out/],
    'a layer by number': [() => net().getLayer(any(0)), 'GLOROT_CONFIG', /getLayer: expected a name; received 0/],
    'the input of a layer before any': [
      () => dense('d').input,
      'GLOROT_INVALID',
      /layer 'd' was not applied to a tensor of a model/,
    ],
    'weights that are no array': [
      () => net().setWeights(any('x')),
      'GLOROT_CONFIG',
      /model 'net': setWeights: expected an array of tensors/,
    ],
    'too few weights': [
      () => net().setWeights([[[1], [2]]]),
      'GLOROT_INVALID',
      /model 'net' has 2 weights, received 1 values/,
    ],
    'weights of another shape': [
      () => net().setWeights([[[1, 2]], [1]]),
      'GLOROT_INVALID',
      /'net\/out\/kernel' is float32 \[2, 1\], received float32 \[1, 2\]/,
    ],
    'weights of a layer, too few': [
      () => net().layers[0]?.setWeights([]),
      'GLOROT_INVALID',
      /layer 'out' has 2 weights, received 0 values/,
    ],
    'a shape that is none': [
      () => dense('d').build(any('x')),
      'GLOROT_CONFIG',
      /layer 'd': build: expected the shape of the input/,
    ],
    'an open axis': [() => dense('d').build(any([null, null])), 'GLOROT_CONFIG', /received \[ null, null \]/],
    'another shape than before': [
      () => net().build([null, 5]),
      'GLOROT_INVALID',
      /model 'net' was built for inputs of shape \[batch, 2\], received \[1, 5\]/,
    ],
    'trainable as text': [
      () => {
        dense('d').trainable = any('no')
      },
      'GLOROT_CONFIG',
      /layer 'd': 'trainable' must be true or false; received 'no'/,
    ],
    'a summary of no width': [
      () => net().summary({ lineLength: -1, print() {} }),
      'GLOROT_CONFIG',
      /'lineLength' must be a whole number of at least 1/,
    ],
    'a summary that goes nowhere': [
      () => net().summary({ print: any('x') }),
      'GLOROT_CONFIG',
      /'print' must be a function of a text/,
    ],
    'a layer on what is no tensor': [
      () => dense('d').apply(any('x')),
      'GLOROT_SHAPE',
      /^layer 'd': expected a number, an array of numbers or a tensor/,
    ],
    'a layer in a mode that is none': [
      () => dense('d').apply(x, any({ training: 'yes' })),
      'GLOROT_CONFIG',
      /'training' must be true or false/,
    ],
    'a config that is none': [
      () => models.fromJSON(any(3)),
      'GLOROT_CONFIG',
      /expected a name or \{ class_name, config \}, received 3/,
    ],
    'a config without layers': [
      () => models.fromJSON(any({ class_name: 'Sequential', config: {} })),
      'GLOROT_CONFIG',
      /has no list 'layers'/,
    ],
    'a config of another class': [
      () => models.fromJSON(any({ class_name: 'Foo', config: {} })),
      'GLOROT_CONFIG',
      /the model is of the class 'Foo', a subclass .* customObjects: \{ Foo \}/,
    ],
    'text that is no JSON': [() => models.fromJSON(any('x')), 'GLOROT_CONFIG', /no valid JSON/],
  })

  test('a layer that does not fit is not added', async () => {
    const grown = net()
    expect((await failure(() => grown.add(layers.conv2d({ filters: 1, kernelSize: 3 })))).message).toMatch(/Conv2D/)
    expect(grown.layers).toHaveLength(1)
    expect((await grown.predict(x)).shape).toEqual([10, 1])
  })
})
