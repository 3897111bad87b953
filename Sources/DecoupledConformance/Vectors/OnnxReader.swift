import DecoupledCore

/// Translates attributes and operands of ONNX's operators.
struct OnnxReader {
  typealias Excluded = OnnxVector.Excluded

  struct Made {
    var spec: NodeSpec
    var values: [[Double]]
    var expected: [[Double]?]?
  }

  private let node: OnnxNode
  private let given: [OnnxTensor?]
  private let outputs: [OnnxTensor]

  init(_ node: OnnxNode, _ given: [OnnxTensor?], _ outputs: [OnnxTensor]) {
    self.node = node
    self.given = given
    self.outputs = outputs
  }

  private func operand(_ index: Int) -> OnnxTensor? { given.indices.contains(index) ? given[index] : nil }

  private func required(_ index: Int) throws -> OnnxTensor {
    guard let found = operand(index) else { throw Excluded("an input that is missing") }
    return found
  }

  private func integer(_ name: String, _ standard: Int) -> Int { node.integers[name]?.first ?? standard }

  private func made(_ kind: OperatorKind, _ operands: [OnnxTensor?], _ attributes: [Attribute]) -> Made {
    Made(
      spec: NodeSpec(kind, operands.map { $0.map { .tensor($0.shape) } ?? .absent }, attributes),
      values: operands.map { $0?.values ?? [] })
  }

  mutating func node(_ kind: OperatorKind) throws -> Made {
    let x = try required(0)
    switch kind {
    case .relu, .sigmoid: return made(kind, [x], [])
    case .conv, .convTranspose: return try convolution(kind, x)
    case .maxPool, .averagePool: return try pool(kind, x)
    case .maxUnpool: return try unpool(x)
    case .softmax: return made(kind, [x], [.integer("axis", axis(integer("axis", -1), x))])
    case .batchNormalization: return try normalization(x)
    case .concat:
      let operands = given.compactMap { $0 }
      return made(kind, operands, [.integer("axis", axis(integer("axis", 1), x))])
    case .slice: return try slice(x)
    case .mul, .add:
      let other = try required(1)
      guard other.shape == x.shape else { throw Excluded("operands that are broadcast") }
      return made(kind, [x, other], [])
    case .gemm: return try gemm(x)
    case .dropout: return try dropout(x)
    case .resize: return try resize(x)
    case .gather:
      let indices = try required(1)
      guard axis(integer("axis", 0), x) == 0 else { throw Excluded("Gather along another axis than 0") }
      guard indices.shape.count == 1 else { throw Excluded("indices that are not a list") }
      guard indices.values.allSatisfy({ $0 >= 0 }) else { throw Excluded("indices that count from the end") }
      return made(kind, [x, indices], [])
    case .reduceSum:
      let axes = operand(1)?.integers ?? []
      guard !axes.isEmpty || integer("noop_with_empty_axes", 0) == 0 else { throw Excluded("a sum over no axis") }
      return made(
        kind, [x], [.integers("axes", axes.isEmpty ? Array(x.shape.indices) : axes.map { axis($0, x) })])
    default: throw Excluded("another operator")
    }
  }

  private func axis(_ axis: Int, _ x: OnnxTensor) -> Int { axis < 0 ? axis + x.shape.count : axis }

  // MARK: - Windows

  private func image(_ x: OnnxTensor) throws {
    guard x.shape.count == 4 else { throw Excluded("images that are not two-dimensional") }
  }

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

  private func geometry(_ x: OnnxTensor, _ kernel: [Int], transposed: [Int]? = nil) throws -> [Attribute] {
    let strides = node.integers["strides"] ?? [1, 1]
    let dilations = node.integers["dilations"] ?? [1, 1]
    let pads = pads(
      Array(x.shape[2...]), kernel: kernel, strides: strides, dilations: dilations, transposed: transposed)
    guard pads.allSatisfy({ $0 >= 0 }) else { throw Excluded("negative pads") }
    return [.integers("strides", strides), .integers("pads", pads)]
      + (dilations == [1, 1] ? [] : [.integers("dilations", dilations)])
  }

  private func convolution(_ kind: OperatorKind, _ x: OnnxTensor) throws -> Made {
    try image(x)
    guard integer("group", 1) == 1 else { throw Excluded("groups") }
    let w = try required(1)
    let kernel = Array(w.shape[2...])
    var attributes: [Attribute]
    if kind == .conv {
      attributes = try geometry(x, kernel)
    } else {
      let mode = node.texts["auto_pad"] ?? "NOTSET"
      let padding = node.integers["output_padding"] ?? [0, 0]
      var wanted = node.integers["output_shape"]
      if mode.hasPrefix("SAME"), wanted == nil {
        let strides = node.integers["strides"] ?? [1, 1]
        wanted = (0..<2).map { x.shape[2 + $0] * strides[$0] }
      }
      // A size that is asked for comes from pads; what they cannot give is output padding.
      attributes = try geometry(x, kernel, transposed: wanted.map { zip($0, padding).map { $0 - $1 } })
      attributes.append(.integers("output_padding", padding))
    }
    return made(kind, [x, w, operand(2)], attributes)
  }

  private func pool(_ kind: OperatorKind, _ x: OnnxTensor) throws -> Made {
    try image(x)
    let kernel = node.integers["kernel_shape"] ?? []
    guard (node.integers["dilations"] ?? [1, 1]).allSatisfy({ $0 == 1 }) else { throw Excluded("a dilated pool") }
    guard integer("storage_order", 0) == 0 else { throw Excluded("column-major indices") }
    let ceil = integer("ceil_mode", 0)
    guard kind == .maxPool || ceil == 0 else { throw Excluded("ceil_mode of AveragePool") }
    var attributes = [Attribute.integers("kernel_shape", kernel)] + (try geometry(x, kernel))
    if ceil != 0 { attributes.append(.integer("ceil_mode", 1)) }
    if integer("count_include_pad", 0) != 0 { attributes.append(.flag("count_include_pad", true)) }
    var result = made(kind, [x], attributes)
    if kind == .maxPool {
      let plane = Double(x.shape[2] * x.shape[3])
      // ONNX counts places through all planes.
      let places = outputs.count > 1 ? outputs[1].values.map { $0.truncatingRemainder(dividingBy: plane) } : nil
      result.expected = [outputs[0].values, places]
      if places == nil { result.spec.absentOutputs = [1] }
    }
    return result
  }

  private func unpool(_ x: OnnxTensor) throws -> Made {
    try image(x)
    let indices = try required(1)
    let size = Array(outputs[0].shape[2...])
    var result = made(.maxUnpool, [x, indices], [.integers("output_shape", size)])
    // ONNX counts places through all planes, and in the plane that the window gives, of which output_shape is an extension.
    let kernel = node.integers["kernel_shape"] ?? [1, 1]
    let strides = node.integers["strides"] ?? [1, 1]
    let pads = node.integers["pads"] ?? [0, 0, 0, 0]
    let pooled = [0, 1].map { (axis: Int) -> Int in
      let padding = pads[axis] + pads[axis + 2]
      return (x.shape[2 + axis] - 1) * strides[axis] + kernel[axis] - padding
    }
    guard pooled[0] > 0, pooled[1] > 0, pooled[0] <= size[0], pooled[1] <= size[1] else {
      throw Excluded("a result that is cut")
    }
    result.values[1] = indices.integers.map { index in
      let place = index % (pooled[0] * pooled[1])
      return Double(place / pooled[1] * size[1] + place % pooled[1])
    }
    return result
  }

  // MARK: - The rest

  private func normalization(_ x: OnnxTensor) throws -> Made {
    guard x.shape.count > 1 else { throw Excluded("no channels") }
    let epsilon = Attribute.real("epsilon", node.reals["epsilon"] ?? 1e-5)
    let (scale, shift) = (try required(1), try required(2))
    let (mean, variance) = (try required(3), try required(4))
    guard integer("training_mode", 0) == 1 else {
      return made(.batchNormalization, [x, scale, shift, mean, variance], [epsilon])
    }
    var result = made(.batchNormalization, [x, scale, shift], [epsilon, .flag("training_mode", true)])
    // ONNX gives running averages; what they took from this batch is ours.
    let momentum = node.reals["momentum"] ?? 0.9
    func ofBatch(_ output: Int, _ before: OnnxTensor) -> [Double]? {
      guard outputs.count > output else { return nil }
      return zip(outputs[output].values, before.values).map { ($0 - momentum * $1) / (1 - momentum) }
    }
    result.expected = [outputs[0].values, ofBatch(1, mean), ofBatch(2, variance)]
    return result
  }

  private func slice(_ x: OnnxTensor) throws -> Made {
    let (starts, ends) = (try required(1).integers, try required(2).integers)
    let axes = operand(3)?.integers ?? Array(starts.indices)
    let steps = operand(4)?.integers ?? starts.map { _ in 1 }
    guard steps.allSatisfy({ $0 == 1 }) else { throw Excluded("steps other than 1") }
    func place(_ value: Int, _ size: Int) -> Int { min(size, max(0, value < 0 ? value + size : value)) }
    let cuts = axes.indices.map { index -> (axis: Int, start: Int, end: Int) in
      let axis = axis(axes[index], x)
      return (axis, place(starts[index], x.shape[axis]), place(ends[index], x.shape[axis]))
    }.filter { $0.start > 0 || $0.end < x.shape[$0.axis] }
    guard cuts.count <= 1 else { throw Excluded("a slice along several axes") }
    let cut = cuts.first ?? (0, 0, x.shape[0])
    guard cut.end > cut.start else { throw Excluded("shapes without elements") }
    return made(
      .slice, [x], [.integer("axis", cut.axis), .integer("start", cut.start), .integer("end", cut.end)])
  }

  private func gemm(_ a: OnnxTensor) throws -> Made {
    if let c = operand(2), c.shape.isEmpty || c.shape == [1] { throw Excluded("a scalar C") }
    return made(
      .gemm, [a, try required(1), operand(2)],
      [
        .flag("transA", integer("transA", 0) != 0), .flag("transB", integer("transB", 0) != 0),
        .real("alpha", node.reals["alpha"] ?? 1), .real("beta", node.reals["beta"] ?? 1),
      ])
  }

  private func dropout(_ x: OnnxTensor) throws -> Made {
    let isTraining = operand(2)?.values.first == 1
    let ratio = operand(1)?.values.first ?? 0.5
    guard !isTraining || ratio == 0 else { throw Excluded("other random numbers") }
    var result = made(.dropout, [x], [.real("ratio", 0)])
    result.spec.inputs.append(.tensor([1]))
    result.values.append([7])
    return result
  }

  private func resize(_ x: OnnxTensor) throws -> Made {
    try image(x)
    let size = Array(outputs[0].shape[2...])
    guard outputs[0].shape.prefix(2) == x.shape.prefix(2) else { throw Excluded("other axes than rows and columns") }
    let mode = node.texts["mode"] ?? "nearest"
    let transform = node.texts["coordinate_transformation_mode"] ?? "half_pixel"
    guard (node.texts["keep_aspect_ratio_policy"] ?? "stretch") == "stretch" else { throw Excluded("an aspect policy") }
    guard integer("exclude_outside", 0) == 0 else { throw Excluded("exclude_outside") }
    if mode == "nearest" {
      guard transform == "asymmetric", node.texts["nearest_mode"] == "floor" else {
        throw Excluded("another rounding of nearest")
      }
    } else if transform != "half_pixel" {
      throw Excluded("other coordinates than half-pixel centres")
    }
    if let scales = operand(2)?.values, !scales.isEmpty {
      // ONNX maps coordinates by the given scale, the contract by the ratio of the sizes.
      let trailing = scales.suffix(2)
      guard zip(trailing, zip(size, x.shape[2...])).allSatisfy({ abs($0 * Double($1.1) - Double($1.0)) < 1e-5 }) else {
        throw Excluded("a scale that is not the ratio of the sizes")
      }
    }
    guard let number = ["nearest": 0, "linear": 1, "cubic": 2][mode] else { throw Excluded("mode \(mode)") }
    return made(
      .resize, [x],
      [
        .integers("output_shape", size), .integer("mode", number),
        .real("cubic_coefficient", node.reals["cubic_coeff_a"] ?? -0.75),
        .flag("antialias", integer("antialias", 0) != 0),
      ])
  }
}
