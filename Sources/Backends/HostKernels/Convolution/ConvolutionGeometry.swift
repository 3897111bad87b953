/// Sizes of a convolution, and the two ways between an image and the matrix of its windows.
///
/// Row (c, u, v) of the window matrix holds, for each output pixel, the input value under kernel cell (u, v) of channel c:
/// convolution is then a product of the weights with this matrix. `fill` builds it (im2col), `scatter` adds it back to an
/// image (col2im).
import DecoupledBackendKit
import Glibc

struct ConvolutionGeometry {
  var height: Int
  var width: Int
  var kernelHeight: Int
  var kernelWidth: Int
  var strideY = 1
  var strideX = 1
  var dilationY = 1
  var dilationX = 1
  /// Rows and columns of padding before the image; negative cuts some off.
  var top = 0
  var left = 0
  var outHeight: Int
  var outWidth: Int

  var kernelSize: Int { kernelHeight * kernelWidth }
  var inputPixels: Int { height * width }
  var outputPixels: Int { outHeight * outWidth }

  /// Whether the window matrix is the image itself.
  var isPointwise: Bool {
    kernelSize == 1 && strideY == 1 && strideX == 1 && top == 0 && left == 0 && outHeight == height && outWidth == width
  }

  /// Reads strides, pads and dilations of a Conv whose larger image is `image` and whose smaller one is `result`.
  init(_ node: NodeReader, image: [Int], kernel: [Int], result: [Int], outputPadding: [Int] = [0, 0]) throws {
    let strides = try node.list("strides", count: 2, default: 1)
    let pads = try node.list("pads", count: 4, default: 0)
    let dilations = try node.list("dilations", count: 2, default: 1)
    height = image[0]
    width = image[1]
    kernelHeight = kernel[0]
    kernelWidth = kernel[1]
    (strideY, strideX) = (strides[0], strides[1])
    (dilationY, dilationX) = (dilations[0], dilations[1])
    (top, left) = (pads[0], pads[1])
    (outHeight, outWidth) = (result[0], result[1])
    try node.require(strideY > 0 && strideX > 0, "strides must be positive")
    try node.require(dilationY > 0 && dilationX > 0, "dilations must be positive")
    try node.require(kernelHeight > 0 && kernelWidth > 0, "the kernel must have a size")
    for axis in 0..<2 {
      try node.require(outputPadding[axis] >= 0, "output_padding must not be negative")
      let reach = dilations[axis] * (kernel[axis] - 1) + 1
      let span = image[axis] - outputPadding[axis] + pads[axis] + pads[axis + 2] - reach
      let matches =
        outputPadding == [0, 0]
        ? span >= 0 && result[axis] == span / strides[axis] + 1 : span == (result[axis] - 1) * strides[axis]
      try node.require(matches, "shapes \(image) and \(result) do not fit kernel, strides, pads and dilations")
    }
  }

  /// The convolution that a transposed one with stride 1 amounts to, with a flipped kernel. `self` is the geometry of the
  /// convolution that it transposes.
  func flipped() -> ConvolutionGeometry {
    var result = self
    (result.height, result.width, result.outHeight, result.outWidth) = (outHeight, outWidth, height, width)
    result.top = dilationY * (kernelHeight - 1) - top
    result.left = dilationX * (kernelWidth - 1) - left
    return result
  }

  /// Output columns whose window cell `v` lies inside the image.
  @inline(__always) func validColumns(_ v: Int) -> Range<Int> {
    let shift = left - v * dilationX
    let first = shift > 0 ? (shift + strideX - 1) / strideX : 0
    let last = width - 1 + shift
    let end = last < 0 ? 0 : min(outWidth, last / strideX + 1)
    return min(first, outWidth)..<max(end, min(first, outWidth))
  }

  /// Writes the rows of `channels` of the window matrix for output pixels `pixels` (row-major) of one image. Rows are
  /// `step` floats apart, the first row belongs to the first channel.
  func fill(
    _ image: UnsafePointer<Float>, channels: Range<Int>, pixels: Range<Int>, into columns: UnsafeMutablePointer<Float>,
    step: Int
  ) {
    var row = columns
    for channel in channels {
      let plane = image + channel * inputPixels
      for u in 0..<kernelHeight {
        for v in 0..<kernelWidth {
          if strideY == 1, strideX == 1, outWidth == width {
            fillSameWidth(plane, u, v, pixels, row)
          } else {
            fillRows(plane, u, v, pixels, row)
          }
          row += step
        }
      }
    }
  }

  /// With equal widths and stride 1 a row of the matrix is the plane shifted: one copy, then zeros at the borders.
  @inline(__always) private func fillSameWidth(
    _ plane: UnsafePointer<Float>, _ u: Int, _ v: Int, _ pixels: Range<Int>, _ row: UnsafeMutablePointer<Float>
  ) {
    let shiftY = u * dilationY - top
    let shiftX = v * dilationX - left
    let shift = shiftY * width + shiftX
    // Pixels whose source row is inside the image, then those whose shifted address is inside the plane.
    let firstRow = max(0, -shiftY) * width
    let endRow = max(0, min(outHeight, height - shiftY)) * width
    let first = min(max(pixels.lowerBound, firstRow, -shift), pixels.upperBound)
    let end = max(first, min(pixels.upperBound, endRow, inputPixels - shift))
    let base = pixels.lowerBound
    for pixel in base..<first { row[pixel - base] = 0 }
    if end > first { memcpy(row + (first - base), plane + (first + shift), (end - first) * 4) }
    for pixel in end..<pixels.upperBound { row[pixel - base] = 0 }
    guard shiftX != 0 else { return }
    let valid = validColumns(v)
    var line = first / width * width
    while line < end {
      for x in 0..<valid.lowerBound where line + x >= first && line + x < end { row[line + x - base] = 0 }
      for x in valid.upperBound..<width where line + x >= first && line + x < end { row[line + x - base] = 0 }
      line += width
    }
  }

  @inline(__always) private func fillRows(
    _ plane: UnsafePointer<Float>, _ u: Int, _ v: Int, _ pixels: Range<Int>, _ row: UnsafeMutablePointer<Float>
  ) {
    let valid = validColumns(v)
    var target = row
    var y = pixels.lowerBound / outWidth
    var x = pixels.lowerBound - y * outWidth
    var remaining = pixels.count
    while remaining > 0 {
      let count = min(outWidth - x, remaining)
      let inputY = y * strideY - top + u * dilationY
      if inputY < 0 || inputY >= height {
        for i in 0..<count { target[i] = 0 }
      } else {
        let source = plane + (inputY * width - left + v * dilationX)
        let first = max(x, min(valid.lowerBound, x + count))
        let end = max(first, min(valid.upperBound, x + count))
        for i in x..<first { target[i - x] = 0 }
        if strideX == 1 {
          for i in first..<end { target[i - x] = source[i] }
        } else {
          for i in first..<end { target[i - x] = source[i * strideX] }
        }
        for i in end..<(x + count) { target[i - x] = 0 }
      }
      target += count
      remaining -= count
      x = 0
      y += 1
    }
  }

  /// Adds the rows of one channel of the window matrix (kernelSize rows, `step` apart) to that channel's plane, for output
  /// pixels `pixels`.
  func scatter(
    _ columns: UnsafePointer<Float>, step: Int, pixels: Range<Int>, to plane: UnsafeMutablePointer<Float>
  ) {
    var row = columns
    for u in 0..<kernelHeight {
      for v in 0..<kernelWidth {
        let valid = validColumns(v)
        var source = row
        var y = pixels.lowerBound / outWidth
        var x = pixels.lowerBound - y * outWidth
        var remaining = pixels.count
        while remaining > 0 {
          let count = min(outWidth - x, remaining)
          let targetY = y * strideY - top + u * dilationY
          if targetY >= 0, targetY < height {
            let target = plane + (targetY * width - left + v * dilationX)
            let first = max(x, min(valid.lowerBound, x + count))
            let end = max(first, min(valid.upperBound, x + count))
            if strideX == 1 {
              for i in first..<end { target[i] += source[i - x] }
            } else {
              for i in first..<end { target[i * strideX] += source[i - x] }
            }
          }
          source += count
          remaining -= count
          x = 0
          y += 1
        }
        row += step
      }
    }
  }
}
