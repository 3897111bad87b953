import DecoupledBase

/// 256 colours, one for each label.
public struct Palette: Sendable, Equatable {
  /// 768 bytes: R, G, B of label 0, then of label 1.
  public let bytes: [UInt8]

  /// - Throws: `EngineError` unless there are 768 bytes.
  public init(bytes: [UInt8]) throws {
    guard bytes.count == 768 else {
      throw EngineError(.format, "A palette has 256 colours of 3 bytes, which makes 768, not \(bytes.count).")
    }
    self.bytes = bytes
  }

  private init(voc entries: Int) {
    var bytes = [UInt8](repeating: 0, count: entries * 3)
    for label in 0..<entries {
      var rest = label
      for bit in stride(from: 7, through: 0, by: -1) {
        for channel in 0..<3 {
          bytes[3 * label + channel] |= UInt8(((rest >> channel) & 1) << bit)
        }
        rest >>= 3
      }
    }
    self.bytes = bytes
  }

  /// The colours of PASCAL VOC: the bits of the label, three at a time, from the highest bit of R, G and B downwards.
  public static let voc = Palette(voc: 256)

  /// The colour of a label.
  public subscript(label: UInt8) -> (red: UInt8, green: UInt8, blue: UInt8) {
    let i = 3 * Int(label)
    return (bytes[i], bytes[i + 1], bytes[i + 2])
  }
}
