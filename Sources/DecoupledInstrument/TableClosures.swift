import CDecoupled
import CFFI
import DecoupledBase

/// Gets every call of a table before the backend does.
protocol CallWatcher: AnyObject {
  /// Must perform the call.
  func watch(_ call: TableCall)
}

/// One function of a table and the closure that stands in for it.
final class TableSlot {
  let signature: TableSignature
  /// Place of the signature among all.
  let number: Int
  let function: @convention(c) () -> Void
  let interface: UnsafeMutablePointer<ffi_cif>
  private let types: UnsafeMutablePointer<UnsafeMutablePointer<ffi_type>?>
  private let closure: UnsafeMutableRawPointer
  /// What the table holds in place of the function.
  let code: UnsafeMutableRawPointer
  private unowned let watcher: any CallWatcher

  /// - Throws: `EngineError` when libffi cannot make a closure, such as where memory must not become executable.
  init(_ number: Int, _ function: UnsafeRawPointer, _ watcher: any CallWatcher) throws {
    self.number = number
    signature = TableSignature.all[number]
    self.watcher = watcher
    self.function = unsafeBitCast(function, to: (@convention(c) () -> Void).self)
    let count = signature.parameters.count
    types = .allocate(capacity: max(1, count))
    types.initialize(repeating: nil, count: max(1, count))
    for (place, parameter) in signature.parameters.enumerated() { types[place] = parameter.kind.foreignType }
    interface = .allocate(capacity: 1)
    interface.initialize(to: ffi_cif())
    var code: UnsafeMutableRawPointer?
    guard
      ffi_prep_cif(interface, FFI_DEFAULT_ABI, UInt32(count), signature.result.foreignType, types) == FFI_OK,
      let closure = ffi_closure_alloc(MemoryLayout<ffi_closure>.size, &code), let code
    else {
      types.deallocate()
      interface.deallocate()
      throw Self.failure
    }
    (self.closure, self.code) = (closure, code)
    let prepared = ffi_prep_closure_loc(
      closure.assumingMemoryBound(to: ffi_closure.self), interface,
      { _, result, arguments, slot in
        let slot = Unmanaged<TableSlot>.fromOpaque(slot!).takeUnretainedValue()
        slot.watcher.watch(TableCall(slot: slot, arguments: arguments!, result: result!))
      }, Unmanaged.passUnretained(self).toOpaque(), code)
    if prepared != FFI_OK { throw Self.failure }
  }

  private static let failure = EngineError(
    .unsupported, "Calls of the backend cannot be watched here: the system gives no memory for closures.")

  deinit {
    ffi_closure_free(closure)
    types.deallocate()
    interface.deallocate()
  }
}

/// A table whose functions hand every call to a watcher, which performs it on the original.
final class TableClosures {
  let table: UnsafeMutablePointer<dcn_backend_table>
  private var slots: [TableSlot] = []
  private let watcher: any CallWatcher

  init(around original: UnsafePointer<dcn_backend_table>, _ watcher: any CallWatcher) throws {
    self.watcher = watcher
    table = .allocate(capacity: 1)
    table.initialize(to: dcn_backend_table())
    // A plugin of another release may know fewer functions: what it lacks stays NULL.
    let size = min(Int(original.pointee.struct_size), MemoryLayout<dcn_backend_table>.size)
    UnsafeMutableRawPointer(table).copyMemory(from: original, byteCount: size)
    table.pointee.struct_size = UInt32(size)
    for (number, signature) in TableSignature.all.enumerated() {
      guard signature.offset + MemoryLayout<UnsafeRawPointer>.size <= size else { continue }
      let place = UnsafeMutableRawPointer(table) + signature.offset
      guard let function = place.load(as: UnsafeRawPointer?.self) else { continue }
      let slot = try TableSlot(number, function, watcher)
      slots.append(slot)
      place.storeBytes(of: slot.code, as: UnsafeMutableRawPointer.self)
    }
  }

  deinit { table.deallocate() }
}
