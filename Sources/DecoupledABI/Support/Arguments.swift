import CDecoupled
import DecoupledCore

/// Refuses NULL. The header marks such pointers as never NULL, but a C program can hand one in all the same.
func requirePointer(_ pointer: UnsafeRawPointer, _ name: String) throws {
  guard UInt(bitPattern: pointer) != 0 else { throw EngineError(.invalidArgument, "'\(name)' must not be NULL.") }
}

/// A string of the caller.
func text(_ pointer: UnsafePointer<CChar>, _ name: String) throws -> String {
  try requirePointer(pointer, name)
  guard let text = String(validatingCString: pointer) else {
    throw EngineError(.invalidArgument, "'\(name)' is not UTF-8.")
  }
  return text
}

/// A string of the caller that may be left out.
func optionalText(_ pointer: UnsafePointer<CChar>?, _ name: String) throws -> String? {
  guard let pointer else { return nil }
  return try text(pointer, name)
}

/// A list of strings of the caller.
func texts(_ pointer: UnsafePointer<UnsafePointer<CChar>?>, _ count: Int32, _ name: String) throws -> [String] {
  try requireCount(count, name)
  if count == 0 { return [] }
  try requirePointer(pointer, name)
  return try (0..<Int(count)).map { index in
    guard let element = pointer[index] else {
      throw EngineError(.invalidArgument, "Number \(index) of '\(name)' must not be NULL.")
    }
    return try text(element, name)
  }
}

/// - Throws: unless the count lies between `least` and a million.
func requireCount(_ count: Int32, _ name: String, least: Int32 = 0) throws {
  guard count >= least, count <= 1_000_000 else {
    throw EngineError(
      .invalidArgument, "The count \(count) of '\(name)' must be at least \(least) and at most a million.")
  }
}

/// Sets a handle that is to be returned to NULL, so that a failure leaves nothing to free.
func clear(_ handle: UnsafeMutablePointer<OpaquePointer?>, _ name: String) throws {
  try requirePointer(handle, name)
  handle.pointee = nil
}

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

extension dcn_image: SizedStruct {}
extension dcn_backend_info: SizedStruct {}
extension dcn_tensor_info: SizedStruct {}
extension dcn_session_options: SizedStruct {
  static var smallest: Int { MemoryLayout<Self>.offset(of: \.refinements) ?? MemoryLayout<Self>.size }
}
extension dcn_label_set: SizedStruct {}
extension dcn_step_options: SizedStruct {}
extension dcn_dataset_options: SizedStruct {}
extension dcn_import_options: SizedStruct {}
extension dcn_item: SizedStruct {}
extension dcn_trainer_options: SizedStruct {
  static var smallest: Int { MemoryLayout<Self>.offset(of: \.prediction) ?? MemoryLayout<Self>.size }
}
extension dcn_proposer_options: SizedStruct {}
extension dcn_forest_options: SizedStruct {}
extension dcn_progress: SizedStruct {}

extension dcn_tensor_info {
  /// Fills in name, type and shape.
  mutating func set(name: OwnedText, elementType: ElementType, shape: [Int], role: Int, present: Bool) {
    element_type = elementType.rawValue
    self.role = Int32(role)
    self.present = present ? 1 : 0
    rank = Int32(min(shape.count, 8))
    withUnsafeMutableBytes(of: &dims) { bytes in
      for (axis, size) in shape.prefix(8).enumerated() {
        bytes.storeBytes(of: Int64(size), toByteOffset: axis * 8, as: Int64.self)
      }
    }
    element_count = Int64(shape.reduce(1, *))
    self.name = name.pointer
  }
}
