import DecoupledBase
import FoundationEssentials

/// Structured forests as files: safetensors of this project, and OpenCV's YAML (`OpenCVForestFile`).
///
/// The safetensors file has for each tree `trees.N.features` (int32), `trees.N.thresholds` (float32) and `trees.N.children`
/// (int32: the left child, the right one being the next node; 0 in leaves), one value a node, and for its leaves either
/// `trees.N.segments` (uint8 [leaves, columns, rows]) or, without segments, `trees.N.edge_ends` and `trees.N.edge_pixels`
/// (int32). Settings are JSON in the metadata under `decoupled_forest`.
public enum ForestFile {
  /// Written into every file; files of a newer version are refused.
  public static let version = 1
  static let key = "decoupled_forest"

  /// The trees of a file, which may be fewer than the forest is to have.
  struct Contents {
    var settings: ForestSettings
    /// What the training was, as JSON; nil when that is unknown.
    var training: String?
    var trees: [StructuredForest.Tree]
  }

  private struct Card: Codable {
    var format_version: Int
    var settings: ForestSettings
    var training: String?
    var trees: Int
  }

  /// Reads a forest of either format.
  /// - Throws: `EngineError`: `notFound`, `io`, `format` or `unsupported`, naming the file and what is wrong in it.
  public static func read(_ path: String) throws -> StructuredForest {
    guard FileAccess.isFile(path) else { throw EngineError(.notFound, "There is no file '\(path)'.") }
    do {
      if try OpenCVForestFile.fits(path) { return try OpenCVForestFile.read(path) }
      let contents = try contents(of: path)
      return try StructuredForest(settings: contents.settings, trees: contents.trees)
    } catch let error as EngineError where error.status == .invalidArgument {
      throw EngineError(.format, "'\(path)' holds no usable structured forest: \(error.message)")
    }
  }

  /// Writes a forest: OpenCV's YAML where the name ends in .yml, .yaml or .gz, else safetensors.
  public static func write(_ forest: StructuredForest, to path: String) throws {
    if ["yml", "yaml", "gz"].contains(FilePaths.fileExtension(of: path)) {
      return try OpenCVForestFile.write(forest, to: path)
    }
    try write(Contents(settings: forest.settings, trees: forest.trees), to: path)
  }

  static func write(_ contents: Contents, to path: String) throws {
    var parts: [SafetensorsFile.Part] = []
    let side = contents.settings.innerSize
    for (number, tree) in contents.trees.enumerated() {
      let name = "trees.\(number)."
      let nodes = [tree.children.count]
      parts.append(.init(name + "features", shape: nodes, tree.features))
      parts.append(.init(name + "thresholds", shape: nodes, tree.thresholds))
      parts.append(.init(name + "children", shape: nodes, tree.children))
      if tree.leaves.allSatisfy({ !$0.segments.isEmpty }) {
        let shape = [tree.leaves.count, side, side]
        parts.append(.init(name + "segments", shape: shape, tree.leaves.flatMap(\.segments)))
      } else {
        var end: Int32 = 0
        let ends = tree.leaves.map { leaf -> Int32 in
          end += Int32(leaf.edgePixels.count)
          return end
        }
        let pixels = tree.leaves.flatMap { $0.edgePixels.map { Int32($0) } }
        parts.append(.init(name + "edge_ends", shape: [ends.count], ends))
        parts.append(.init(name + "edge_pixels", shape: [pixels.count], pixels))
      }
    }
    let card = Card(
      format_version: version, settings: contents.settings, training: contents.training, trees: contents.trees.count)
    try SafetensorsFile.write(parts, metadata: [key: try JSONText.of(card)], to: path)
  }

  static func contents(of path: String) throws -> Contents {
    let file = try SafetensorsFile(path: path)
    guard let text = file.metadata[key] else {
      throw EngineError(.format, "'\(path)' is a safetensors file but holds no structured forest.")
    }
    let card: Card
    do { card = try JSONDecoder().decode(Card.self, from: Data(text.utf8)) } catch {
      throw EngineError(
        .format, "The description of the forest in '\(path)' is damaged: \(JSONProblem.sentence(error))")
    }
    guard card.format_version <= version else {
      throw EngineError(
        .unsupported,
        "'\(path)' is a forest of format \(card.format_version), this program reads up to \(version); update it.")
    }
    guard (0...256).contains(card.trees) else {
      throw EngineError(.format, "'\(path)' says that it has \(card.trees) trees; 1 to 256 are read.")
    }
    try card.settings.check()
    let trees = try (0..<card.trees).map { try tree($0, in: file, side: card.settings.innerSize) }
    return Contents(settings: card.settings, training: card.training, trees: trees)
  }

  private static func tree(_ tree: Int, in file: SafetensorsFile, side: Int) throws -> StructuredForest.Tree {
    func values<Number: SafetensorsNumber>(_ name: String, _ number: Number.Type) throws -> [Number] {
      guard let values = file.values("trees.\(tree).\(name)", as: number) else {
        throw EngineError(
          .format, "'\(file.path)' lacks 'trees.\(tree).\(name)' of the type \(Number.safetensorsType).")
      }
      return values
    }
    let leaves: [ForestLeaf]
    if file.entries["trees.\(tree).segments"] != nil {
      let segments = try values("segments", UInt8.self)
      let area = side * side
      guard segments.count % area == 0 else {
        throw EngineError(
          .format, "'\(file.path)': 'trees.\(tree).segments' is not made of patches of \(side)x\(side).")
      }
      leaves = stride(from: 0, to: segments.count, by: area).map { start in
        ForestLeaf(segments: Array(segments[start..<(start + area)]), side: side)
      }
    } else {
      let (ends, pixels) = (try values("edge_ends", Int32.self), try values("edge_pixels", Int32.self))
      var start = 0
      leaves = try ends.map { end in
        guard end >= start, end <= pixels.count,
          pixels[start..<Int(end)].allSatisfy({ (0..<Int32(side * side)).contains($0) })
        else {
          throw EngineError(.format, "'\(file.path)': tree \(tree) has leaves whose edge pixels make no sense.")
        }
        defer { start = Int(end) }
        return ForestLeaf(edgePixels: pixels[start..<Int(end)].map { UInt16($0) })
      }
    }
    return StructuredForest.Tree(
      features: try values("features", Int32.self), thresholds: try values("thresholds", Float.self),
      children: try values("children", Int32.self), leaves: leaves)
  }
}
