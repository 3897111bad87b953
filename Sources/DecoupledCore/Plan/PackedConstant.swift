import CDecoupled
import DecoupledBase

/// A parameter as a backend has packed it. Owns the `dcn_constant` and keeps its backend open.
final class PackedConstant: @unchecked Sendable {
  private let handle: OpaquePointer
  private let backend: Backend

  /// - Parameter tensor: the parameter, or the part of it that a kernel reads.
  init(_ name: String, _ tensor: dcn_tensor, form: UInt64, backend: Backend, control: RunControl) throws {
    var made: OpaquePointer?
    try Self.call(backend, name, control) { table, context, message, capacity in
      guard let create = table.pointee.constant_create else { return Int32(DCN_STATUS_UNSUPPORTED) }
      return withUnsafePointer(to: tensor) { create(backend.instance, form, $0, context, &made, message, capacity) }
    }
    guard let made else {
      throw EngineError(
        .backend, "The backend '\(backend.info.name)' reported success but packed nothing for '\(name)'.")
    }
    handle = made
    self.backend = backend
  }

  deinit { backend.table.pointee.constant_destroy?(handle) }

  /// Packs the parameter anew after it has changed.
  func update(_ name: String, _ tensor: dcn_tensor, control: RunControl) throws {
    try Self.call(backend, name, control) { table, context, message, capacity in
      guard let update = table.pointee.constant_update else { return Int32(DCN_STATUS_UNSUPPORTED) }
      return withUnsafePointer(to: tensor) { update(handle, $0, context, message, capacity) }
    }
  }

  /// What a kernel gets in place of the parameter.
  func descriptor(for tensor: dcn_tensor) -> dcn_tensor {
    var result = tensor
    result.buffer = UnsafeMutableRawPointer(handle)
    result.byte_offset = 0
    result.layout = Int32(DCN_LAYOUT_PACKED)
    return result
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
