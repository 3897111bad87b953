import CDecoupled
import DecoupledBase
import DecoupledVision

extension dcn_image {
  /// Places of red, green and blue in a pixel, and its bytes.
  private func layout() throws -> (red: Int, green: Int, blue: Int, bytes: Int) {
    switch Int(format) {
    case DCN_FORMAT_RGB: return (0, 1, 2, 3)
    case DCN_FORMAT_BGR: return (2, 1, 0, 3)
    case DCN_FORMAT_RGBA: return (0, 1, 2, 4)
    case DCN_FORMAT_BGRA: return (2, 1, 0, 4)
    case DCN_FORMAT_GRAY8: return (0, 0, 0, 1)
    default:
      throw EngineError(.invalidArgument, "There is no pixel format \(format); use one of the DCN_FORMAT_ values.")
    }
  }

  /// The image as the engine has it. Everything is checked before a pixel is read.
  func rgb() throws -> RGBImage {
    guard let pixels else { throw EngineError(.invalidArgument, "The pixels of an image must not be NULL.") }
    let (columns, rows) = (Int(width), Int(height))
    guard (1...ImageLimits.side).contains(columns), (1...ImageLimits.side).contains(rows),
      columns * rows <= ImageLimits.pixels
    else {
      throw EngineError(
        .invalidArgument,
        "An image of \(columns)x\(rows) cannot be used: 1 to \(ImageLimits.side) pixels on a side and at most \(ImageLimits.pixels) in all are possible."
      )
    }
    let layout = try layout()
    let packed = columns * layout.bytes
    let stride = row_stride == 0 ? packed : Int(row_stride)
    guard stride.magnitude >= UInt(packed), stride.magnitude <= UInt(Int.max) / UInt(rows) else {
      throw EngineError(
        .invalidArgument,
        "A row_stride of \(row_stride) bytes does not fit rows of \(columns) pixels, which take \(packed).")
    }
    let values = [UInt8](unsafeUninitializedCapacity: 3 * columns * rows) { target, count in
      var out = 0
      for row in 0..<rows {
        var pixel = pixels + row * stride
        for _ in 0..<columns {
          target[out] = pixel[layout.red]
          target[out + 1] = pixel[layout.green]
          target[out + 2] = pixel[layout.blue]
          out += 3
          pixel += layout.bytes
        }
      }
      count = out
    }
    return try RGBImage(width: columns, height: rows, pixels: values)
  }
}
