public import CDecoupled
import DecoupledCore

/// A backend's description as C strings.
final class BackendText: Sendable {
  private let info: BackendInfo
  private let name, variant, version: OwnedText
  private let path: OwnedText?

  init(_ info: BackendInfo) {
    self.info = info
    name = OwnedText(info.name)
    variant = OwnedText(info.variant)
    version = OwnedText(info.version)
    path = info.path.map { OwnedText($0) }
  }

  func write(_ target: UnsafeMutablePointer<dcn_backend_info>) throws {
    try dcn_backend_info.write(target) { target in
      target.score = Int32(clamping: info.score)
      target.name = name.pointer
      target.variant = variant.pointer
      target.version = version.pointer
      target.path = path?.pointer
    }
  }
}

final class BackendsHandle: HandleObject {
  static let noun = "list of backends"
  let backends: [BackendText]
  let failures: [(path: OwnedText, message: OwnedText)]

  init() {
    let found = BackendSearch.available()
    backends = found.libraries.map { BackendText($0.info) }
    failures = found.failures.map { (OwnedText($0.path), OwnedText($0.error.message)) }
  }
}

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
