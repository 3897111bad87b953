import Glibc

/// Memory with guard words around it, filled with what no kernel writes by chance: as float32 a NaN, as an integer -1.
final class GuardedMemory {
  /// Bytes of guard words on each side.
  static let zone = 4096
  private static let alignment = 64
  private static let fill: UInt8 = 0xFF
  private static let guardByte: UInt8 = 0xA7

  let base: UnsafeMutableRawPointer
  let byteCount: Int
  private let block: UnsafeMutableRawPointer
  private let blockCount: Int

  /// - Parameter address: the memory that this stands in for; as far from an address divisible by 64.
  init(byteCount: Int, like address: UnsafeRawPointer?) {
    self.byteCount = byteCount
    let shift = Int(bitPattern: address) & (Self.alignment - 1)
    blockCount = byteCount + 2 * Self.zone + shift
    block = .allocate(byteCount: blockCount, alignment: Self.alignment)
    base = block + Self.zone + shift
    memset(block, Int32(Self.guardByte), blockCount)
    memset(base, Int32(Self.fill), byteCount)
  }

  deinit { block.deallocate() }

  /// Byte offset of a guard word that was overwritten: negative before the memory, else its size or more. nil when all
  /// are whole.
  var damage: Int? {
    let bytes = UnsafeRawBufferPointer(start: block, count: blockCount)
    let start = base - block
    if let place = bytes[(start + byteCount)...].firstIndex(where: { $0 != Self.guardByte }) { return place - start }
    if let place = bytes[..<start].lastIndex(where: { $0 != Self.guardByte }) { return place - start }
    return nil
  }

  /// Whether a part of the memory is as it was at the beginning.
  func isUntouched(_ range: Range<Int>) -> Bool {
    UnsafeRawBufferPointer(start: base, count: byteCount)[range].allSatisfy { $0 == Self.fill }
  }

  /// Puts back what was there at the beginning.
  func erase(at offset: Int, count: Int) { memset(base + offset, Int32(Self.fill), count) }
}
