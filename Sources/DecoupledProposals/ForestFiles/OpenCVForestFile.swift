import DecoupledBase

/// The forests of OpenCV's `createStructuredEdgeDetection`: `model.yml`, plain or compressed by gzip.
///
/// They hold no segments, so their edges cannot be sharpened, and were trained on OpenCV's features.
enum OpenCVForestFile {
  /// Whether a file begins as one, or as any gzip file.
  static func fits(_ path: String) throws -> Bool {
    let start = try FileAccess.start(of: path, count: 5)
    return Gzip.fits(start) || start.elementsEqual("%YAML".utf8)
  }

  /// Options by OpenCV's name. Those that are missing keep the defaults, which are those of its own model.
  private static let options: [String: WritableKeyPath<ForestSettings, Int>] = [
    "numberOfTreesToEvaluate": \.treesEvaluated, "selfsimilarityGridSize": \.cells, "stride": \.stride,
    "shrinkNumber": \.shrink, "patchSize": \.patchSize, "patchInnerSize": \.innerSize,
    "numberOfGradientOrientations": \.orientations, "gradientSmoothingRadius": \.gradientSmoothing,
    "regFeatureSmoothingRadius": \.channelSmoothing, "ssFeatureSmoothingRadius": \.similaritySmoothing,
    "gradientNormalizationRadius": \.normalisation,
  ]
  private static let treeCount = "numberOfTrees"

  static func read(_ path: String) throws -> StructuredForest {
    var bytes = try FileAccess.read(path)
    if Gzip.fits(bytes) { bytes = try Gzip.inflate(bytes, name: path) }
    return try bytes.withUnsafeBufferPointer { try read(OpenCVYAML($0, name: path)) }
  }

  private static func read(_ file: OpenCVYAML) throws -> StructuredForest {
    var yaml = file
    var settings = ForestSettings()
    settings.features = .opencv
    var trees = 0
    var whole: [String: [[Int32]]] = [:]
    var thresholds: [[Float]]?
    try yaml.begin()
    while let key = try yaml.nextKey() {
      switch key {
      case "options":
        for (name, value) in try yaml.options() {
          if name == treeCount { trees = value } else if let place = options[name] { settings[keyPath: place] = value }
        }
      case "thresholds": thresholds = try yaml.rows { try $0.real() }
      case "childs", "featureIds", "edgeBoundaries", "edgeBins": whole[key] = try yaml.rows { try $0.whole() }
      default: throw yaml.wrong("the entry '\(key)' belongs to no structured forest")
      }
    }
    func rows(_ name: String) throws -> [[Int32]] {
      guard let rows = whole[name] else { throw yaml.wrong("there is no entry '\(name)'") }
      return rows
    }
    guard let thresholds else { throw yaml.wrong("there is no entry 'thresholds'") }
    let (children, features) = (try rows("childs"), try rows("featureIds"))
    guard trees >= 1, children.count == trees, features.count == trees, thresholds.count == trees else {
      throw yaml.wrong(
        "it has \(trees) trees but \(children.count) rows of children, \(features.count) of features "
          + "and \(thresholds.count) of thresholds")
    }
    let boundaries = try rows("edgeBoundaries").flatMap { $0 }
    let bins = try rows("edgeBins").flatMap { $0 }
    let nodes = children[0].count
    guard children.allSatisfy({ $0.count == nodes }), boundaries.count == trees * nodes + 1 else {
      throw yaml.wrong(
        "its trees have not the same number of nodes, or \(boundaries.count) edge boundaries do not fit them")
    }
    let area = settings.innerSize * settings.innerSize
    guard bins.allSatisfy({ $0 >= 0 && $0 < area }), boundaries.allSatisfy({ $0 >= 0 && $0 <= bins.count }),
      zip(boundaries, boundaries.dropFirst()).allSatisfy({ $0 <= $1 })
    else { throw yaml.wrong("its edge boundaries or edge bins leave their range") }
    return try StructuredForest(
      settings: settings,
      trees: (0..<trees).map { number in
        let used = usedNodes(children[number])
        return StructuredForest.Tree(
          features: Array(features[number].prefix(used)), thresholds: Array(thresholds[number].prefix(used)),
          // OpenCV counts the left child from 1.
          children: children[number].prefix(used).map { $0 > 0 ? $0 - 1 : $0 },
          leaves: (0..<used).filter { children[number][$0] == 0 }.map { node in
            let at = number * nodes + node
            return ForestLeaf(edgePixels: bins[Int(boundaries[at])..<Int(boundaries[at + 1])].map { UInt16($0) })
          })
      })
  }

  /// All trees are as long as the longest; what is behind the last child is padding.
  private static func usedNodes(_ children: [Int32]) -> Int {
    var used = 1
    for (node, child) in children.enumerated() where node < used && child > 0 { used = max(used, Int(child) + 1) }
    return min(used, children.count)
  }

  static func write(_ forest: StructuredForest, to path: String) throws {
    let settings = forest.settings
    if settings.features != .opencv {
      Log.write(
        .warning,
        "The forest was trained on the authors' features; OpenCV computes others and will find weaker edges. "
          + "Train with --features opencv for it.")
    }
    var text = "%YAML:1.0\n---\noptions:\n   \(treeCount): \(forest.trees.count)\n"
    for (name, place) in options.sorted(by: { $0.key < $1.key }) { text += "   \(name): \(settings[keyPath: place])\n" }
    let nodes = forest.trees.map(\.children.count).max() ?? 0
    func padded(_ row: [String]) -> [String] { row + [String](repeating: "0", count: nodes - row.count) }
    func list(_ name: String, _ rows: [[String]]) {
      text += "\(name):\n"
      for row in rows { text += "   - [ \(row.joined(separator: ", ")) ]\n" }
    }
    list("childs", forest.trees.map { padded($0.children.map { "\($0 > 0 ? $0 + 1 : 0)" }) })
    list("featureIds", forest.trees.map { padded($0.features.map { "\($0)" }) })
    list("thresholds", forest.trees.map { padded($0.thresholds.map { "\($0)" }) })
    var bins: [String] = []
    var boundaries = ["0"]
    for tree in forest.trees {
      var leaves = tree.leaves.makeIterator()
      for node in 0..<nodes {
        if node < tree.children.count, tree.children[node] == 0, let leaf = leaves.next() {
          bins += leaf.edgePixels.map { "\($0)" }
        }
        boundaries.append("\(bins.count)")
      }
    }
    // OpenCV's readers do not like very long rows.
    func chunks(_ list: [String]) -> [[String]] {
      stride(from: 0, to: list.count, by: 1000).map { Array(list[$0..<min($0 + 1000, list.count)]) }
    }
    list("edgeBoundaries", chunks(boundaries))
    list("edgeBins", chunks(bins))
    let bytes = Array(text.utf8)
    try FileAccess.write(FilePaths.fileExtension(of: path) == "gz" ? try Gzip.deflate(bytes) : bytes, to: path)
  }
}
