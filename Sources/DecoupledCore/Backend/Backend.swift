import CDecoupled
import DecoupledBase

/// An opened device of a backend: makes kernels. May be shared by threads.
public final class Backend: @unchecked Sendable {
  public let info: BackendInfo
  package let table: UnsafePointer<dcn_backend_table>
  package let instance: OpaquePointer
  /// Runs what this backend declines.
  let fallback: BackendLibrary
  /// Keeps the table alive.
  private let library: BackendLibrary

  /// - Parameters:
  ///   - configuration: what the user wrote behind the backend's name.
  ///   - fallback: runs what this backend declines.
  /// - Throws: `EngineError` with status `backend` and the backend's own reason.
  package init(
    _ library: BackendLibrary, device: Int = 0, configuration: String? = nil, fallback: BackendLibrary = .reference
  ) throws {
    let (info, table) = (library.info, library.table)
    var opened: OpaquePointer?
    if let configuration {
      guard table.reaches(\.create_configured), let create = table.pointee.create_configured else {
        throw EngineError(
          .backend, "The backend '\(info.name)' takes no configuration; leave ':\(configuration)' out of its name.")
      }
      try Self.call(info.name, "create") { message, capacity in
        SlowCallWatch.during("create", of: info.name) {
          create(Int32(device), configuration, &opened, message, capacity)
        }
      }
    } else {
      try Self.call(info.name, "create") { message, capacity in
        guard let create = table.pointee.create else { return Int32(DCN_STATUS_UNSUPPORTED) }
        return SlowCallWatch.during("create", of: info.name) {
          create(Int32(device), &opened, message, capacity)
        }
      }
    }
    guard let opened else {
      throw EngineError(.backend, "The backend '\(library.info.name)' reported success but opened no device.")
    }
    instance = opened
    self.library = library
    self.fallback = fallback
    self.info = info
    self.table = table
  }

  deinit { table.pointee.destroy?(instance) }

  /// Calls a function of the table and turns a failure into an error that names the backend.
  package static func call(
    _ name: String, _ what: String, _ function: (UnsafeMutablePointer<CChar>, Int) -> Int32
  ) throws {
    try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 2048) { message in
      message.initialize(repeating: 0)
      let status = function(message.baseAddress!, message.count - 1)
      if status == Int32(DCN_STATUS_OK) { return }
      if status == Int32(DCN_STATUS_CANCELLED) { throw EngineError.cancelled }
      let said = String(cString: message.baseAddress!)
      throw EngineError(
        Status(rawValue: status) ?? .backend,
        said.isEmpty ? "The backend '\(name)' failed in \(what) with status \(status)." : "\(name): \(said)")
    }
  }

  /// How many leading nodes of the chain run as one kernel here.
  func supported(_ nodes: UnsafePointer<dcn_node>, _ count: Int) -> Int {
    guard let supports = table.pointee.supports else { return 0 }
    return max(0, min(count, Int(supports(instance, nodes, Int32(count)))))
  }

  /// The layout in which this backend keeps values of that type between its kernels, whatever the size of the batch: plans
  /// for batches of different sizes hand each other values.
  func preferredLayout(_ type: ValueType) -> Layout {
    guard table.reaches(\.preferred_layout), let ask = table.pointee.preferred_layout else { return .nchw }
    let shape = type.batch == nil ? type.shape : [1] + type.shape.dropFirst()
    var tensor = dcn_tensor(
      elementType: type.elementType, shape: shape, strides: Tensor.contiguousStrides(shape), buffer: nil)
    return Layout(rawValue: ask(instance, &tensor))
  }
}
