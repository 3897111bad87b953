import DecoupledBase

/// Combinatorial cropping (paper, section 5): from each strongly annotated image, windows for every combination of its
/// classes.
///
/// For an image whose mask has the classes L, every non-empty subset P of L becomes a binary segmentation task: 1 where
/// the label is in P, 0 elsewhere. Each task is shown in `windowsPerSubset` windows that enclose the pixels of P. A
/// data set then has Ns + Np * sum(2^|L| - 1) samples, Ns being the images once as a whole with all of their classes.
/// The paper takes the windows from object proposals and random sampling: `ProposalWindowSource`; random sampling alone is
/// `RandomWindowSource`.
public struct CombinatorialCropping: Sendable {
  /// Np in the paper: 200.
  public let windowsPerSubset: Int
  /// Largest number of subsets of one image; those with few classes, and that of all classes, are kept.
  public let maximumSubsets: Int
  public let source: any WindowSource

  /// - Throws: `EngineError` when a number is below 1.
  public init(
    windowsPerSubset: Int = 200, maximumSubsets: Int = 255, source: any WindowSource = RandomWindowSource.enclosing
  ) throws {
    guard windowsPerSubset >= 1, maximumSubsets >= 1 else {
      throw EngineError(
        .format,
        "Combinatorial cropping needs at least 1 window and 1 subset, not \(windowsPerSubset) and \(maximumSubsets).")
    }
    self.windowsPerSubset = windowsPerSubset
    self.maximumSubsets = maximumSubsets
    self.source = source
  }

  /// One training sample: a window and the classes that are foreground in it.
  public struct Crop: Sendable, Hashable {
    public let window: Window
    /// Class ids, ascending.
    public let subset: [UInt8]

    public init(window: Window, subset: [UInt8]) {
      self.window = window
      self.subset = subset
    }
  }

  /// All non-empty subsets, small ones first, each ascending.
  /// - Parameter warn: is told, in a sentence, when there are more than `maximumSubsets`.
  public func subsets(of labels: [UInt8], warn: (String) -> Void = { _ in }) -> [[UInt8]] {
    let labels = labels.sorted()
    guard !labels.isEmpty else { return [] }
    var subsets: [[UInt8]] = []
    var isComplete = true
    for size in 1...labels.count {
      isComplete = Self.combinations(of: labels, size: size, limit: maximumSubsets, into: &subsets) && isComplete
      if !isComplete { break }
    }
    if !isComplete {
      subsets[subsets.count - 1] = labels
      warn(
        "An image with \(labels.count) classes has 2^\(labels.count) - 1 subsets; \(maximumSubsets) of them are used.")
    }
    return subsets
  }

  /// Appends the combinations of one size in lexicographic order until there are `limit`; false when some did not fit.
  private static func combinations(
    of labels: [UInt8], size: Int, limit: Int, into subsets: inout [[UInt8]]
  ) -> Bool {
    var chosen = Array(0..<size)
    while true {
      guard subsets.count < limit else { return false }
      subsets.append(chosen.map { labels[$0] })
      guard let place = chosen.indices.last(where: { chosen[$0] < labels.count - size + $0 }) else { return true }
      chosen[place] += 1
      for later in (place + 1)..<max(size, place + 1) { chosen[later] = chosen[later - 1] + 1 }
    }
  }

  /// `count` windows that enclose the pixels of a subset; empty when the map has none of its pixels.
  /// - Parameter proposals: object proposals of the image, the best first.
  public func windows(
    for subset: [UInt8], in map: LabelMap, proposals: [Window] = [], count: Int, random: inout CounterRandom
  ) -> [Window] {
    source.windows(for: Foreground(map, subset: subset), proposals: proposals, count: count, random: &random)
  }

  /// One of the `windowsPerSubset` windows of a subset, drawn at random; nil when the map has none of its pixels.
  public func window(
    for subset: [UInt8], in map: LabelMap, proposals: [Window] = [], random: inout CounterRandom
  ) -> Window? {
    source.window(
      for: Foreground(map, subset: subset), proposals: proposals, of: windowsPerSubset, random: &random)
  }

  /// All samples of one image: the whole image with all classes, then `windowsPerSubset` windows for every subset.
  /// An image without objects gives none.
  public func crops(
    of map: LabelMap, proposals: [Window] = [], random: inout CounterRandom, warn: (String) -> Void = { _ in }
  ) -> [Crop] {
    let labels = map.objectLabels()
    guard !labels.isEmpty else { return [] }
    var crops = [Crop(window: Window(width: map.width, height: map.height), subset: labels)]
    for subset in subsets(of: labels, warn: warn) {
      for window in windows(
        for: subset, in: map, proposals: proposals, count: windowsPerSubset, random: &random)
      {
        crops.append(Crop(window: window, subset: subset))
      }
    }
    return crops
  }

  /// The binary task of a subset, one value a pixel: 1 where the label is in `subset`, 255 where it is void, else 0.
  public static func binaryLabels(_ map: LabelMap, subset: [UInt8]) -> [UInt8] {
    var table = [UInt8](repeating: 0, count: 256)
    for label in subset where label != 0 { table[Int(label)] = 1 }
    table[Int(LabelMap.void)] = LabelMap.void
    let count = map.labels.count
    return [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      map.labels.withUnsafeBufferPointer { source in
        table.withUnsafeBufferPointer { table in
          for i in 0..<count { target[i] = table[Int(source[i])] }
        }
      }
      initialized = count
    }
  }
}
