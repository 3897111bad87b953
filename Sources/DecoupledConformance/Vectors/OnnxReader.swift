import DecoupledBackendKit
import DecoupledCore

/// What the entries of the operators read of a published ONNX case.
struct OnnxReader {
  typealias Excluded = OnnxVector.Excluded

  struct Made {
    var spec: NodeSpec
    var values: [[Double]]
    var expected: [[Double]?]?
  }

  let node: OnnxNode
  let given: [OnnxTensor?]
  let outputs: [OnnxTensor]

  init(_ node: OnnxNode, _ given: [OnnxTensor?], _ outputs: [OnnxTensor]) {
    self.node = node
    self.given = given
    self.outputs = outputs
  }

  func operand(_ index: Int) -> OnnxTensor? { given.indices.contains(index) ? given[index] : nil }

  func required(_ index: Int) throws -> OnnxTensor {
    guard let found = operand(index) else { throw Excluded("an input that is missing") }
    return found
  }

  func integer(_ name: String, _ standard: Int) -> Int { node.integers[name]?.first ?? standard }
  func real(_ name: String, _ standard: Double) -> Double { node.reals[name] ?? standard }

  func made(_ kind: OperatorKind, _ operands: [OnnxTensor?], _ attributes: [Attribute]) -> Made {
    Made(
      spec: NodeSpec(kind, operands.map { $0.map { .tensor($0.shape) } ?? .absent }, attributes),
      values: operands.map { $0?.values ?? [] })
  }

  func axis(_ axis: Int, _ x: OnnxTensor) -> Int { axis < 0 ? axis + x.shape.count : axis }

  // MARK: - Windows

  /// The first input, which is two-dimensional images.
  func image() throws -> OnnxTensor {
    let x = try required(0)
    guard x.shape.count == 4 else { throw Excluded("images that are not two-dimensional") }
    return x
  }

  /// The weights of a convolution.
  func weights() throws -> OnnxTensor { try required(1) }

  var group: Attribute { .integer("group", integer("group", 1)) }

  /// Pads for the sizes that auto_pad asks for.
  private func pads(_ x: [Int], kernel: [Int], strides: [Int], dilations: [Int], transposed: [Int]? = nil) -> [Int] {
    let mode = node.texts["auto_pad"] ?? "NOTSET"
    guard mode.hasPrefix("SAME") || transposed != nil else {
      return mode == "VALID" ? [0, 0, 0, 0] : node.integers["pads"] ?? [0, 0, 0, 0]
    }
    var result = [0, 0, 0, 0]
    for axis in 0..<2 {
      let extent = dilations[axis] * (kernel[axis] - 1) + 1
      let total: Int
      if let transposed {
        total = strides[axis] * (x[axis] - 1) + extent - transposed[axis]
      } else {
        let size = (x[axis] + strides[axis] - 1) / strides[axis]
        total = max(0, (size - 1) * strides[axis] + extent - x[axis])
      }
      let small = total / 2
      // ONNX: SAME_UPPER puts the odd line at the end, everything else of a transposed one at the beginning.
      let odd = mode == "SAME_UPPER"
      result[axis] = odd ? small : total - small
      result[axis + 2] = total - result[axis]
    }
    return result
  }

  func geometry(_ x: OnnxTensor, _ kernel: [Int], transposed: [Int]? = nil) throws -> [Attribute] {
    let strides = node.integers["strides"] ?? [1, 1]
    let dilations = node.integers["dilations"] ?? [1, 1]
    let pads = pads(
      Array(x.shape[2...]), kernel: kernel, strides: strides, dilations: dilations, transposed: transposed)
    guard pads.allSatisfy({ $0 >= 0 }) else { throw Excluded("negative pads") }
    return [.integers("strides", strides), .integers("pads", pads)]
      + (dilations == [1, 1] ? [] : [.integers("dilations", dilations)])
  }

  /// Attributes of both pools.
  func pool(_ x: OnnxTensor) throws -> [Attribute] {
    let kernel = node.integers["kernel_shape"] ?? []
    guard (node.integers["dilations"] ?? [1, 1]).allSatisfy({ $0 == 1 }) else { throw Excluded("a dilated pool") }
    guard integer("storage_order", 0) == 0 else { throw Excluded("column-major indices") }
    return [.integers("kernel_shape", kernel)] + (try geometry(x, kernel))
  }
}
