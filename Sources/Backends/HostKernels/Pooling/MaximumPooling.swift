/// MaxPool with its indices. The window of 2x2 with stride 2, which the networks here use, has a vectorised way.
import CDecoupled
import DecoupledBackendKit

final class MaximumPooling: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let indices: Operand?
  private let geometry: PoolingGeometry
  private let isHalving: Bool

  init(_ node: NodeReader) throws {
    x = try node.input(0, rank: 4...4)
    y = try node.output(0, rank: 4...4)
    indices = try node.optionalOutput(1, rank: 4...4, type: Int(DCN_ELEMENT_I32))
    geometry = try PoolingGeometry(node, image: Array(x.shape[2...]), result: Array(y.shape[2...]), allowsCeiling: true)
    try node.require(y.shape[0...1] == x.shape[0...1], "the result has shape \(y.shape)")
    try node.require(indices == nil || indices?.shape == y.shape, "the indices do not have the shape of the result")
    isHalving =
      geometry.kernelHeight == 2 && geometry.kernelWidth == 2 && geometry.strideY == 2 && geometry.strideX == 2
      && geometry.top == 0 && geometry.left == 0 && geometry.outHeight * 2 <= geometry.height
      && geometry.outWidth * 2 <= geometry.width
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    let indices: Rows<Int32>? = try call.output(self.indices)
    try call.requireBatch(x.count, y.count, indices?.count ?? x.count, layer: self.x.layer)
    let channels = self.x.shape[1]
    let planes = max(1, RowTasks.target / geometry.inputPixels)
    let total = x.count * channels
    try call.parallelFor((total + planes - 1) / planes) { index, _ in
      for plane in index * planes..<min(total, (index + 1) * planes) {
        let (image, channel) = (plane / channels, plane % channels)
        let source = x[image] + channel * geometry.inputPixels
        let target = y[image] + channel * geometry.outputPixels
        let places = indices.map { $0[image] + channel * geometry.outputPixels }
        if isHalving {
          halve(source, target, places)
        } else {
          pool(source, target, places)
        }
      }
    }
  }

  private func pool(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ indices: UnsafeMutablePointer<Int32>?
  ) {
    for outY in 0..<geometry.outHeight {
      let rows = geometry.rows(outY)
      for outX in 0..<geometry.outWidth {
        let columns = geometry.columns(outX)
        var place = rows.lowerBound * geometry.width + columns.lowerBound
        var best = x[place]
        for row in rows {
          for column in columns {
            let value = x[row * geometry.width + column]
            // True for a larger value and for the first NaN.
            if !(value <= best), best == best {
              best = value
              place = row * geometry.width + column
            }
          }
        }
        y[outY * geometry.outWidth + outX] = best
        indices?[outY * geometry.outWidth + outX] = Int32(truncatingIfNeeded: place)
      }
    }
  }

  private func halve(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ indices: UnsafeMutablePointer<Int32>?
  ) {
    let width = geometry.width
    let lanes = SIMD4<Int32>(0, 2, 4, 6)
    for outY in 0..<geometry.outHeight {
      let top = x + 2 * outY * width
      let bottom = top + width
      let target = y + outY * geometry.outWidth
      var outX = 0
      while outX + 4 <= geometry.outWidth {
        let upper = load8(top + 2 * outX)
        let lower = load8(bottom + 2 * outX)
        let first = SIMD4<Int32>(repeating: Int32(truncatingIfNeeded: 2 * outY * width + 2 * outX)) &+ lanes
        var best = upper.evenHalf
        var place = first
        take(upper.oddHalf, first &+ 1, &best, &place)
        let second = first &+ Int32(truncatingIfNeeded: width)
        take(lower.evenHalf, second, &best, &place)
        take(lower.oddHalf, second &+ 1, &best, &place)
        UnsafeMutableRawPointer(target + outX).storeBytes(of: best, as: SIMD4<Float>.self)
        if let indices {
          UnsafeMutableRawPointer(indices + (outY * geometry.outWidth + outX)).storeBytes(
            of: place, as: SIMD4<Int32>.self)
        }
        outX += 4
      }
      while outX < geometry.outWidth {
        var place = 2 * outY * width + 2 * outX
        var best = x[place]
        for corner in 1..<4 {
          let next = 2 * outY * width + 2 * outX + (corner >> 1) * width + (corner & 1)
          if !(x[next] <= best), best == best {
            best = x[next]
            place = next
          }
        }
        target[outX] = best
        indices?[outY * geometry.outWidth + outX] = Int32(truncatingIfNeeded: place)
        outX += 1
      }
    }
  }

  @inline(__always) private func take(
    _ value: SIMD4<Float>, _ index: SIMD4<Int32>, _ best: inout SIMD4<Float>, _ place: inout SIMD4<Int32>
  ) {
    let wins = .!(value .<= best) .& (best .== best)
    best.replace(with: value, where: wins)
    place.replace(with: index, where: wins)
  }
}
