import DecoupledBase
import DecoupledProposals
import Foundation
import Testing

/// What is no structured forest, member by member: as trees, as safetensors, as OpenCV's YAML.
@Suite final class ForestFileTests {
  private let folder = NSTemporaryDirectory() + "forest-file-" + UUID().uuidString
  private var path: String { folder + "/forest" }

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private var settings: ForestSettings {
    var settings = ForestSettings()
    settings.treesEvaluated = 1
    return settings
  }

  private let leaves = [ForestLeaf(edgePixels: [1, 2]), ForestLeaf(edgePixels: [3])]

  @Test func treesThatAreNone() throws {
    func refusal(_ change: (inout StructuredForest.Tree, inout ForestSettings) -> Void) -> String {
      var tree = StructuredForest.Tree(
        features: [7, 0, 0], thresholds: [0.5, 0, 0], children: [1, 0, 0], leaves: leaves)
      var settings = settings
      change(&tree, &settings)
      return message { _ = try StructuredForest(settings: settings, trees: [tree]) }
    }
    #expect(refusal { _, _ in } == "")
    #expect(
      refusal { tree, _ in (tree.children, tree.leaves) = ([1, 1, 0], [leaves[0]]) }.contains("wrong child 1 at node 1")
    )
    #expect(refusal { tree, _ in tree.children[0] = 2 }.contains("wrong child 2 at node 0"))
    #expect(refusal { tree, _ in tree.features[0] = 7228 }.contains("feature 7228 of 7228"))
    #expect(refusal { tree, _ in tree.features[0] = -1 }.contains("feature -1"))
    #expect(refusal { tree, _ in tree.thresholds[0] = .nan }.contains("threshold that is no number at node 0"))
    #expect(refusal { tree, _ in tree.leaves.removeLast() }.contains("2 leaves but 1 patches"))
    #expect(refusal { tree, _ in tree.thresholds.append(0) }.contains("3 features and 4 thresholds"))
    #expect(refusal { tree, _ in tree.leaves[0] = ForestLeaf(edgePixels: [256]) }.contains("wrong patch at leaf 0"))
    #expect(refusal { _, settings in settings.treesEvaluated = 2 }.contains("cannot evaluate 2"))
  }

  /// A forest of two leaves as safetensors with a text in its header replaced.
  private func refusal(_ old: String, _ new: String, segments: Bool) throws -> String {
    let leaves = segments ? (0..<2).map { ForestLeaf(segments: [UInt8](repeating: $0, count: 256), side: 16) } : leaves
    let tree = StructuredForest.Tree(
      features: [7, 0, 0], thresholds: [0.5, 0, 0], children: [1, 0, 0], leaves: leaves)
    try ForestFile.write(try StructuredForest(settings: settings, trees: [tree]), to: path)
    let bytes = try FileAccess.read(path)
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    var header = String(decoding: bytes[8..<(8 + length)], as: UTF8.self)
    #expect(header.contains(old), "\(header)")
    header = header.replacingOccurrences(of: old, with: new)
    let size = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
    try FileAccess.write(size + Array(header.utf8) + bytes[(8 + length)...], to: path)
    return message { _ = try ForestFile.read(path) }
  }

  @Test func headersThatSayOtherThings() throws {
    #expect(try refusal("{", "{", segments: true) == "" && refusal("{", "{", segments: false) == "")
    let version = #"\"format_version\":1"#
    #expect(try refusal(version, #"\"format_version\":2"#, segments: false).contains("format 2"))
    #expect(try refusal(#"\"trees\":1"#, #"\"trees\":257"#, segments: false).contains("says that it has 257 trees"))
    #expect(try refusal(#"\"trees\":1"#, #"\"trees\":2"#, segments: false).contains("lacks 'trees.1."))
    #expect(try refusal("trees.0.children", "trees.0.childish", segments: false).contains("lacks 'trees.0.children'"))
    // Numbers of another type, as many bytes.
    #expect(try refusal("F32", "I32", segments: false).contains("'trees.0.thresholds' of the type"))
    #expect(
      try refusal(#"\"innerSize\":16"#, #"\"innerSize\":12"#, segments: true).contains("patches of 12x12"))
    #expect(
      try refusal(#"\"innerSize\":16"#, #"\"innerSize\":12"#, segments: false) == "")
  }

  private static let whole = """
    %YAML:1.0
    ---
    options:
       numberOfTrees: 1
       numberOfTreesToEvaluate: 1
    childs:
       - [ 2, 0, 0 ]
    featureIds:
       - [ 7, 0, 0 ]
    thresholds:
       - [ 5.0e-01, 0., 0. ]
    edgeBoundaries:
       - [ 0, 0, 2, 3 ]
    edgeBins:
       - [ 1, +2, 3 ]

    """

  @Test func openCVsTextsThatAreNone() throws {
    func refusal(_ old: String, _ new: String) throws -> String {
      #expect(Self.whole.contains(old))
      try FileAccess.write(text: Self.whole.replacingOccurrences(of: old, with: new), to: path)
      return message { _ = try ForestFile.read(path) }
    }
    #expect(try refusal("---", "---") == "")
    let tree = try ForestFile.read(path).trees[0]
    #expect(tree.children == [1, 0, 0] && tree.features[0] == 7 && tree.thresholds[0] == 0.5)
    #expect(tree.leaves.map { Array($0.edgePixels) } == [[1, 2], [3]])
    for (old, new, what) in [
      ("+2", "256", "leave their range"), ("+2", "-2", "leave their range"),
      ("2, 3 ]\nedgeB", "2, 4 ]\nedgeB", "leave"),
      ("0, 0, 2, 3 ]\nedgeB", "0, 2, 1, 3 ]\nedgeB", "leave"),
      ("0, 2, 3 ]\nedgeB", "0, 2, 3, 3 ]\nedgeB", "do not fit"),
      ("numberOfTrees: 1", "numberOfTrees: 1\n   numberOfTrees: 1", "twice"), ("+2", "2x", "'2x' is no whole number"),
      ("+2", "-", "'-' is no whole number"), ("+2", "2.5", "'2.5' is no whole number"),
      ("+2", "2147483648", "'2147483648' is no whole number"), ("5.0e-01", "1e99", "'1e99' is no number"),
      ("   - [ 1, +2, 3 ]\n", "", "no rows"), ("+2,", "+2", "',' is missing"), ("edgeBins", "edgeBin", "'edgeBin'"),
    ] {
      let said = try refusal(old, new)
      #expect(said.contains(what) && said.contains(path), "\(new): \(said)")
    }
    // Compressed, with another check sum.
    try FileAccess.write(text: Self.whole, to: path)
    let packed = folder + "/forest.yml.gz"
    try ForestFile.write(try ForestFile.read(path), to: packed)
    var bytes = try FileAccess.read(packed)
    bytes[bytes.count - 8] ^= 1
    try FileAccess.write(bytes, to: packed)
    #expect(message { _ = try ForestFile.read(packed) }.contains("no whole gzip file"))
    // Two trees, of which one is shorter.
    var two = Self.whole.replacingOccurrences(of: "numberOfTrees: 1", with: "numberOfTrees: 2")
    for (row, more) in [("[ 2, 0, 0 ]", "[ 0 ]"), ("[ 7, 0, 0 ]", "[ 0 ]"), ("0., 0. ]", "[ 0. ]")] {
      two = two.replacingOccurrences(of: row, with: "\(row)\n   - \(more)")
    }
    two = two.replacingOccurrences(of: "0, 0, 2, 3 ]", with: "0, 0, 2, 3, 3, 3, 3 ]")
    try FileAccess.write(text: two, to: path)
    #expect(message { _ = try ForestFile.read(path) }.contains("not the same number of nodes"))
  }
}
