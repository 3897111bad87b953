/// Window sizes shared by the pooling operators.
import DecoupledBackendKit

struct PoolingGeometry {
  let height: Int
  let width: Int
  let kernelHeight: Int
  let kernelWidth: Int
  let strideY: Int
  let strideX: Int
  let top: Int
  let left: Int
  let outHeight: Int
  let outWidth: Int

  var inputPixels: Int { height * width }
  var outputPixels: Int { outHeight * outWidth }

  init(_ node: NodeReader, image: [Int], result: [Int], allowsCeiling: Bool) throws {
    let kernel = try node.requiredList("kernel_shape", count: 2)
    let strides = try node.list("strides", count: 2, default: 1)
    let pads = try node.list("pads", count: 4, default: 0)
    let ceiling = allowsCeiling && node.flag("ceil_mode")
    (height, width) = (image[0], image[1])
    (kernelHeight, kernelWidth) = (kernel[0], kernel[1])
    (strideY, strideX) = (strides[0], strides[1])
    (top, left) = (pads[0], pads[1])
    (outHeight, outWidth) = (result[0], result[1])
    for axis in 0..<2 {
      try node.require(kernel[axis] > 0 && strides[axis] > 0, "kernel and strides must be positive")
      try node.require(pads[axis] >= 0 && pads[axis + 2] >= 0, "pads must not be negative")
      try node.require(
        pads[axis] < kernel[axis] && pads[axis + 2] < kernel[axis], "pads must be smaller than the kernel")
      let span = image[axis] + pads[axis] + pads[axis + 2] - kernel[axis]
      try node.require(span >= 0 || ceiling, "the kernel is larger than the image")
      let steps = ceiling && span >= 0 ? (span + strides[axis] - 1) / strides[axis] : span / strides[axis]
      var expected = steps + 1
      if ceiling, (expected - 1) * strides[axis] >= image[axis] + pads[axis] { expected -= 1 }
      try node.require(expected == result[axis], "shapes \(image) and \(result) do not fit kernel, strides and pads")
    }
  }

  /// Rows of the image under output row `y`.
  @inline(__always) func rows(_ y: Int) -> Range<Int> {
    let first = y * strideY - top
    let start = min(max(0, first), height)
    return start..<max(start, min(height, first + kernelHeight))
  }

  /// Columns of the image under output column `x`.
  @inline(__always) func columns(_ x: Int) -> Range<Int> {
    let first = x * strideX - left
    let start = min(max(0, first), width)
    return start..<max(start, min(width, first + kernelWidth))
  }
}
