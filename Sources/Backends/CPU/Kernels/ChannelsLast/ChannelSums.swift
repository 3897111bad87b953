/// Sums over the pixels of channels-last images, one for each channel, in double.
///
/// Each block of pixels has a row of partial sums in the workspace; the rows are added in their order, so the bits do not
/// depend on the number of lanes. Vectors run over channels: a channel's sum within a block is taken in the order of pixels.
import DecoupledBackendKit

struct ChannelSums {
  let channels: Int
  let pixels: Int

  /// Doubles of workspace for `values` sums of each channel over up to `images` images.
  func workspaceCount(images: Int, values: Int = 1) -> Int { tasks(images).count * channels * values }

  /// The blocks that have a row of partial sums each.
  func tasks(_ images: Int) -> PixelTasks { PixelTasks(images: images, pixels: pixels, length: channels) }

  /// The sum of x.
  func sum(_ call: KernelCall, _ x: Rows<Float>, partials: UnsafeMutablePointer<Double>) throws {
    let tasks = tasks(x.count)
    try call.parallelFor(tasks.count) { index, _ in
      add(PlainTerm(), tasks, index, x, partials + index * channels)
    }
  }

  /// The sum of (x - center)^2.
  func squares(
    _ call: KernelCall, _ x: Rows<Float>, center: UnsafePointer<Double>, partials: UnsafeMutablePointer<Double>
  ) throws {
    let tasks = tasks(x.count)
    try call.parallelFor(tasks.count) { index, _ in
      add(SquareTerm(center: center), tasks, index, x, partials + index * channels)
    }
  }

  /// The sums of what arrives as dy and, behind the `channels` sums of each block, of that times (x - center). Row r of dy
  /// belongs to row `map[r]` of x where there is a map.
  @inline(__always) func products<Gradient: ArrivingGradient>(
    _ call: KernelCall, _ dy: Rows<Float>, _ x: Rows<Float>, _ map: UnsafePointer<Int32>?, _ arriving: Gradient,
    center: UnsafePointer<Float>, partials: UnsafeMutablePointer<Double>
  ) throws {
    let tasks = tasks(dy.count)
    try call.parallelFor(tasks.count) { index, _ in
      let row = tasks.image(index)
      let (gradient, source) = (dy[row], x[map.map { Int($0[row]) } ?? row])
      let range = tasks.range(index)
      let result = partials + index * channels * 2
      for i in 0..<2 * channels { result[i] = 0 }
      eachRun(range) { pixels in
        vectors(channels) { channel in
          var sum = loadDoubles8(result + channel)
          var product = loadDoubles8(result + (channels + channel))
          let middle = widened(center + channel)
          for pixel in pixels {
            let offset = pixel * channels + channel
            let value = widened(arriving.wide(gradient + offset, source + offset, channel))
            sum += value
            product += value * (widened(source + offset) - middle)
          }
          storeDoubles8(sum, result + channel)
          storeDoubles8(product, result + (channels + channel))
        } rest: { channel in
          for pixel in pixels {
            let offset = pixel * channels + channel
            let value = Double(arriving.one(gradient[offset], source[offset], channel))
            result[channel] += value
            result[channels + channel] += value * (Double(source[offset]) - Double(center[channel]))
          }
        }
      }
    }
  }

  /// Adds up `values` partial sums of each channel over the blocks `range`.
  func combine(
    _ partials: UnsafePointer<Double>, _ range: Range<Int>, values: Int = 1, into result: UnsafeMutablePointer<Double>
  ) {
    let count = channels * values
    for i in 0..<count { result[i] = 0 }
    for block in range {
      let row = partials + block * count
      for i in 0..<count { result[i] += row[i] }
    }
  }

  @inline(__always) private func add<Term: SumTerm>(
    _ term: Term, _ tasks: PixelTasks, _ index: Int, _ x: Rows<Float>, _ result: UnsafeMutablePointer<Double>
  ) {
    let source = UnsafePointer(x[tasks.image(index)])
    let range = tasks.range(index)
    var channel = 0
    // 16 channels are a cache line, and enough sums side by side to hide the time of an addition.
    while channel + 16 <= channels {
      var (low, high) = (SIMD8<Double>(), SIMD8<Double>())
      for pixel in range {
        let address = source + (pixel * channels + channel)
        low += term.wide(address, channel)
        high += term.wide(address + 8, channel + 8)
      }
      storeDoubles8(low, result + channel)
      storeDoubles8(high, result + (channel + 8))
      channel += 16
    }
    if channel + 8 <= channels {
      var sum = SIMD8<Double>()
      for pixel in range { sum += term.wide(source + (pixel * channels + channel), channel) }
      storeDoubles8(sum, result + channel)
      channel += 8
    }
    while channel < channels {
      var sum = 0.0
      for pixel in range { sum += term.one(source[pixel * channels + channel], channel) }
      result[channel] = sum
      channel += 1
    }
  }

  /// Short runs of pixels: two images are read in the order of memory, and sums stay in registers for the length of a run.
  @inline(__always) private func eachRun(_ pixels: Range<Int>, _ body: (Range<Int>) -> Void) {
    for first in stride(from: pixels.lowerBound, to: pixels.upperBound, by: 8) {
      body(first..<min(pixels.upperBound, first + 8))
    }
  }
}

/// What is summed over the elements of a channel. A type rather than a closure, which would be called for each vector.
private protocol SumTerm {
  func wide(_ address: UnsafePointer<Float>, _ channel: Int) -> SIMD8<Double>
  func one(_ value: Float, _ channel: Int) -> Double
}

private struct PlainTerm: SumTerm {
  @inline(__always) func wide(_ address: UnsafePointer<Float>, _ channel: Int) -> SIMD8<Double> { widened(address) }
  @inline(__always) func one(_ value: Float, _ channel: Int) -> Double { Double(value) }
}

private struct SquareTerm: SumTerm {
  let center: UnsafePointer<Double>

  @inline(__always) func wide(_ address: UnsafePointer<Float>, _ channel: Int) -> SIMD8<Double> {
    let difference = widened(address) - loadDoubles8(center + channel)
    return difference * difference
  }

  @inline(__always) func one(_ value: Float, _ channel: Int) -> Double {
    let difference = Double(value) - center[channel]
    return difference * difference
  }
}

@inline(__always) private func widened(_ x: SIMD8<Float>) -> SIMD8<Double> {
  SIMD8<Double>(
    Double(x[0]), Double(x[1]), Double(x[2]), Double(x[3]), Double(x[4]), Double(x[5]), Double(x[6]), Double(x[7]))
}

@inline(__always) private func widened(_ address: UnsafePointer<Float>) -> SIMD8<Double> {
  SIMD8<Double>(
    Double(address[0]), Double(address[1]), Double(address[2]), Double(address[3]), Double(address[4]),
    Double(address[5]), Double(address[6]), Double(address[7]))
}

@inline(__always) private func loadDoubles8(_ address: UnsafePointer<Double>) -> SIMD8<Double> {
  UnsafeRawPointer(address).loadUnaligned(as: SIMD8<Double>.self)
}

@inline(__always) private func storeDoubles8(_ value: SIMD8<Double>, _ address: UnsafeMutablePointer<Double>) {
  UnsafeMutableRawPointer(address).storeBytes(of: value, as: SIMD8<Double>.self)
}
