/// The two application markers of a JPEG that change how its pixels are understood.
struct JPEGMarkers {
  /// EXIF tag 0x0112 of the APP1 block (EXIF 2.3, section 4.6.4).
  private(set) var orientation = Orientation.upright
  /// An APP14 block "Adobe" is there; such files store CMYK inverted.
  private(set) var hasAdobeMarker = false

  /// Walks over the markers up to the start of the first scan; damaged ones end the walk, the decoder reports them.
  init(_ bytes: [UInt8]) {
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xFF {
      let marker = bytes[position + 1]
      if marker == 0xFF {
        position += 1
        continue
      }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      let end = position + 2 + length
      guard marker != 0xDA, marker != 0xD9, length >= 2, end <= bytes.count else { return }
      let content = bytes[(position + 4)..<end]
      if marker == 0xE1, content.starts(with: Array("Exif\0\0".utf8)) {
        orientation = Self.orientation(in: content.dropFirst(6)) ?? orientation
      } else if marker == 0xEE, content.starts(with: Array("Adobe".utf8)) {
        hasAdobeMarker = true
      }
      position = end
    }
  }

  /// Reads the first directory of a TIFF structure.
  private static func orientation(in tiff: ArraySlice<UInt8>) -> Orientation? {
    let bytes = Array(tiff)
    guard bytes.count >= 8 else { return nil }
    let little = bytes.starts(with: [0x49, 0x49])
    guard little || bytes.starts(with: [0x4D, 0x4D]) else { return nil }
    func number(_ at: Int, _ size: Int) -> Int? {
      guard at >= 0, at + size <= bytes.count else { return nil }
      let parts = bytes[at..<(at + size)]
      return (little ? parts.reversed() : Array(parts)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
    for entry in 0..<entries {
      let at = directory + 2 + 12 * entry
      guard let tag = number(at, 2) else { return nil }
      if tag == 0x0112 { return number(at + 8, 2).flatMap(Orientation.init(rawValue:)) }
    }
    return nil
  }
}
