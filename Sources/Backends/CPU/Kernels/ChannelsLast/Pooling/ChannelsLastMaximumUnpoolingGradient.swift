/// MaxUnpoolGradient, where an operand is channels-last: each element of dx is read from the place its index names.
import CDecoupled
import DecoupledBackendKit

final class ChannelsLastMaximumUnpoolingGradient: SwiftKernel {
  private let dy: Operand
  private let indices: Operand
  private let map: Operand?
  private let dx: Operand
  private let channels: Int
  private let windows: OwnWindows?
  let workspaceSize: Int

  init(_ node: NodeReader) throws {
    dy = try node.image(0)
    indices = try node.image(1, type: Int(DCN_ELEMENT_I32))
    map = try node.rowMap(2, rows: dy.rows)
    dx = try node.resultImage(0)
    channels = dy.shape[1]
    try node.require(
      dx.shape[0...1] == dy.shape[0...1] && indices.shape[1...] == dx.shape[1...]
        && (map != nil || indices.rows == dy.rows),
      "shapes \(dy.shape), \(indices.shape) and \(dx.shape) do not fit each other")
    let isUniform = dy.isChannelsLast && indices.isChannelsLast && dx.isChannelsLast
    windows = isUniform ? OwnWindows(small: Array(dx.shape[2...]), large: Array(dy.shape[2...])) : nil
    workspaceSize = dy.rows * max(channels, dx.shape[2])
  }

  func run(_ call: KernelCall) throws {
    let dy: Rows<Float> = try call.input(self.dy)
    let indices: Rows<Int32> = try call.input(self.indices)
    let dx: Rows<Float> = try call.output(self.dx)
    try call.requireBatch(dy.count, dx.count, layer: self.dy.layer)
    let map = try call.rowMap(self.map, rows: dy.count, images: indices.count, layer: self.dy.layer)
    if let windows, try select(call, windows, dy, indices, map, dx) { return }
    try gather(call, dy, indices, map, dx)
  }

  /// Reads each pixel of dy once, in order. Returns false when an index lies outside its window.
  private func select(
    _ call: KernelCall, _ windows: OwnWindows, _ dy: Rows<Float>, _ indices: Rows<Int32>,
    _ map: UnsafeMutablePointer<Int32>?, _ dx: Rows<Float>
  ) throws -> Bool {
    let (height, width) = (self.dx.shape[2], self.dx.shape[3])
    let tasks = PixelTasks(images: dy.count, pixels: height, length: 4 * width * channels)
    let flags = PlaneFailures(call, planes: tasks.count)
    let rowLength = windows.width * channels
    try call.parallelFor(tasks.count) { index, _ in
      let row = tasks.image(index)
      let places = indices[map.map { Int($0[row]) } ?? row]
      var known = SIMD8<Int32>(repeating: -1)
      for line in tasks.range(index) {
        let upper = dy[row] + 2 * line * rowLength
        for column in 0..<width {
          let offset = (line * width + column) * channels
          let place = 2 * line * windows.width + 2 * column
          let source = upper + 2 * column * channels
          pick(source, rowLength, places + offset, windows, place, dx[row] + offset, known: &known)
        }
      }
      flags[index] = known != SIMD8(repeating: -1)
    }
    return !(0..<tasks.count).contains { flags[$0] }
  }

  /// One pixel of dx out of the four cells of its window.
  @inline(__always) private func pick(
    _ upper: UnsafePointer<Float>, _ rowLength: Int, _ indices: UnsafePointer<Int32>, _ windows: OwnWindows,
    _ place: Int, _ dx: UnsafeMutablePointer<Float>, known: inout SIMD8<Int32>
  ) {
    let lower = upper + rowLength
    var channel = 0
    while channel + 8 <= channels {
      let cells = windows.cells(loadIndices8(indices + channel), place, known: &known)
      var value = load8(upper + channel)
      value.replace(with: load8(upper + (channels + channel)), where: cells.second)
      value.replace(with: load8(lower + channel), where: cells.third)
      value.replace(with: load8(lower + (channels + channel)), where: cells.fourth)
      store8(value, dx + channel)
      channel += 8
    }
    while channel < channels {
      if let cell = windows.cell(indices[channel], place) {
        dx[channel] = (cell < 2 ? upper : lower)[(cell & 1) * channels + channel]
      } else {
        known = SIMD8()
      }
      channel += 1
    }
  }

  /// Any indices, any layouts: plane by plane.
  private func gather(
    _ call: KernelCall, _ dy: Rows<Float>, _ indices: Rows<Int32>, _ map: UnsafeMutablePointer<Int32>?,
    _ dx: Rows<Float>
  ) throws {
    let failures = PlaneFailures(call, planes: dy.count * channels)
    let (small, large) = (self.dx.planeLength, self.dy.planeLength)
    let (from, at, to) = (self.dy.steps, self.indices.steps, self.dx.steps)
    let tasks = PixelTasks(images: dy.count, pixels: (channels + 15) / 16, length: 16 * large)
    try call.parallelFor(tasks.count) { index, _ in
      let row = tasks.image(index)
      let range = tasks.range(index)
      for channel in range.lowerBound * 16..<min(channels, range.upperBound * 16) {
        let source = dy[row] + channel * from.channel
        let places = indices[map.map { Int($0[row]) } ?? row] + channel * at.channel
        let target = dx[row] + channel * to.channel
        var failed = false
        for pixel in 0..<small {
          let place = Int(places[pixel * at.pixel])
          if UInt(bitPattern: place) >= UInt(bitPattern: large) {
            failed = true
            target[pixel * to.pixel] = 0
          } else {
            target[pixel * to.pixel] = source[place * from.pixel]
          }
        }
        failures[row * channels + channel] = failed
      }
    }
    try failures.check(layer: self.dy.layer, pixels: large, channels: channels)
  }
}
