import DecoupledBase
import Foundation

/// A folder that is removed when the value goes away.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "base-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  func write(_ text: String, _ name: String) throws {
    try FileAccess.makeFolder((file(name) as NSString).deletingLastPathComponent)
    try FileAccess.write(text: text, to: file(name))
  }
}

/// The sentence of the error that `body` throws; empty when it throws none.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch { return "\(error)" }
}

/// The status of the error that `body` throws; nil when it throws none of ours.
func status(_ body: () throws -> Void) -> Status? {
  do {
    try body()
    return nil
  } catch { return (error as? EngineError)?.status }
}
