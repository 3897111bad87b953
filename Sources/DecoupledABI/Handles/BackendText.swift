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
