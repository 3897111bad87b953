/// All trees of a forest in one piece of memory each: nodes, and the patches of leaves.
struct ForestTables: Sendable {
  struct Node: BitwiseCopyable {
    var feature: Int32
    var threshold: Float
    /// The left child; 0 in leaves.
    var child: Int32
    /// The leaf; of no meaning in other nodes.
    var leaf: Int32
  }

  let nodes: Table<Node>
  /// The root of each tree.
  let roots: Table<Int32>
  /// Where the pixels of each leaf begin.
  let pixelStarts: Table<Int32>
  let pixels: Table<UInt16>
  /// `ForestLeaf.rings` numbers a leaf: the pixels in the rings up to this one.
  let ringEnds: Table<UInt16>
  /// Segments of all leaves, if they have some, one patch after the other.
  let segments: Table<UInt8>

  init(_ trees: [StructuredForest.Tree]) {
    var nodes: [Node] = []
    var roots: [Int32] = []
    var pixelStarts: [Int32] = []
    var pixels: [UInt16] = []
    var ringEnds: [UInt16] = []
    var segments: [UInt8] = []
    for tree in trees {
      let root = Int32(nodes.count)
      roots.append(root)
      var leaf = Int32(pixelStarts.count)
      for node in tree.children.indices {
        let child = tree.children[node]
        nodes.append(
          Node(
            feature: tree.features[node], threshold: tree.thresholds[node], child: child == 0 ? 0 : root + child,
            leaf: leaf))
        if child == 0 { leaf += 1 }
      }
      for leaf in tree.leaves {
        pixelStarts.append(Int32(pixels.count))
        pixels += leaf.pixels
        ringEnds += (0..<ForestLeaf.rings).map { leaf.ringEnds[min($0, leaf.ringEnds.count - 1)] }
        segments += leaf.segments
      }
    }
    self.nodes = Table(nodes)
    self.roots = Table(roots)
    self.pixelStarts = Table(pixelStarts)
    self.pixels = Table(pixels)
    self.ringEnds = Table(ringEnds)
    self.segments = Table(segments)
  }
}
