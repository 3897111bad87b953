import DecoupledBase
import Foundation
import Testing

/// The files that fuzzing starts from, and those that it found, as the fuzz target `FormatFuzzer` reads them.
@Suite struct FuzzCorpusTests {
  @Test(arguments: FormatInput.Format.allCases)
  fileprivate func everyFileIsReadOrRefusedInASentence(_ format: FormatInput.Format) throws {
    let path = NSTemporaryDirectory() + "fuzz-" + UUID().uuidString
    defer { unlink(path) }
    let input = FormatInput(format, path: path)
    let corpus =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
      + "/fuzz/corpus/\(format.rawValue)"
    for name in try FileAccess.names(in: corpus) {
      do { try FileAccess.read("\(corpus)/\(name)").withUnsafeBytes(input.read) } catch let error as EngineError {
        #expect(!error.message.isEmpty && error.status != .internal, "\(name): \(error)")
      } catch { #expect((error as? EngineError)?.message.isEmpty == false, "\(name): \(error)") }
    }
  }
}
