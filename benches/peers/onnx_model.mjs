// The network of a workload as an ONNX model: Gemm and activation per layer, random weights. Written here, since no
// peer exports ONNX without more packages. Protocol buffers: https://protobuf.dev/programming-guides/encoding; the
// numbers of the fields: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.

const ONNX_FLOAT = 1
const ATTRIBUTE_INT = 2

function varint(value) {
  const bytes = []
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128)
  return Buffer.from([...bytes, value])
}

/** One field: a whole number as a varint, all else as a block with its length. */
function field(number, value) {
  if (typeof value === 'number') return Buffer.concat([varint(number << 3), varint(value)])
  const block = Buffer.from(value)
  return Buffer.concat([varint((number << 3) | 2), varint(block.length), block])
}

const message = (...fields) => Buffer.concat(fields)

const node = (operator, inputs, output, attributes = []) =>
  message(
    ...inputs.map(name => field(1, name)),
    field(2, output),
    field(4, operator),
    ...attributes.map(([name, value]) => field(5, message(field(1, name), field(3, value), field(20, ATTRIBUTE_INT)))),
  )

const initializer = (name, shape, values) =>
  message(
    ...shape.map(size => field(1, size)),
    field(2, ONNX_FLOAT),
    field(8, name),
    field(9, Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
  )

/** `[batch, size]` of float32, the batch open. */
function port(name, size) {
  const shape = message(field(1, field(2, 'batch')), field(1, field(1, size)))
  return message(field(1, name), field(2, field(1, message(field(1, ONNX_FLOAT), field(2, shape)))))
}

const OPERATORS = { elu: 'Elu', selu: 'Selu', relu: 'Relu' }

/** Bytes of the model with input `x` and output `y`. */
export function onnxModel(workload, features) {
  const graph = []
  const sizes = [features, ...workload.hidden, 10]
  for (let i = 1; i < sizes.length; i++) {
    const [inputs, units] = [sizes[i - 1], sizes[i]]
    const limit = Math.sqrt(6 / (inputs + units))
    const kernel = Float32Array.from({ length: inputs * units }, () => (2 * Math.random() - 1) * limit)
    graph.push(field(5, initializer(`kernel${i}`, [inputs, units], kernel)))
    graph.push(field(5, initializer(`bias${i}`, [units], new Float32Array(units))))
    const last = i === sizes.length - 1
    graph.push(field(1, node('Gemm', [i === 1 ? 'x' : `h${i - 1}`, `kernel${i}`, `bias${i}`], `z${i}`)))
    const activation = last ? node('Softmax', [`z${i}`], 'y', [['axis', 1]]) : node(OPERATORS[workload.activation], [`z${i}`], `h${i}`)
    graph.push(field(1, activation))
  }
  graph.push(field(2, workload.name ?? 'network'), field(11, port('x', features)), field(12, port('y', 10)))
  const opset = field(8, field(2, 17))
  return message(field(1, 8), field(7, message(...graph)), opset)
}
