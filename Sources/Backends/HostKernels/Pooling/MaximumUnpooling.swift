/// MaxUnpool (also as the gradient of MaxPool) and its own gradient. An index outside the plane is reported, never
/// followed.
import CDecoupled
import DecoupledBackendKit

final class MaximumUnpooling: SwiftKernel {
  private let x: Operand
  private let indices: Operand
  private let map: Operand?
  private let y: Operand
  private let accumulates: Bool
  let workspaceSize: Int

  init(_ node: NodeReader) throws {
    x = try node.input(0, rank: 4...4)
    indices = try node.input(1, rank: 4...4, type: Int(DCN_ELEMENT_I32))
    map = try node.rowMap(2, rows: x.rows)
    y = try node.output(0, rank: 4...4)
    accumulates = node.flag("accumulate")
    try node.require(
      Array(y.shape[2...]) == node.requiredList("output_shape", count: 2), "the result has shape \(y.shape)")
    try node.require(
      y.shape[0...1] == x.shape[0...1] && indices.shape[1...] == x.shape[1...]
        && (map != nil || indices.rows == x.rows),
      "shapes \(x.shape), \(indices.shape) and \(y.shape) do not fit each other")
    workspaceSize = x.rows * x.shape[1]
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let indices: Rows<Int32> = try call.input(self.indices)
    let y: Rows<Float> = try call.output(self.y)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    let map = try call.rowMap(self.map, rows: x.count, images: indices.count, layer: self.x.layer)
    let failures = PlaneFailures(call, planes: x.count * self.x.shape[1])
    let (small, large) = (self.x.planeLength, self.y.planeLength)
    let channels = self.x.shape[1]
    let group = max(1, RowTasks.target / large)
    try call.parallelFor((failures.planes + group - 1) / group) { index, _ in
      for plane in index * group..<min(failures.planes, (index + 1) * group) {
        let (row, channel) = (plane / channels, plane % channels)
        let source = x[row] + channel * small
        let places = indices[map.map { Int($0[row]) } ?? row] + channel * small
        let target = y[row] + channel * large
        for i in 0..<large { target[i] = 0 }
        var failed = false
        for i in 0..<small {
          let place = Int(places[i])
          if UInt(bitPattern: place) >= UInt(bitPattern: large) {
            failed = true
          } else if accumulates {
            target[place] += source[i]
          } else {
            target[place] = source[i]
          }
        }
        failures[plane] = failed
      }
    }
    try failures.check(layer: self.x.layer, pixels: large, channels: channels)
  }
}

final class MaximumUnpoolingGradient: SwiftKernel {
  private let dy: Operand
  private let indices: Operand
  private let map: Operand?
  private let dx: Operand
  let workspaceSize: Int

  init(_ node: NodeReader) throws {
    dy = try node.input(0, rank: 4...4)
    indices = try node.input(1, rank: 4...4, type: Int(DCN_ELEMENT_I32))
    map = try node.rowMap(2, rows: dy.rows)
    dx = try node.output(0, rank: 4...4)
    try node.require(
      dx.shape[0...1] == dy.shape[0...1] && indices.shape[1...] == dx.shape[1...]
        && (map != nil || indices.rows == dy.rows),
      "shapes \(dy.shape), \(indices.shape) and \(dx.shape) do not fit each other")
    workspaceSize = dy.rows * dy.shape[1]
  }

  func run(_ call: KernelCall) throws {
    let dy: Rows<Float> = try call.input(self.dy)
    let indices: Rows<Int32> = try call.input(self.indices)
    let dx: Rows<Float> = try call.output(self.dx)
    try call.requireBatch(dy.count, dx.count, layer: self.dy.layer)
    let map = try call.rowMap(self.map, rows: dy.count, images: indices.count, layer: self.dy.layer)
    let failures = PlaneFailures(call, planes: dy.count * self.dy.shape[1])
    let (small, large) = (self.dx.planeLength, self.dy.planeLength)
    let channels = self.dy.shape[1]
    let group = max(1, RowTasks.target / large)
    try call.parallelFor((failures.planes + group - 1) / group) { index, _ in
      for plane in index * group..<min(failures.planes, (index + 1) * group) {
        let (row, channel) = (plane / channels, plane % channels)
        let source = dy[row] + channel * large
        let places = indices[map.map { Int($0[row]) } ?? row] + channel * small
        let target = dx[row] + channel * small
        var failed = false
        for i in 0..<small {
          let place = Int(places[i])
          if UInt(bitPattern: place) >= UInt(bitPattern: large) {
            failed = true
            target[i] = 0
          } else {
            target[i] = source[place]
          }
        }
        failures[plane] = failed
      }
    }
    try failures.check(layer: self.dy.layer, pixels: large, channels: channels)
  }
}

/// One byte of workspace for each plane (or task), 1 where an index lay outside it.
struct PlaneFailures {
  private let flags: UnsafeMutablePointer<UInt8>
  let planes: Int

  init(_ call: KernelCall, planes: Int) {
    flags = call.workspace!.assumingMemoryBound(to: UInt8.self)
    self.planes = planes
  }

  subscript(_ plane: Int) -> Bool {
    get { flags[plane] != 0 }
    nonmutating set { flags[plane] = newValue ? 1 : 0 }
  }

  func check(layer: String, pixels: Int, channels: Int) throws {
    for plane in 0..<planes where self[plane] {
      throw BackendFailure(
        status: Int32(DCN_STATUS_INVALID_ARGUMENT),
        "layer \(layer): an index in row \(plane / channels), channel \(plane % channels) lies outside the plane of "
          + "\(pixels) elements")
    }
  }
}
