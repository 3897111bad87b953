/// Operators that work element by element: the activations and their gradients, Sigmoid, Scale, Mul, Add. One kernel
/// class for one operand and one for two; an operation is a loop over a run of elements.
import CDecoupled
import DecoupledBackendKit

extension HostKernels {
  /// The kernel of an activation, of the gradient of one, or of Scale; nil for any other operator.
  static func elementwise(_ node: NodeReader) throws -> (any SwiftKernel)? {
    switch node.node.operatorKind {
    case .sigmoid: try UnaryKernel<SigmoidLoop>(node)
    case .scale: try UnaryKernel<ScaleLoop>(node)
    case .reluGradient: try BinaryKernel<ReluGradientLoop>(node)
    case .hardSwishGradient: try BinaryKernel<HardSwishGradientLoop>(node)
    case .sigmoidGradient: try BinaryKernel<SigmoidGradientLoop>(node)
    default: FusedActivation(node.node) == nil ? nil : try UnaryKernel<ActivationLoop>(node)
    }
  }
}

protocol UnaryLoop {
  init(_ node: NodeReader) throws
  func run(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int)
}

protocol BinaryLoop {
  /// Whether the attribute `mapped` says that there is row_to_image; else it may always be there.
  static var isMappedByAttribute: Bool { get }
  static func run(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int)
}

extension BinaryLoop {
  static var isMappedByAttribute: Bool { false }
}

final class UnaryKernel<Loop: UnaryLoop>: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let loop: Loop

  init(_ node: NodeReader) throws {
    x = try node.input(0, layout: node.commonLayout)
    y = try node.output(0, layout: node.commonLayout)
    try node.require(x.shape == y.shape, "shapes \(x.shape) and \(y.shape) differ")
    loop = try Loop(node)
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    let dense = x.isDense && y.isDense
    let tasks = RowTasks(rows: dense ? 1 : x.count, length: dense ? x.count * x.length : x.length)
    try call.parallelFor(tasks.count) { index, _ in
      tasks.each(index) { row, start, count in loop.run(x[row] + start, y[row] + start, count) }
    }
  }
}

/// Two operands, the second of which may have one row for each image instead.
final class BinaryKernel<Loop: BinaryLoop>: SwiftKernel {
  private let a: Operand
  private let b: Operand
  private let map: Operand?
  private let y: Operand

  init(_ node: NodeReader) throws {
    a = try node.input(0, layout: node.commonLayout)
    b = try node.input(1, layout: node.commonLayout)
    map = try Loop.isMappedByAttribute ? node.mappedRows(2, rows: a.rows) : node.rowMap(2, rows: a.rows)
    y = try node.output(0, layout: node.commonLayout)
    try node.require(
      a.shape == y.shape && a.shape.count == b.shape.count && a.shape[1...] == b.shape[1...]
        && (map != nil || a.rows == b.rows), "shapes \(a.shape), \(b.shape) and \(y.shape) do not fit each other")
  }

  func run(_ call: KernelCall) throws {
    let a: Rows<Float> = try call.input(self.a)
    let b: Rows<Float> = try call.input(self.b)
    let y: Rows<Float> = try call.output(self.y)
    try call.requireBatch(a.count, y.count, layer: self.a.layer)
    let map = try call.rowMap(self.map, rows: a.count, images: b.count, layer: self.a.layer)
    let dense = a.isDense && b.isDense && y.isDense && map == nil
    let tasks = RowTasks(rows: dense ? 1 : a.count, length: dense ? a.count * a.length : a.length)
    try call.parallelFor(tasks.count) { index, _ in
      tasks.each(index) { row, start, count in
        Loop.run(a[row] + start, b[map.map { Int($0[row]) } ?? row] + start, y[row] + start, count)
      }
    }
  }
}

struct ActivationLoop: UnaryLoop {
  let activation: FusedActivation
  init(_ node: NodeReader) { activation = FusedActivation(node.node) ?? .none }
  func run(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    activation.apply(count, to: y) { x[$0] }
  }
}

struct ScaleLoop: UnaryLoop {
  let factor: Float
  init(_ node: NodeReader) throws {
    let factor = node.node.real("factor", default: .nan)
    try node.require(factor == factor, "attribute factor is missing")
    self.factor = Float(factor)
  }
  func run(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in 0..<count { y[i] = x[i] * factor }
  }
}

struct SigmoidLoop: UnaryLoop {
  init(_ node: NodeReader) {}
  func run(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    vectors(count) { i in
      store8(1 / (1 + exponential(-load8(x + i))), y + i)
    } rest: { i in
      y[i] = 1 / (1 + exponential(-x[i]))
    }
  }
}

struct ReluGradientLoop: BinaryLoop {
  static func run(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for i in 0..<count {
      let value = a[i]
      y[i] = b[i] > 0 ? value : 0
    }
  }
}

struct HardSwishGradientLoop: BinaryLoop {
  static func run(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for i in 0..<count {
      let (dy, x) = (a[i], b[i])
      y[i] = dy * (x <= -3 ? 0 : x >= 3 ? 1 : x * (1 / 3) + 0.5)
    }
  }
}

struct SigmoidGradientLoop: BinaryLoop {
  static let isMappedByAttribute = true

  static func run(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for i in 0..<count { y[i] = a[i] * b[i] * (1 - b[i]) }
  }
}

struct MultiplyLoop: BroadcastLoop {
  static func run(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for i in 0..<count { y[i] = a[i] * b[i] }
  }

  static func run(_ a: UnsafePointer<Float>, _ b: Float, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in 0..<count { y[i] = a[i] * b }
  }
}

struct AddLoop: BroadcastLoop {
  static func run(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for i in 0..<count { y[i] = a[i] + b[i] }
  }

  static func run(_ a: UnsafePointer<Float>, _ b: Float, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in 0..<count { y[i] = a[i] + b }
  }
}
