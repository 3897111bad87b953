/// MaxPool with its indices, where x or y is channels-last. Vectors run over the channels of a pixel; the window of 2x2
/// with stride 2 is unrolled.
import CDecoupled
import DecoupledBackendKit

final class ChannelsLastMaximumPooling: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let indices: Operand?
  private let geometry: PoolingGeometry
  private let channels: Int
  private let isHalving: Bool
  /// Channels that go in vectors: none where x has another layout, or y has and windows are not those of a halving.
  private let vectorChannels: Int

  init(_ node: NodeReader) throws {
    x = try node.image(0)
    y = try node.resultImage(0)
    indices = try node.optionalResultImage(1, type: Int(DCN_ELEMENT_I32))
    geometry = try PoolingGeometry(node, image: Array(x.shape[2...]), result: Array(y.shape[2...]), allowsCeiling: true)
    try node.require(y.shape[0...1] == x.shape[0...1], "the result has shape \(y.shape)")
    try node.require(
      indices == nil || (indices?.shape == y.shape && indices?.layout == y.layout),
      "the indices do not have the shape and layout of the result")
    channels = x.shape[1]
    isHalving =
      geometry.kernelHeight == 2 && geometry.kernelWidth == 2 && geometry.strideY == 2 && geometry.strideX == 2
      && geometry.top == 0 && geometry.left == 0 && geometry.outHeight * 2 <= geometry.height
      && geometry.outWidth * 2 <= geometry.width
    vectorChannels = x.isChannelsLast && (y.isChannelsLast || isHalving) ? channels & ~7 : 0
  }

  /// Whether shapes and layouts are those of a 2x2 pooling with whole vectors of channels, which the layer before can write.
  var isWrittenInPlace: Bool {
    isHalving && x.isChannelsLast && y.isChannelsLast && channels % channelWidth == 0
      && indices?.isChannelsLast != false
  }

  /// The results of a run, for a kernel that pools before it writes.
  func results(_ call: KernelCall) throws -> PooledResults {
    let values: Rows<Float> = try call.output(y)
    let places: Rows<Int32>? = try call.output(indices)
    try call.requireBatch(values.count, places?.count ?? values.count, layer: y.layer)
    return PooledResults(values: values, places: places, height: geometry.outHeight, width: geometry.outWidth)
  }

  func run(_ call: KernelCall) throws { try run(call, try call.input(x)) }

  /// With images of the caller's.
  func run(_ call: KernelCall, _ x: Rows<Float>) throws {
    let y: Rows<Float> = try call.output(self.y)
    let indices: Rows<Int32>? = try call.output(self.indices)
    try call.requireBatch(x.count, y.count, indices?.count ?? x.count, layer: self.x.layer)
    let (from, to) = (self.x.steps, self.y.steps)
    let tasks = PixelTasks(
      images: x.count, pixels: geometry.outHeight, length: geometry.strideY * geometry.width * channels)
    try call.parallelFor(tasks.count) { index, _ in
      let image = tasks.image(index)
      let source = UnsafePointer(x[image])
      for outY in tasks.range(index) {
        for outX in 0..<geometry.outWidth {
          let offset = (outY * geometry.outWidth + outX) * to.pixel
          let target = y[image] + offset
          let places = indices.map { $0[image] + offset }
          if vectorChannels > 0 {
            if isHalving {
              halve(source, 2 * outY * geometry.width + 2 * outX, target, places, to.channel)
            } else {
              pool(source, outY, outX, target, places)
            }
          }
          for channel in vectorChannels..<channels {
            poolOne(
              source + channel * from.channel, from.pixel, outY, outX, target + channel * to.channel,
              places.map { $0 + channel * to.channel })
          }
        }
      }
    }
  }

  /// One output pixel of a 2x2 window whose first cell is `place`; its channels are `step` elements apart.
  @inline(__always) private func halve(
    _ x: UnsafePointer<Float>, _ place: Int, _ y: UnsafeMutablePointer<Float>, _ indices: UnsafeMutablePointer<Int32>?,
    _ step: Int
  ) {
    let width = geometry.width
    let upper = x + place * channels
    let lower = upper + width * channels
    let first = SIMD8<Int32>(repeating: Int32(truncatingIfNeeded: place))
    let third = first &+ Int32(truncatingIfNeeded: width)
    for channel in stride(from: 0, to: vectorChannels, by: 8) {
      var best = load8(upper + channel)
      var index = first
      take(load8(upper + (channels + channel)), first &+ 1, &best, &index)
      take(load8(lower + channel), third, &best, &index)
      take(load8(lower + (channels + channel)), third &+ 1, &best, &index)
      if step == 1 {
        store8(best, y + channel)
        if let indices { storeIndices8(index, indices + channel) }
      } else {
        for lane in 0..<8 { y[(channel + lane) * step] = best[lane] }
        if let indices { for lane in 0..<8 { indices[(channel + lane) * step] = index[lane] } }
      }
    }
  }

  /// One output pixel of any window.
  private func pool(
    _ x: UnsafePointer<Float>, _ outY: Int, _ outX: Int, _ y: UnsafeMutablePointer<Float>,
    _ indices: UnsafeMutablePointer<Int32>?
  ) {
    let (rows, columns) = (geometry.rows(outY), geometry.columns(outX))
    let first = rows.lowerBound * geometry.width + columns.lowerBound
    for channel in stride(from: 0, to: vectorChannels, by: 8) {
      var best = load8(x + (first * channels + channel))
      var index = SIMD8<Int32>(repeating: Int32(truncatingIfNeeded: first))
      for row in rows {
        for column in columns {
          let place = row * geometry.width + column
          take(
            load8(x + (place * channels + channel)), SIMD8(repeating: Int32(truncatingIfNeeded: place)), &best, &index)
        }
      }
      store8(best, y + channel)
      if let indices { storeIndices8(index, indices + channel) }
    }
  }

  /// One output pixel of one channel, whose pixels are `step` elements apart.
  private func poolOne(
    _ x: UnsafePointer<Float>, _ step: Int, _ outY: Int, _ outX: Int, _ y: UnsafeMutablePointer<Float>,
    _ index: UnsafeMutablePointer<Int32>?
  ) {
    let (rows, columns) = (geometry.rows(outY), geometry.columns(outX))
    var place = rows.lowerBound * geometry.width + columns.lowerBound
    var best = x[place * step]
    for row in rows {
      for column in columns {
        let value = x[(row * geometry.width + column) * step]
        // True for a larger value and for the first NaN.
        if !(value <= best), best == best {
          best = value
          place = row * geometry.width + column
        }
      }
    }
    y.pointee = best
    index?.pointee = Int32(truncatingIfNeeded: place)
  }

  @inline(__always) private func take(
    _ value: SIMD8<Float>, _ index: SIMD8<Int32>, _ best: inout SIMD8<Float>, _ place: inout SIMD8<Int32>
  ) {
    let wins = .!(value .<= best) .& (best .== best)
    best.replace(with: value, where: wins)
    place.replace(with: index, where: wins)
  }
}
