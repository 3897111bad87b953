import DecoupledBase
import DecoupledVision
import Foundation

/// Reference results made by `Fixtures/make_fixtures.py` with OpenCV, Pillow and NumPy.
enum Fixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
    .path

  static func path(_ name: String) -> String { folder + "/" + name }

  static func bytes(_ name: String) throws -> [UInt8] { try FileAccess.read(path(name)) }

  struct Result: Decodable {
    var height: Int
    var width: Int
    var kernel: Resampling.Kernel?
    var values: [Double]
  }

  struct Precision: Decodable {
    var scores: [Float]
    var positive: [Int]
    var values: [Double]
  }

  struct Confusion: Decodable {
    var truth: [UInt8]
    var guess: [UInt8]
    var counts: [Int]
    var values: [Double]
    var accuracy: Double
  }

  private struct Entry<Inner: Decodable>: Decodable {
    var value: Inner

    init(from decoder: any Decoder) throws {
      let all = try decoder.container(keyedBy: Key.self)
      let key = decoder.userInfo[.entry] as? String ?? ""
      value = try all.decode(Inner.self, forKey: Key(stringValue: key))
    }
  }

  /// One entry of `expected.json`.
  static func expected<Value: Decodable>(_ key: String, as type: Value.Type = Value.self) throws -> Value {
    let decoder = JSONDecoder()
    decoder.userInfo[.entry] = key
    return try decoder.decode(Entry<Value>.self, from: Data(bytes("expected.json"))).value
  }

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

extension CodingUserInfoKey {
  fileprivate static let entry = CodingUserInfoKey(rawValue: "entry").unsafelyUnwrapped
}

/// A folder that is removed when the value goes away.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "vision-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  func write(_ text: String, _ name: String) throws {
    try FileAccess.makeFolder((file(name) as NSString).deletingLastPathComponent)
    try FileAccess.write(text: text, to: file(name))
  }
}

/// A VOC tree of four small pictures with the classes cat and dog.
func makeVOC(in folder: TemporaryFolder) throws {
  let pictures: [(String, [UInt8])] = [("a", [1]), ("b", [2]), ("c", [1, 2]), ("d", [])]
  for (id, labels) in pictures {
    try FileAccess.makeFolder(folder.file("JPEGImages"))
    try FileAccess.makeFolder(folder.file("SegmentationClass"))
    var map = LabelMap(width: 12, height: 8)
    for (i, label) in labels.enumerated() { map[2 + i, 3] = label }
    map[11, 7] = 255
    try JPEGWriter.write(RGBImage(width: 12, height: 8, fill: (90, 120, 30)), to: folder.file("JPEGImages/\(id).jpg"))
    try PNGWriter.write(map, to: folder.file("SegmentationClass/\(id).png"))
  }
  try folder.write("cat\ndog\n", "classes.txt")
  try folder.write("a 1\nb -1\nc 1\nd -1\n", "ImageSets/Main/cat_train.txt")
  try folder.write("a -1\nb 1\nc 0\nd -1\n", "ImageSets/Main/dog_train.txt")
  try folder.write("a\nb\nc\nd\n", "ImageSets/Segmentation/train.txt")
  try folder.write("b\nc\n", "ImageSets/Segmentation/strong.txt")
}

/// The sentence of the error that `body` throws; empty when it throws none.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch {
    return (error as? EngineError)?.message ?? ""
  }
}
