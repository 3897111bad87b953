import CDecoupled
import DecoupledBase
import DecoupledReference
import Glibc

/// A backend's table of functions, found in a shared object or built in. Loaded objects stay in the process.
public final class BackendLibrary: @unchecked Sendable {
  public let info: BackendInfo
  package let table: UnsafePointer<dcn_backend_table>
  /// What keeps the table alive, nil when it lives until the process ends.
  private let owner: AnyObject?

  /// The scalar specification, always there.
  public static let reference = BackendLibrary(table: ReferenceBackend.table, path: nil)

  private init(table: UnsafePointer<dcn_backend_table>, path: String?) {
    owner = nil
    self.table = table
    info = BackendInfo(
      name: String(cString: table.pointee.name), variant: String(cString: table.pointee.variant),
      version: String(cString: table.pointee.version), path: path,
      score: Int(SlowCallWatch.during("score", of: path ?? "", { table.pointee.score?() ?? 0 })))
  }

  /// A library whose functions are called through another table, such as one that watches the calls.
  /// - Parameter owner: keeps that table alive.
  package init(_ library: BackendLibrary, calledThrough table: UnsafePointer<dcn_backend_table>, owner: AnyObject) {
    self.table = table
    self.owner = owner
    info = library.info
  }

  /// Loads a plugin.
  /// - Throws: `EngineError` with status `backend`, naming the file, the reason and what to do.
  public convenience init(path: String) throws {
    try SharedObject.check(path)
    // Initialisers of the object run here.
    guard
      let handle = SlowCallWatch.during("loading", of: path, { dlopen(path, RTLD_NOW | RTLD_LOCAL) })
    else {
      let reason = dlerror().map { String(cString: $0) } ?? "unknown reason"
      throw EngineError(.backend, "The backend '\(path)' cannot be loaded: \(reason).")
    }
    guard let symbol = dlsym(handle, DCN_BACKEND_ENTRY_SYMBOL) else {
      dlclose(handle)
      throw EngineError(
        .backend,
        "'\(path)' is a shared object but no decoupled backend: it does not export '\(DCN_BACKEND_ENTRY_SYMBOL)'.")
    }
    let entry = unsafeBitCast(symbol, to: dcn_backend_entry_function.self)
    let host = UInt32(DCN_BACKEND_CONTRACT_VERSION)
    var message = [CChar](repeating: 0, count: 512)
    guard
      let table = SlowCallWatch.during(
        "its entry point", of: path, { entry(HostServices.table, host, &message, message.count - 1) })
    else {
      let said = message.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
      throw EngineError(
        .backend, "The backend '\(path)' refused to start: \(said.isEmpty ? "it gave no reason" : said)")
    }
    try Self.check(table, path: path)
    self.init(table: table, path: path)
  }

  private static func check(_ table: UnsafePointer<dcn_backend_table>, path: String) throws {
    let needed = MemoryLayout<dcn_backend_table>.offset(of: \.preferred_layout)!
    guard Int(table.pointee.struct_size) >= needed else {
      throw EngineError(
        .backend,
        "The backend '\(path)' has a function table of \(table.pointee.struct_size) bytes, this host needs \(needed); rebuild it."
      )
    }
    let (theirs, ours) = (Int(table.pointee.contract_version), Int(DCN_BACKEND_CONTRACT_VERSION))
    guard (1...ours).contains(theirs) else {
      throw EngineError(
        .backend,
        "The backend '\(path)' speaks contract version \(theirs), this host version \(ours); "
          + (theirs < ours ? "rebuild the backend against this release's backend.h." : "update decoupled."))
    }
    guard table.pointee.name != nil, table.pointee.variant != nil, table.pointee.version != nil,
      table.pointee.score != nil, table.pointee.create != nil, table.pointee.destroy != nil,
      table.pointee.supports != nil,
      table.pointee.kernel_create != nil, table.pointee.kernel_destroy != nil, table.pointee.run != nil
    else {
      throw EngineError(
        .backend, "The backend '\(path)' leaves a required function or its name empty; it is unfinished.")
    }
    let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-".utf8)
    let name = String(cString: table.pointee.name)
    guard !name.isEmpty, name.utf8.allSatisfy(letters.contains) else {
      throw EngineError(
        .backend, "The backend '\(path)' has the name '\(name)'; names are made of letters, digits and '-'.")
    }
    let packs = table.reaches(\.packing) && table.pointee.packing != nil
    guard
      !packs
        || table.reaches(\.constant_destroy) && table.pointee.constant_create != nil
          && table.pointee.constant_update != nil && table.pointee.constant_destroy != nil
    else {
      throw EngineError(
        .backend, "The backend '\(path)' packs constants but leaves a constant function empty; it is unfinished.")
    }
    guard !table.hasDeviceMemory else {
      throw EngineError(
        .unsupported, "The backend '\(path)' keeps tensors in device memory, which this release does not drive yet.")
    }
  }
}

extension UnsafePointer where Pointee == dcn_backend_table {
  /// Whether a member that lies at `offset` is within the table that the plugin knows.
  package func reaches(_ path: PartialKeyPath<dcn_backend_table>) -> Bool {
    guard let offset = MemoryLayout<dcn_backend_table>.offset(of: path) else { return false }
    return offset + MemoryLayout<UnsafeRawPointer>.size <= Int(pointee.struct_size)
  }

  /// Whether the plugin has any of the functions that the contract describes in outline only.
  var hasDeviceMemory: Bool {
    let functions: [PartialKeyPath<dcn_backend_table>] = [
      \.buffer_create, \.buffer_destroy, \.buffer_from_host, \.upload, \.download, \.queue_create, \.queue_destroy,
      \.synchronize,
    ]
    return functions.contains { path in
      guard reaches(path), let offset = MemoryLayout<dcn_backend_table>.offset(of: path) else { return false }
      return UnsafeRawPointer(self).load(fromByteOffset: offset, as: UnsafeRawPointer?.self) != nil
    }
  }
}
