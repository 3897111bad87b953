import DecoupledCore
import Glibc

/// Memory between words that nobody may write. Behind them, or on request right behind the block, lies a page that cannot
/// be touched at all.
final class GuardedBlock {
  /// Bytes of which all four (or eight) are a NaN, and -1 as an integer.
  static let pattern: UInt8 = 0xFF
  private static let words = 256

  let allocation: UnsafeMutableRawPointer
  /// First byte that belongs to the block.
  let start: UnsafeMutableRawPointer
  private let readable: Int
  private let mapped: Int

  /// - Parameters:
  ///   - byteOffset: distance of the block from an address divisible by 64.
  ///   - isAtEdge: whether the block ends where memory ends; `byteOffset` is then without effect.
  init(byteCount: Int, byteOffset: Int = 0, isAtEdge: Bool = false) throws {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let needed = 2 * Self.words + byteOffset + byteCount
    readable = (needed + page - 1) / page * page
    mapped = readable + page
    guard let address = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      address != MAP_FAILED
    else { throw EngineError(.outOfMemory, "Could not get \(mapped) bytes of memory for a case.") }
    mprotect(address + readable, page, PROT_NONE)
    allocation = address
    memset(allocation, Int32(Self.pattern), readable)
    start = allocation + (isAtEdge ? readable - byteCount : Self.words + byteOffset)
  }

  deinit { munmap(allocation, mapped) }

  /// Everything that can be read, guards included.
  var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: allocation, count: readable)) }

  /// Whether nothing outside of the first `byteCount` bytes was written.
  func isIntact(beside byteCount: Int) -> Bool {
    let all = UnsafeRawBufferPointer(start: allocation, count: readable)
    let first = start - allocation
    return all[..<first].allSatisfy { $0 == Self.pattern }
      && all[(first + byteCount)...].allSatisfy { $0 == Self.pattern }
  }
}
