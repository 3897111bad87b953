import CDecoupled
import DecoupledBase
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
