public import CDecoupled
import DecoupledBase
import DecoupledCore

/// The element at `index`.
/// - Throws: when there is none.
func element<Element>(_ array: [Element], _ index: Int32, _ name: String) throws -> Element {
  guard index >= 0, Int(index) < array.count else {
    throw EngineError(.invalidArgument, "There is no \(name) number \(index); there are \(array.count).")
  }
  return array[Int(index)]
}

@c @implementation public func dcn_backends_find(_ backends: UnsafeMutablePointer<OpaquePointer?>) -> Int32 {
  guarded {
    try clear(backends, "backends")
    backends.pointee = try Handles.issue(BackendsHandle())
  }
}

@c @implementation public func dcn_backends_count(_ backends: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(try Handles.find(backends, BackendsHandle.self).backends.count) }
}

@c @implementation public func dcn_backends_info(
  _ backends: OpaquePointer, _ index: Int32, _ info: UnsafeMutablePointer<dcn_backend_info>
) -> Int32 {
  guarded { try element(try Handles.find(backends, BackendsHandle.self).backends, index, "backend").write(info) }
}

@c @implementation public func dcn_backends_failure_count(_ backends: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(try Handles.find(backends, BackendsHandle.self).failures.count) }
}

@c @implementation public func dcn_backends_failure_path(
  _ backends: OpaquePointer, _ index: Int32
) -> UnsafePointer<CChar>? {
  reading(or: nil) {
    try element(try Handles.find(backends, BackendsHandle.self).failures, index, "failure").path.pointer
  }
}

@c @implementation public func dcn_backends_failure_message(
  _ backends: OpaquePointer, _ index: Int32
) -> UnsafePointer<CChar>? {
  reading(or: nil) {
    try element(try Handles.find(backends, BackendsHandle.self).failures, index, "failure").message.pointer
  }
}

@c @implementation public func dcn_backends_free(_ backends: OpaquePointer?) {
  Handles.free(backends, BackendsHandle.self)
}
