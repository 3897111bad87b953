/// How a window of taps moves along one axis of an image: shared by convolutions and pools.
struct WindowAxis {
  var kernel = 1
  let stride: Int
  let before: Int
  let after: Int
  let dilation: Int

  /// How many windows fit, 0 when none does.
  func count(_ size: Int) -> Int {
    let room = size + before + after - dilation * (kernel - 1) - 1
    return room < 0 ? 0 : room / stride + 1
  }

  /// The same, rounded up; a last window that would start in the padding is dropped.
  func countRoundedUp(_ size: Int) -> Int {
    let room = size + before + after - dilation * (kernel - 1) - 1
    if room < 0 { return 0 }
    let count = (room + stride - 1) / stride + 1
    return (count - 1) * stride >= size + before ? count - 1 : count
  }

  /// Where tap `tap` of window `window` lies; outside the image it is padding.
  func position(_ window: Int, _ tap: Int) -> Int { window &* stride &+ tap &* dilation &- before }

  /// The windows whose tap `tap` lies within an image of `size`.
  func windows(tap: Int, size: Int, count: Int) -> Range<Int> {
    let shift = before - tap * dilation
    let first = max(0, shift <= 0 ? 0 : (shift + stride - 1) / stride)
    let last = size + shift <= 0 ? 0 : (size + shift - 1) / stride + 1
    return first..<max(first, min(count, last))
  }

  /// The cells of an image that window `window` covers; pools have no dilation.
  func cells(_ window: Int, size: Int) -> Range<Int> {
    let start = window * stride - before
    return max(0, start)..<max(0, min(size, start + kernel))
  }
}

/// A window of both axes, read from the attributes strides, pads and dilations.
struct Window {
  static let largest = 1 << 24

  var rows: WindowAxis
  var columns: WindowAxis

  init(_ attributes: Attributes) throws {
    let strides = try attributes.integers("strides", count: 2, in: 1...Self.largest, default: [1, 1])
    let pads = try attributes.integers("pads", count: 4, in: 0...Self.largest, default: [0, 0, 0, 0])
    let dilations = try attributes.integers("dilations", count: 2, in: 1...Self.largest, default: [1, 1])
    rows = WindowAxis(stride: strides[0], before: pads[0], after: pads[2], dilation: dilations[0])
    columns = WindowAxis(stride: strides[1], before: pads[1], after: pads[3], dilation: dilations[1])
  }

  /// The window of a pool: it has a kernel_shape and never lies in the padding altogether.
  init(pool attributes: Attributes) throws {
    try self.init(kernelShape: attributes)
    for axis in [rows, columns] where axis.before >= axis.kernel || axis.after >= axis.kernel {
      throw attributes.failure("the padding of a pool must be smaller than its window")
    }
  }

  init(kernelShape attributes: Attributes) throws {
    let shape = try attributes.integers("kernel_shape", count: 2, in: 1...Self.largest)
    self = try Window(attributes).with(kernel: shape[0], shape[1])
  }

  func with(kernel height: Int, _ width: Int) -> Window {
    var result = self
    result.rows.kernel = height
    result.columns.kernel = width
    return result
  }
}
