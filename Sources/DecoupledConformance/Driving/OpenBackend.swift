import CDecoupled
import DecoupledCore

/// A device of a plugin, opened through its table: what the cases are tried on.
final class OpenBackend: @unchecked Sendable {
  let library: BackendLibrary
  let instance: OpaquePointer

  var table: dcn_backend_table { library.table.pointee }

  /// What the user wrote behind the backend's name.
  let configuration: String?

  init(_ library: BackendLibrary, configuration: String? = nil) throws {
    self.library = library
    self.configuration = configuration
    var opened: OpaquePointer?
    if let configuration {
      guard library.table.reaches(\.create_configured), let create = library.table.pointee.create_configured else {
        throw Fault("takes no configuration such as '\(configuration)'")
      }
      try Call.checked("create_configured") { create(0, configuration, &opened, $0, $1) }
    } else {
      try Call.checked("create") { library.table.pointee.create(0, &opened, $0, $1) }
    }
    guard let opened else { throw Fault("create reports success but opens no device") }
    instance = opened
  }

  deinit { library.table.pointee.destroy(instance) }

  /// What `supports` answers.
  /// - Throws: `Fault` for an answer that cannot be.
  func supported(_ nodes: NodeMemory) throws -> Int {
    let count = Int(table.supports(instance, nodes.nodes.baseAddress, Int32(nodes.nodes.count)))
    guard (0...nodes.nodes.count).contains(count) else {
      throw Fault("supports takes \(count) of \(nodes.nodes.count) nodes")
    }
    return count
  }

  func preferredLayout(_ type: ElementType, _ shape: [Int]) -> Int32 {
    guard library.table.reaches(\.preferred_layout), let ask = table.preferred_layout else {
      return Int32(DCN_LAYOUT_NCHW)
    }
    var tensor = dcn_tensor(
      elementType: type, shape: shape, strides: Tensor.contiguousStrides(shape), buffer: nil)
    return ask(instance, &tensor)
  }

  func layouts(_ subject: Case, _ shapes: Case.Shapes) -> CaseLayouts {
    CaseLayouts(subject, shapes: shapes, preferred: preferredLayout)
  }
}

/// What a plugin does wrong: one clause, its subject is the plugin.
struct Fault: Error {
  let clause: String
  init(_ clause: String) { self.clause = clause }
}

/// Calls of functions that write a sentence.
enum Call {
  static let capacity = 256

  /// - Returns: the status and the sentence.
  /// - Throws: `Fault` when more than `capacity` bytes were written.
  static func plain(
    capacity: Int = Call.capacity, _ function: (UnsafeMutablePointer<CChar>, Int) -> Int32
  ) throws -> (status: Int32, message: String) {
    let guarded = 64
    return try withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity + guarded) { buffer in
      buffer.initialize(repeating: 0x55)
      buffer[0] = 0
      let status = function(buffer.baseAddress!, capacity)
      guard buffer[capacity...].allSatisfy({ $0 == 0x55 }) else {
        throw Fault("writes a message longer than the \(capacity) bytes it may take")
      }
      guard let end = buffer[..<capacity].firstIndex(of: 0) else {
        throw Fault("writes a message without a terminating zero")
      }
      let bytes = buffer[..<end].map { UInt8(bitPattern: $0) }
      return (status, String(decoding: bytes, as: UTF8.self))
    }
  }

  /// - Throws: `Fault` for a failure.
  static func checked(_ name: String, _ function: (UnsafeMutablePointer<CChar>, Int) -> Int32) throws {
    let (status, message) = try plain(function)
    if status == Int32(DCN_STATUS_OK) { return }
    throw Fault("fails in \(name) with status \(status)" + (message.isEmpty ? "" : ": \(message)"))
  }
}
