import DecoupledBase
import Glibc

/// Memory between bytes that nobody may write, to find out what a kernel does to it. Everything is filled with what no kernel
/// writes by chance, and what shows in a result when it is read: as a float a NaN, as an integer -1. Behind the bytes on
/// the right, or on request right behind the memory, lies a page that cannot be touched at all.
public final class GuardedMemory {
  /// Bytes of which all four (or eight) are a NaN, and -1 as an integer.
  public static let fill: UInt8 = 0xFF
  /// Guarded bytes on each side.
  private static let zone = 4096

  public let allocation: UnsafeMutableRawPointer
  /// First byte that may be written.
  public let start: UnsafeMutableRawPointer
  public let byteCount: Int
  private let readable: Int
  private let mapped: Int

  /// - Parameters:
  ///   - byteOffset: distance of the memory from an address divisible by 64.
  ///   - isAtEdge: whether it ends at the page that cannot be touched; `byteOffset` is then without effect.
  /// - Throws: `EngineError` with status `outOfMemory`.
  public init(byteCount: Int, byteOffset: Int = 0, isAtEdge: Bool = false) throws {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let needed = 2 * Self.zone + byteOffset + byteCount
    self.byteCount = byteCount
    readable = (needed + page - 1) / page * page
    mapped = readable + page
    guard let address = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      address != MAP_FAILED
    else { throw EngineError(.outOfMemory, "Could not get \(mapped) bytes of guarded memory.") }
    mprotect(address + readable, page, PROT_NONE)
    allocation = address
    memset(allocation, Int32(Self.fill), readable)
    start = allocation + (isAtEdge ? readable - byteCount : Self.zone + byteOffset)
  }

  deinit { munmap(allocation, mapped) }

  private var all: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: allocation, count: readable) }

  /// Everything that can be read, guards included.
  public var bytes: [UInt8] { Array(all) }

  /// Offset from `start` of a byte that was written outside of the first `count`, which are all where none are given: the
  /// first one behind them, else the last one before. nil when none was.
  public func damage(beside count: Int? = nil) -> Int? {
    let first = start - allocation
    let place =
      all[(first + (count ?? byteCount))...].firstIndex { $0 != Self.fill }
      ?? all[..<first].lastIndex { $0 != Self.fill }
    return place.map { $0 - first }
  }

  /// Whether a part of the memory is as it was at the beginning.
  public func isUntouched(_ range: Range<Int>) -> Bool {
    UnsafeRawBufferPointer(start: start, count: byteCount)[range].allSatisfy { $0 == Self.fill }
  }

  /// Puts back what was there at the beginning.
  public func erase(at offset: Int, count: Int) { memset(start + offset, Int32(Self.fill), count) }
}
