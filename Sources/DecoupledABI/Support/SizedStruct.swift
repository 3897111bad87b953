import DecoupledBase

/// A struct of the header that begins with `struct_size`.
protocol SizedStruct {
  init()
  var struct_size: UInt32 { get set }
  /// The size in the first release that had this struct. A release that adds members states the former size here; what a
  /// smaller struct lacks is 0, which later members take as their default.
  static var smallest: Int { get }
}

extension SizedStruct {
  private static var name: String { "\(Self.self)" }

  /// The size that this release reads and writes.
  private static var size: Int { MemoryLayout<Self>.size }

  static var smallest: Int { size }

  /// - Returns: `struct_size`.
  /// - Throws: when it was not set or is that of something else.
  @discardableResult
  static func check(_ pointer: UnsafeRawPointer) throws -> Int {
    try requirePointer(pointer, name)
    let given = Int(pointer.load(as: UInt32.self))
    guard given >= smallest, given <= 1 << 16 else {
      throw EngineError(
        .invalidArgument,
        "The struct_size of a \(name) is \(given), at least \(smallest) is needed; initialise it with \(name.uppercased())_INIT."
      )
    }
    return given
  }

  /// Reads a struct of the caller.
  static func read(_ pointer: UnsafeRawPointer) throws -> Self {
    let given = try check(pointer)
    var value = Self()
    withUnsafeMutableBytes(of: &value) { $0.baseAddress!.copyMemory(from: pointer, byteCount: min(given, size)) }
    return value
  }

  /// Reads structs that lie side by side, each as large as the first says.
  static func readArray(_ pointer: UnsafePointer<Self>, _ count: Int32) throws -> [Self] {
    if count == 0 { return [] }
    let stride = (try check(pointer) + 7) & ~7
    return try (0..<Int(count)).map { try read(UnsafeRawPointer(pointer) + $0 * stride) }
  }

  /// Fills a struct of the caller, which keeps its size.
  static func write(_ pointer: UnsafeMutablePointer<Self>, _ fill: (inout Self) throws -> Void) throws {
    let given = try check(pointer)
    var value = Self()
    try fill(&value)
    value.struct_size = UInt32(given)
    withUnsafeBytes(of: value) {
      UnsafeMutableRawPointer(pointer).copyMemory(from: $0.baseAddress!, byteCount: min(given, size))
    }
  }
}
