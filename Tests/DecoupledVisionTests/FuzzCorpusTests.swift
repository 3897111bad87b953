import DecoupledBase
import Foundation
import Testing

/// The files that fuzzing starts from, and those that it found, as the fuzz target `DatasetFuzzer` opens them.
@Suite struct FuzzCorpusTests {
  @Test(arguments: DatasetInput.Format.allCases)
  fileprivate func everyFileIsReadOrRefusedInASentence(_ format: DatasetInput.Format) throws {
    let folder = try TemporaryFolder()
    let input = try DatasetInput(format, folder: folder.path)
    let corpus =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
      + "/fuzz/corpus/\(format.rawValue)"
    var whole = 0
    for name in try FileAccess.names(in: corpus) {
      do {
        try FileAccess.read("\(corpus)/\(name)").withUnsafeBytes(input.open)
        whole += 1
      } catch { #expect((error as? EngineError)?.message.isEmpty == false, "\(name): \(error)") }
    }
    #expect(whole > 0)
  }
}
