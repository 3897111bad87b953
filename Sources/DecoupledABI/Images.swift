public import CDecoupled
import DecoupledBase
import DecoupledVision
import Synchronization

/// Pixels that the library has given to callers, by address.
private let givenPixels = Mutex<[UInt: OwnedArray<UInt8>]>([:])

/// Hands pixels to the caller, who releases them with dcn_image_free.
func give(
  _ pixels: [UInt8], _ format: Int, _ width: Int, _ height: Int, to image: UnsafeMutablePointer<dcn_image>
) throws {
  let owned = OwnedArray(pixels)
  try dcn_image.write(image) { image in
    image.format = Int32(format)
    image.width = Int32(width)
    image.height = Int32(height)
    image.pixels = owned.pointer
  }
  givenPixels.withLock { $0[UInt(bitPattern: owned.pointer)] = owned }
}

private func requireFile(_ path: String) throws {
  guard FileAccess.isFile(path) else { throw EngineError(.notFound, "There is no file '\(path)'.") }
}

@c @implementation public func dcn_image_load(
  _ path: UnsafePointer<CChar>, _ image: UnsafeMutablePointer<dcn_image>
) -> Int32 {
  guarded {
    let path = try text(path, "path")
    try dcn_image.check(image)
    try requireFile(path)
    let read = try ImageReader.read(path)
    try give(read.pixels, DCN_FORMAT_RGB, read.width, read.height, to: image)
  }
}

@c @implementation public func dcn_label_map_load(
  _ path: UnsafePointer<CChar>, _ labels: UnsafeMutablePointer<dcn_image>
) -> Int32 {
  guarded {
    let path = try text(path, "path")
    try dcn_image.check(labels)
    try requireFile(path)
    let read = try MaskReader.read(path)
    try give(read.labels, DCN_FORMAT_GRAY8, read.width, read.height, to: labels)
  }
}

@c @implementation public func dcn_image_free(_ image: UnsafeMutablePointer<dcn_image>?) {
  guard let image, (try? dcn_image.check(image)) != nil, let pixels = image.pointee.pixels else { return }
  let given = givenPixels.withLock { $0.removeValue(forKey: UInt(bitPattern: pixels)) }
  if given != nil { try? dcn_image.write(image) { _ in } }
}

private func save(_ image: RGBImage, _ path: String) throws {
  let name = path.lowercased()
  if name.hasSuffix(".jpg") || name.hasSuffix(".jpeg") {
    try JPEGWriter.write(image, to: path)
  } else {
    try PNGWriter.write(image, to: path)
  }
}

@c @implementation public func dcn_image_save(
  _ image: UnsafePointer<dcn_image>, _ path: UnsafePointer<CChar>
) -> Int32 {
  guarded { try save(try dcn_image.read(image).rgb(), try text(path, "path")) }
}

/// A label map in the caller's memory.
func labelMap(
  _ labels: UnsafePointer<UInt8>, _ width: Int, _ height: Int, name: String = "labels"
) throws -> LabelMap {
  try requirePointer(labels, name)
  guard (1...ImageLimits.side).contains(width), (1...ImageLimits.side).contains(height),
    width * height <= ImageLimits.pixels
  else { throw EngineError(.invalidArgument, "A label map of \(width)x\(height) cannot be used.") }
  return try LabelMap(
    width: width, height: height, labels: Array(UnsafeBufferPointer(start: labels, count: width * height)))
}

@c @implementation public func dcn_label_map_save(
  _ labels: UnsafePointer<UInt8>, _ width: Int32, _ height: Int32, _ path: UnsafePointer<CChar>
) -> Int32 {
  guarded {
    let path = try text(path, "path")
    try PNGWriter.write(try labelMap(labels, Int(width), Int(height)), to: path)
  }
}

@c @implementation public func dcn_overlay_save(
  _ image: UnsafePointer<dcn_image>, _ labels: UnsafePointer<UInt8>, _ opacity: Double, _ path: UnsafePointer<CChar>
) -> Int32 {
  guarded {
    let photo = try dcn_image.read(image).rgb()
    let path = try text(path, "path")
    guard opacity >= 0, opacity <= 1 else {
      throw EngineError(.invalidArgument, "The opacity must lie between 0 and 1, not \(opacity).")
    }
    let map = try labelMap(labels, photo.width, photo.height)
    try save(try Overlay.draw(photo, labels: map, opacity: opacity), path)
  }
}

@c @implementation public func dcn_label_color(_ label: Int32) -> Int32 {
  guard let label = UInt8(exactly: label) else { return -1 }
  let color = Palette.voc[label]
  return Int32(color.red) << 16 | Int32(color.green) << 8 | Int32(color.blue)
}
