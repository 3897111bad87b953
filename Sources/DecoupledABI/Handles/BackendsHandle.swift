import DecoupledCore

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
