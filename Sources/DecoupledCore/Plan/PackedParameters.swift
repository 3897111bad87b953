import CDecoupled
import Synchronization

/// Parameters in the packed forms that kernels ask for: each is made once and shared by all plans and sessions of a model.
final class PackedParameters: Sendable {
  private struct Key: Hashable {
    let name: String
    let byteOffset: Int
    let elementType: Int32
    let shape: [Int]
    let form: UInt64
    /// The table: constants serve every instance of a backend.
    let backend: Int
  }

  /// What is known of one form, behind a lock of its own: sessions that open at once pack different parameters side by side.
  private final class Slot: Sendable {
    let entry = Mutex<Entry?>(nil)
  }

  private struct Entry: @unchecked Sendable {
    let constant: Constant
    /// Contents and memory of the parameter when it was packed.
    var version: Int
    var address: UnsafeMutableRawPointer
  }

  /// Owns a `dcn_constant` and keeps its backend open.
  private final class Constant: @unchecked Sendable {
    let handle: OpaquePointer
    let backend: Backend
    init(_ handle: OpaquePointer, _ backend: Backend) {
      self.handle = handle
      self.backend = backend
    }
    deinit { backend.table.pointee.constant_destroy?(handle) }
  }

  private let slots = Mutex<[Key: Slot]>([:])

  /// The packed form of a parameter, made or brought up to date where needed.
  /// - Parameters:
  ///   - version: changes with the parameter's contents.
  ///   - tensor: the parameter, or the part of it that a kernel reads.
  /// - Returns: the constant, and whether it was made now.
  func constant(
    _ name: String, version: Int, _ tensor: dcn_tensor, form: UInt64, backend: Backend, control: RunControl
  ) throws -> (constant: OpaquePointer, isNew: Bool) {
    let shape = (0..<Int(tensor.rank)).map { axis in
      withUnsafeBytes(of: tensor.dims) { Int($0.load(fromByteOffset: axis * 8, as: Int64.self)) }
    }
    let key = Key(
      name: name, byteOffset: Int(tensor.byte_offset), elementType: tensor.element_type, shape: shape, form: form,
      backend: Int(bitPattern: backend.table)
    )
    let slot = slots.withLock { slots in
      if let known = slots[key] { return known }
      let made = Slot()
      slots[key] = made
      return made
    }
    return try slot.entry.withLock { entry in
      if var known = entry {
        if known.version != version || known.address != tensor.buffer {
          try Self.call(backend, name, control) { table, context, message, capacity in
            guard let update = table.pointee.constant_update else { return Int32(DCN_STATUS_UNSUPPORTED) }
            return withUnsafePointer(to: tensor) { update(known.constant.handle, $0, context, message, capacity) }
          }
          known.version = version
          known.address = tensor.buffer
          entry = known
        }
        return (known.constant.handle, false)
      }
      var made: OpaquePointer?
      try Self.call(backend, name, control) { table, context, message, capacity in
        guard let create = table.pointee.constant_create else { return Int32(DCN_STATUS_UNSUPPORTED) }
        return withUnsafePointer(to: tensor) {
          create(backend.instance, form, $0, context, &made, message, capacity)
        }
      }
      guard let made else {
        throw EngineError(
          .backend, "The backend '\(backend.info.name)' reported success but packed nothing for '\(name)'.")
      }
      entry = Entry(constant: Constant(made, backend), version: version, address: tensor.buffer)
      return (made, true)
    }
  }

  private static func call(
    _ backend: Backend, _ name: String, _ control: RunControl,
    _ function: (
      UnsafePointer<dcn_backend_table>, UnsafePointer<dcn_run_context>, UnsafeMutablePointer<CChar>, Int
    ) -> Int32
  ) throws {
    try withExtendedLifetime(control) {
      var context = dcn_run_context(control)
      try Backend.call(backend.info.name, "packing of '\(name)'") { message, capacity in
        function(backend.table, &context, message, capacity)
      }
    }
  }
}
