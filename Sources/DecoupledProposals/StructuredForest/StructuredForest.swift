import DecoupledBase

/// A random forest whose leaves are small segmentations: it tells edges of objects from edges of texture (Dollár and Zitnick,
/// ICCV 2013).
public struct StructuredForest: Sendable, Equatable {
  /// A binary tree in tables; node 0 is the root.
  public struct Tree: Sendable, Equatable {
    /// The feature that each node asks for; of no meaning in leaves.
    public var features: [Int32] = []
    /// Patches whose feature is less go left.
    public var thresholds: [Float] = []
    /// The left child of each node, always behind it, the right child being the next node; 0 in leaves.
    public var children: [Int32] = []
    /// In the order of the nodes.
    public var leaves: [ForestLeaf] = []

    public init(features: [Int32] = [], thresholds: [Float] = [], children: [Int32] = [], leaves: [ForestLeaf] = []) {
      self.features = features
      self.thresholds = thresholds
      self.children = children
      self.leaves = leaves
    }
  }

  public let settings: ForestSettings
  public let trees: [Tree]
  /// Whether leaves know their segments, which sharpening needs.
  public let canSharpen: Bool
  /// The same for the inner loop of the detector.
  let tables: ForestTables

  public static func == (a: StructuredForest, b: StructuredForest) -> Bool {
    a.settings == b.settings && a.trees == b.trees
  }

  /// Checks everything, so that detection may trust the tables.
  /// - Throws: `EngineError` naming the tree and node that are wrong.
  public init(settings: ForestSettings, trees: [Tree]) throws {
    try settings.check()
    guard (1...256).contains(trees.count) else {
      throw EngineError(.invalidArgument, "A structured forest needs 1 to 256 trees, not \(trees.count).")
    }
    guard settings.treesEvaluated <= trees.count else {
      throw EngineError(
        .invalidArgument, "A forest of \(trees.count) trees cannot evaluate \(settings.treesEvaluated) of them.")
    }
    self.settings = settings
    for (number, tree) in trees.enumerated() { try Self.check(tree, number: number, settings) }
    self.trees = trees
    tables = ForestTables(trees)
    canSharpen = trees.allSatisfy { $0.leaves.allSatisfy { !$0.segments.isEmpty } }
  }

  private static func check(_ tree: Tree, number: Int, _ settings: ForestSettings) throws {
    func wrong(_ what: String) -> EngineError {
      EngineError(.invalidArgument, "Tree \(number) of the structured forest \(what).")
    }
    let count = tree.children.count
    guard count >= 1, tree.features.count == count, tree.thresholds.count == count else {
      throw wrong("has \(count) children, \(tree.features.count) features and \(tree.thresholds.count) thresholds")
    }
    var leaves = 0
    for node in 0..<count {
      let child = Int(tree.children[node])
      if child == 0 {
        leaves += 1
        continue
      }
      guard child > node, child < count - 1 else { throw wrong("has a wrong child \(child) at node \(node)") }
      guard (0..<settings.featureCount).contains(Int(tree.features[node])) else {
        throw wrong("asks for feature \(tree.features[node]) of \(settings.featureCount) at node \(node)")
      }
      guard tree.thresholds[node].isFinite else { throw wrong("has a threshold that is no number at node \(node)") }
    }
    guard tree.leaves.count == leaves else { throw wrong("has \(leaves) leaves but \(tree.leaves.count) patches") }
    let area = settings.innerSize * settings.innerSize
    for (index, leaf) in tree.leaves.enumerated() {
      guard leaf.segments.isEmpty || leaf.segments.count == area, leaf.ringEnds.last.map(Int.init) == leaf.pixels.count,
        leaf.ringEnds.count == ForestLeaf.rings || leaf.segments.isEmpty,
        zip(leaf.ringEnds, leaf.ringEnds.dropFirst()).allSatisfy({ $0 <= $1 }),
        leaf.pixels.allSatisfy({ Int($0) < area })
      else { throw wrong("has a wrong patch at leaf \(index)") }
    }
  }
}
