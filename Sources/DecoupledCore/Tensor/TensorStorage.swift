import DecoupledBase
import Glibc

/// Memory that tensors view: an aligned allocation, or bytes owned by somebody else such as a mapped file.
public final class TensorStorage: @unchecked Sendable {
  public let base: UnsafeMutableRawPointer
  public let byteCount: Int
  private let release: () -> Void
  /// Whether the memory maps a file privately, so that pages nobody wrote to can be dropped and come back when read.
  private let mapsFile: Bool

  /// Alignment of allocations in bytes: a cache line, and enough for every vector width.
  public static let alignment = 64

  /// Bytes that no machine has: larger requests are mistakes.
  public static let largest = 1 << 46

  /// Zeroed memory. Large allocations come straight from the kernel and cost nothing until they are touched.
  /// - Throws: `EngineError` with status `outOfMemory`.
  public init(byteCount: Int) throws {
    guard byteCount >= 0, byteCount < Self.largest else {
      throw EngineError(.outOfMemory, "A buffer of \(byteCount) bytes was asked for, more than any machine has.")
    }
    let size = max(byteCount, 1)
    let mapped = size >= 1 << 20
    let address: UnsafeMutableRawPointer?
    if mapped {
      let result = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      address = result == MAP_FAILED ? nil : result
      // In large pages: the first run touches hundreds of megabytes.
      if let address, size >= 1 << 24 { madvise(address, size, MADV_HUGEPAGE) }
    } else {
      address = aligned_alloc(Self.alignment, (size + Self.alignment - 1) & ~(Self.alignment - 1))
      if let address { memset(address, 0, size) }
    }
    guard let address else {
      throw EngineError(.outOfMemory, "Could not get \(byteCount) bytes of memory; use a smaller batch or network.")
    }
    base = address
    self.byteCount = byteCount
    mapsFile = false
    release = mapped ? { munmap(address, size) } : { free(address) }
  }

  /// Memory that belongs to somebody else; `release` is called when the last tensor is gone.
  /// - Parameter mapsFile: whether it is a private mapping of a file.
  public init(
    base: UnsafeMutableRawPointer, byteCount: Int, mapsFile: Bool = false, release: @escaping () -> Void
  ) {
    self.mapsFile = mapsFile
    self.base = base
    self.byteCount = byteCount
    self.release = release
  }

  /// Gives back the memory of a part of a mapped file to which nothing was written.
  func dropPages(offset: Int, byteCount: Int) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (UInt(bitPattern: base + offset) + UInt(page) - 1) & ~UInt(page - 1)
    let end = UInt(bitPattern: base + offset + byteCount) & ~UInt(page - 1)
    guard mapsFile, end > start else { return }
    madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
  }

  deinit { release() }
}
