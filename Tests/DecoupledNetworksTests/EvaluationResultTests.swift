import DecoupledBase
import DecoupledNetworks
import Glibc
import Testing

/// The result of an evaluation as a file.
@Suite struct EvaluationResultTests {
  private func written(_ text: String) throws -> String {
    let path = "/tmp/decoupled-result-\(getpid())-\(UInt64.random(in: 0 ... .max)).json"
    try FileAccess.write(text: text, to: path)
    return path
  }

  private let sound = """
    {"images": 3, "masks": 2, "labelled": 3, "true_labels": false, "class_names": ["dog"],
     "confusion": {"classCount": 2, "counts": [6, 2, 1, 3]}, "average_precision": [0.25],
     "segmentation": {"classes": [{"name": "background", "intersectionOverUnion": 0.5, "pixels": 8},
       {"name": "dog", "intersectionOverUnion": 0.125, "pixels": 4}], "meanIntersectionOverUnion": 0.3125,
       "meanObjectIntersectionOverUnion": 0.125, "pixelAccuracy": 0.75}}
    """

  @Test func tableOfAReadResult() throws {
    let path = try written(sound)
    defer { unlink(path) }
    let result = try EvaluationResult.read(path)
    #expect(
      result.table == [
        ["class", "IoU", "AP"], ["background", "50.00", "-"], ["dog", "12.50", "25.00"],
        ["mean with background", "31.25", "-"], ["mean of objects", "12.50", "25.00"],
        ["pixel accuracy", "75.00", "-"],
      ])
    let again = try written(try result.json())
    defer { unlink(again) }
    #expect(try EvaluationResult.read(again) == result)
  }

  @Test(arguments: [
    ("\"average_precision\": [0.25]", "\"average_precision\": [0.25, 0.5]", "do not fit"),
    ("\"images\": 3, ", "", "'images' is missing"), ("{\"images\"", "[\"images\"", "not valid JSON"),
    ("\"class_names\": [\"dog\"]", "\"class_names\": [\"dog\", \"cat\"]", "do not fit"),
  ])
  func damagedResultsAreRefused(found: String, replacement: String, sentence: String) throws {
    var text = sound
    let range = try #require(text.firstRange(of: found))
    text.replaceSubrange(range, with: replacement)
    let path = try written(text)
    defer { unlink(path) }
    let error = #expect(throws: EngineError.self) { try EvaluationResult.read(path) }
    #expect("\(String(describing: error))".contains(sentence))
    #expect("\(String(describing: error))".contains(path))
  }
}
