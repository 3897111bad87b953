import DecoupledVision

/// The leaves that patches reach, and the sum of the edges in them.
struct ForestVotes {
  private let forest: StructuredForest
  private let features: EdgeFeatures
  private let offsets: EdgeFeatures.Offsets
  private let sharpening: Int
  /// Smoothed colours of the padded image, for sharpening.
  private let colours: FloatImage
  private let patchesAcross: Int
  private let patchesDown: Int
  /// Of the sum: the first pixel of the first patch's inner square is at (0, 0).
  let width: Int
  let height: Int

  init(_ forest: StructuredForest, _ features: EdgeFeatures, _ image: FloatImage, sharpening: Int) {
    let settings = forest.settings
    self.forest = forest
    self.features = features
    self.sharpening = sharpening
    offsets = EdgeFeatures.Offsets(width: features.width, height: features.height, settings)
    var colours = image
    if sharpening > 0 { colours.values = EdgeChannels.triangle(image, radius: 1) }
    self.colours = colours
    func patches(_ side: Int) -> Int {
      max(side * settings.shrink - settings.patchSize + settings.stride - 1, 0) / settings.stride
    }
    patchesAcross = patches(features.width)
    patchesDown = patches(features.height)
    width = patchesAcross * settings.stride + settings.innerSize
    height = patchesDown * settings.stride + settings.innerSize
  }

  /// Shape (height, width), scaled so that an edge that all trees see is about 1.
  func run() -> [Float] {
    let settings = forest.settings
    let tables = forest.tables
    let sum = Table<Float>(repeating: 0, count: width * height)
    let step = settings.stride / settings.shrink
    let side = settings.innerSize
    let evaluated = settings.treesEvaluated
    let trees = forest.trees.count
    let sharpener = LeafSharpener(colours, forest, sharpening: sharpening)
    for row in 0..<patchesDown {
      for column in 0..<patchesAcross {
        let place = row * step * features.width + column * step
        let (x, y) = (column * settings.stride, row * settings.stride)
        for t in 0..<evaluated {
          let number =
            settings.features == .authors
            ? (row + column) % 2 * evaluated + t : (row + column) % (2 * evaluated) + t
          let leaf = leaf(tables, Int(tables.roots[number % trees]), at: place)
          if sharpening > 0 {
            sharpener.add(leaf, x, y, to: sum, width: width)
          } else {
            let start = Int(tables.pixelStarts[leaf])
            for k in start..<(start &+ Int(tables.ringEnds[leaf &* ForestLeaf.rings])) {
              let pixel = Int(tables.pixels[k])
              sum[(y &+ pixel % side) &* width &+ x &+ pixel / side] += 1
            }
          }
        }
      }
    }
    let perPixel = Float(side * side) / Float(settings.stride * settings.stride)
    // Sharper edges are thinner, so that more votes meet.
    let gain: Float = [2, 1.8, 1.66][sharpening]
    let scale = gain / perPixel / Float(evaluated)
    return (0..<sum.count).map { sum[$0] * scale }
  }

  @inline(__always)
  private func leaf(_ tables: ForestTables, _ root: Int, at place: Int) -> Int {
    var node = tables.nodes[root]
    while node.child != 0 {
      let value = offsets.value(Int(node.feature), at: place, features)
      node = tables.nodes[Int(node.child) &+ (value < node.threshold ? 0 : 1)]
    }
    return Int(node.leaf)
  }
}
