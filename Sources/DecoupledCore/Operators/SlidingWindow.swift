import DecoupledBase

/// Geometry of a sliding window over the rows and columns of an image: convolutions and pooling.
public struct SlidingWindow: Sendable, Hashable {
  /// Rows, columns.
  public var kernel: [Int]
  public var strides: [Int]
  /// Top, left, bottom, right.
  public var pads: [Int]
  public var dilations: [Int]

  public init(kernel: [Int], strides: [Int] = [1, 1], pads: [Int] = [0, 0, 0, 0], dilations: [Int] = [1, 1]) {
    self.kernel = kernel
    self.strides = strides
    self.pads = pads
    self.dilations = dilations
  }

  /// A square window.
  public init(_ size: Int, stride: Int = 1, pad: Int = 0) {
    self.init(kernel: [size, size], strides: [stride, stride], pads: [pad, pad, pad, pad])
  }

  /// Rows or columns that the window covers.
  func extent(_ axis: Int) -> Int { dilations[axis] * (kernel[axis] - 1) + 1 }

  func check() throws {
    guard kernel.count == 2, strides.count == 2, pads.count == 4, dilations.count == 2, kernel.allSatisfy({ $0 > 0 }),
      strides.allSatisfy({ $0 > 0 }), dilations.allSatisfy({ $0 > 0 }), pads.allSatisfy({ $0 >= 0 })
    else {
      throw EngineError(
        .invalidArgument, "the window \(self) has a size, stride or dilation below 1, or a negative pad.")
    }
  }

  /// Rows and columns of a convolution's or pool's result.
  func outputSize(_ input: [Int], ceilMode: Bool = false) throws -> [Int] {
    try check()
    return try (0..<2).map { axis in
      let room = input[axis] + pads[axis] + pads[axis + 2] - extent(axis)
      guard room >= 0 else {
        throw EngineError(
          .invalidArgument, "a window of \(kernel[0])x\(kernel[1]) does not fit into \(input[0])x\(input[1]).")
      }
      var size = (ceilMode ? (room + strides[axis] - 1) / strides[axis] : room / strides[axis]) + 1
      if ceilMode && (size - 1) * strides[axis] >= input[axis] + pads[axis] { size -= 1 }
      return size
    }
  }

  /// Rows and columns of a transposed convolution's result.
  func transposedSize(_ input: [Int], outputPadding: [Int]) throws -> [Int] {
    try check()
    return try (0..<2).map { axis in
      let size = (input[axis] - 1) * strides[axis] + extent(axis) - pads[axis] - pads[axis + 2] + outputPadding[axis]
      guard size > 0 else {
        throw EngineError(.invalidArgument, "the transposed window \(self) leaves nothing of \(input[0])x\(input[1]).")
      }
      return size
    }
  }

  /// Of a convolution. One group is the default and goes without saying: backends may know no groups.
  func geometry(group: Int) -> [Attribute] {
    [.integers("strides", strides), .integers("pads", pads), .integers("dilations", dilations)]
      + (group == 1 ? [] : [.integer("group", group)])
  }

  var poolAttributes: [Attribute] {
    [.integers("kernel_shape", kernel), .integers("strides", strides), .integers("pads", pads)]
  }

  /// Attributes of ONNX's pools.
  var onnxOfPool: [(String, ONNXGraph.Attribute)] {
    [("kernel_shape", .integers(kernel)), ("strides", .integers(strides)), ("pads", .integers(pads))]
  }

  /// Attributes of ONNX's convolutions.
  func onnx(group: Int) -> [(String, ONNXGraph.Attribute)] {
    onnxOfPool + [("dilations", .integers(dilations)), ("group", .integer(group))]
  }

  /// How many pixels of an image each window covers, row by row.
  func counts(input: [Int], output: [Int]) -> [Float] {
    let covered = (0..<2).map { axis in
      (0..<output[axis]).map { place in
        let start = place * strides[axis] - pads[axis]
        return min(input[axis], start + kernel[axis]) - max(0, start)
      }
    }
    return covered[0].flatMap { rows in covered[1].map { Float(rows * $0) } }
  }
}
