import DecoupledBase

/// How often classes occur in a data set, alone and together.
public struct DatasetStatistics: Sendable, Equatable, Codable {
  /// L names.
  public let classes: [String]
  /// Images counted: those with image-level labels or, without these, a mask.
  public let images: Int
  /// Images of each class.
  public let imagesOfClass: [Int]
  /// Usable masks with at least one pixel of each class.
  public let masksOfClass: [Int]
  /// Pixels of each class in all usable masks.
  public let pixelsOfClass: [Int]
  public let backgroundPixels: Int
  public let voidPixels: Int
  /// Images that show both of two classes, shape (L, L) in rows; on the diagonal those of one class.
  public let together: [Int]
  /// How many images show 0, 1, 2... classes.
  public let imagesByClassCount: [Int]

  /// Counts labels, and reads the masks that may be used.
  /// - Parameter progress: called after each item with the number done and the total; false stops.
  /// - Throws: `EngineError` when a mask cannot be read or holds an id that is no class, or when stopped.
  public init(_ dataset: Dataset, progress: (Int, Int) -> Bool = { _, _ in true }) throws {
    let count = dataset.classes.count
    var (images, byCount) = (0, [Int](repeating: 0, count: count + 1))
    var (ofImages, ofMasks, together) = ([Int](), [Int](), [Int]())
    ofImages = [Int](repeating: 0, count: count)
    ofMasks = ofImages
    together = [Int](repeating: 0, count: count * count)
    var pixels = [Int](repeating: 0, count: 256)
    for (done, item) in dataset.items.enumerated() {
      var shown: [Int]?
      if let mask = try item.readMask() {
        for (id, more) in mask.histogram().enumerated() { pixels[id] += more }
        let ids = mask.objectLabels().map { Int($0) - 1 }
        if let wrong = ids.first(where: { $0 >= count }) {
          throw EngineError(
            .format, "The mask '\(item.maskPath ?? "")' holds the id \(wrong + 1), but there are only \(count) classes."
          )
        }
        for c in ids { ofMasks[c] += 1 }
        shown = ids
      }
      if let labels = item.imageLabels { shown = labels.indices.filter { labels[$0] } }
      if let shown {
        images += 1
        byCount[shown.count] += 1
        for a in shown {
          ofImages[a] += 1
          for b in shown { together[a * count + b] += 1 }
        }
      }
      guard progress(done + 1, dataset.items.count) else { throw EngineError(.cancelled, "The counting was stopped.") }
    }
    classes = dataset.classes.names
    self.images = images
    (imagesOfClass, masksOfClass, self.together) = (ofImages, ofMasks, together)
    pixelsOfClass = Array(pixels[1..<(count + 1)])
    (backgroundPixels, voidPixels) = (pixels[0], pixels[Int(LabelMap.void)])
    imagesByClassCount = Array(byCount[0...(byCount.lastIndex { $0 > 0 } ?? 0)])
  }

  /// Tables to read.
  public var text: String {
    let total = Double(max(1, pixelsOfClass.reduce(backgroundPixels + voidPixels, +)))
    func share(_ pixels: Int) -> String { NumberText.fixed(100 * Double(pixels) / total, digits: 2) }
    var rows = [["class", "images", "masks", "pixels %", "often with"]]
    for c in classes.indices {
      rows.append([
        classes[c], "\(imagesOfClass[c])", "\(masksOfClass[c])", share(pixelsOfClass[c]), companions(of: c),
      ])
    }
    rows += [
      ["background", "", "", share(backgroundPixels), ""], ["void", "", "", share(voidPixels), ""],
    ]
    let counts = imagesByClassCount.enumerated().map { "\($0): \($1)" }.joined(separator: ", ")
    return TextTable.aligned(rows) + "\n\(images) images; by number of classes: \(counts)\n"
  }

  /// The two classes that occur most often with one.
  private func companions(of c: Int) -> String {
    let row = classes.indices.filter { $0 != c && together[c * classes.count + $0] > 0 }
      .sorted { (together[c * classes.count + $1], $0) < (together[c * classes.count + $0], $1) }
    return row.prefix(2).map { "\(classes[$0]) \(together[c * classes.count + $0])" }.joined(separator: ", ")
  }

  /// As one JSON object.
  public func json() throws -> String { try JSONText.of(self, pretty: true, snakeCase: true) }

  /// Bars of the images of each class and, in another colour, of the masks.
  /// - Throws: `EngineError` when there are too many classes for a picture.
  public func histogram() throws -> RGBImage {
    try BarChart(
      title: "images and masks of each class", names: classes,
      series: [("images", imagesOfClass), ("masks", masksOfClass)]
    ).draw()
  }

  /// A matrix of how often two classes occur together: the share of the row's images that show the column's class too.
  /// - Throws: `EngineError` when there are too many classes for a picture.
  public func cooccurrence() throws -> RGBImage {
    let count = classes.count
    let shares = together.indices.map { i in
      let of = imagesOfClass[i / count]
      return of == 0 ? 0 : Double(together[i]) / Double(of)
    }
    return try MatrixPlot(
      title: "images with the class of the row that show that of the column too", names: classes, values: shares,
      counts: together
    ).draw()
  }
}
