/// MaxUnpool (also as the gradient of MaxPool), where an operand is channels-last. An index outside the plane is reported,
/// never followed.
import CDecoupled
import DecoupledBackendKit

final class ChannelsLastMaximumUnpooling: SwiftKernel {
  private let x: Operand
  private let indices: Operand
  private let map: Operand?
  private let y: Operand
  private let accumulates: Bool
  private let channels: Int
  private let windows: OwnWindows?
  let workspaceSize: Int

  init(_ node: NodeReader) throws {
    x = try node.image(0)
    indices = try node.image(1, type: Int(DCN_ELEMENT_I32))
    map = try node.rowMap(2, rows: x.rows)
    y = try node.resultImage(0)
    accumulates = node.flag("accumulate")
    channels = x.shape[1]
    try node.require(
      Array(y.shape[2...]) == node.requiredList("output_shape", count: 2), "the result has shape \(y.shape)")
    try node.require(
      y.shape[0...1] == x.shape[0...1] && indices.shape[1...] == x.shape[1...]
        && (map != nil || indices.rows == x.rows),
      "shapes \(x.shape), \(indices.shape) and \(y.shape) do not fit each other")
    let isUniform = x.isChannelsLast && indices.isChannelsLast && y.isChannelsLast
    windows = isUniform ? OwnWindows(small: Array(x.shape[2...]), large: Array(y.shape[2...])) : nil
    // A flag for each task of the quick way, or for each plane.
    workspaceSize = x.rows * max(channels, x.shape[2])
  }

  func run(_ call: KernelCall) throws {
    try run(call, into: try call.output(y))
  }

  /// Into images of the caller's.
  func run(_ call: KernelCall, into y: Rows<Float>) throws {
    let x: Rows<Float> = try call.input(self.x)
    let indices: Rows<Int32> = try call.input(self.indices)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    let map = try call.rowMap(self.map, rows: x.count, images: indices.count, layer: self.x.layer)
    if let windows, try unpool(call, windows, x, indices, map, y) { return }
    try scatter(call, x, indices, map, y)
  }

  /// The images of a run as they are, for a kernel that un-pools while it reads them; that kernel asks `isReadInPlace` first.
  func pooledImages(_ call: KernelCall) throws -> PooledImages {
    let x: Rows<Float> = try call.input(self.x)
    let indices: Rows<Int32> = try call.input(self.indices)
    let map = try call.rowMap(self.map, rows: x.count, images: indices.count, layer: self.x.layer)
    return PooledImages(
      pixels: x, switches: indices, rowToImage: map, height: self.x.shape[2], width: self.x.shape[3])
  }

  /// Whether shapes and layouts are those of a 2x2 pooling with whole vectors of channels.
  var isReadInPlace: Bool { windows != nil && channels % channelWidth == 0 }

  /// Writes each pixel of y once. Returns false when an index lies outside its window.
  private func unpool(
    _ call: KernelCall, _ windows: OwnWindows, _ x: Rows<Float>, _ indices: Rows<Int32>,
    _ map: UnsafeMutablePointer<Int32>?, _ y: Rows<Float>
  ) throws -> Bool {
    let (height, width) = (self.x.shape[2], self.x.shape[3])
    let tasks = PixelTasks(images: x.count, pixels: height, length: 4 * width * channels)
    let flags = PlaneFailures(call, planes: tasks.count)
    let rowLength = windows.width * channels
    try call.parallelFor(tasks.count) { index, _ in
      let row = tasks.image(index)
      let places = indices[map.map { Int($0[row]) } ?? row]
      var known = SIMD8<Int32>(repeating: -1)
      for line in tasks.range(index) {
        let upper = y[row] + 2 * line * rowLength
        for column in 0..<width {
          let offset = (line * width + column) * channels
          let place = 2 * line * windows.width + 2 * column
          let target = upper + 2 * column * channels
          spread(x[row] + offset, places + offset, windows, place, target, rowLength, known: &known)
        }
        if windows.extraColumns > 0 {
          clear(upper + 2 * width * channels, channels)
          clear(upper + (rowLength + 2 * width * channels), channels)
        }
        if windows.extraRows > 0, line == height - 1 { clear(upper + 2 * rowLength, rowLength) }
      }
      flags[index] = known != SIMD8(repeating: -1)
    }
    return !(0..<tasks.count).contains { flags[$0] }
  }

  /// The four cells of one window.
  @inline(__always) private func spread(
    _ x: UnsafePointer<Float>, _ indices: UnsafePointer<Int32>, _ windows: OwnWindows, _ place: Int,
    _ upper: UnsafeMutablePointer<Float>, _ rowLength: Int, known: inout SIMD8<Int32>
  ) {
    let lower = upper + rowLength
    let zero = SIMD8<Float>()
    var channel = 0
    while channel + 8 <= channels {
      let value = load8(x + channel)
      let cells = windows.cells(loadIndices8(indices + channel), place, known: &known)
      store8(zero.replacing(with: value, where: cells.first), upper + channel)
      store8(zero.replacing(with: value, where: cells.second), upper + (channels + channel))
      store8(zero.replacing(with: value, where: cells.third), lower + channel)
      store8(zero.replacing(with: value, where: cells.fourth), lower + (channels + channel))
      channel += 8
    }
    while channel < channels {
      let cell = windows.cell(indices[channel], place)
      upper[channel] = cell == 0 ? x[channel] : 0
      upper[channels + channel] = cell == 1 ? x[channel] : 0
      lower[channel] = cell == 2 ? x[channel] : 0
      lower[channels + channel] = cell == 3 ? x[channel] : 0
      if cell == nil { known = SIMD8() }
      channel += 1
    }
  }

  private func clear(_ target: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in 0..<count { target[i] = 0 }
  }

  /// Any indices, any layouts: plane by plane.
  private func scatter(
    _ call: KernelCall, _ x: Rows<Float>, _ indices: Rows<Int32>, _ map: UnsafeMutablePointer<Int32>?, _ y: Rows<Float>
  ) throws {
    let failures = PlaneFailures(call, planes: x.count * channels)
    let (small, large) = (self.x.planeLength, self.y.planeLength)
    let (from, at, to) = (self.x.steps, self.indices.steps, self.y.steps)
    // Planes of one image in groups of a cache line, so that two tasks seldom share one.
    let tasks = PixelTasks(images: x.count, pixels: (channels + 15) / 16, length: 16 * large)
    try call.parallelFor(tasks.count) { index, _ in
      let row = tasks.image(index)
      let range = tasks.range(index)
      for channel in range.lowerBound * 16..<min(channels, range.upperBound * 16) {
        let source = x[row] + channel * from.channel
        let places = indices[map.map { Int($0[row]) } ?? row] + channel * at.channel
        let target = y[row] + channel * to.channel
        for pixel in 0..<large { target[pixel * to.pixel] = 0 }
        var failed = false
        for pixel in 0..<small {
          let place = Int(places[pixel * at.pixel])
          if UInt(bitPattern: place) >= UInt(bitPattern: large) {
            failed = true
          } else if accumulates {
            target[place * to.pixel] += source[pixel * from.pixel]
          } else {
            target[place * to.pixel] = source[pixel * from.pixel]
          }
        }
        failures[row * channels + channel] = failed
      }
    }
    try failures.check(layer: self.x.layer, pixels: large, channels: channels)
  }
}
