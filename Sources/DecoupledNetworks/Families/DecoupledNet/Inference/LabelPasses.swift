/// Which label passes a batch of images needs: seeds that are back-propagated, and rows that are segmented.
///
/// Steps 3 to 5 of the released procedure, and what can be saved of them: with one identified class the all-classes pass
/// equals that class's pass; with none, everything is background; and pool5-bp of all classes is the sum of theirs.
struct LabelPasses {
  struct Seed {
    let image: Int
    let classIndex: Int
    /// What is back-propagated for the class.
    let value: Float
  }

  struct Row {
    let image: Int
    /// Seeds whose saliencies are added up.
    let seeds: [Int]
    /// The class whose foreground the row gives, nil for a pass of all classes.
    let classIndex: Int?
    /// Whether the row gives the image's background.
    let isAllClasses: Bool
  }

  private(set) var seeds: [Seed] = []
  private(set) var rows: [Row] = []

  /// - Parameters:
  ///   - identified: classes of each image, ascending.
  ///   - value: what is back-propagated for a class of an image.
  ///   - plain: give the all-classes pass a row of its own always.
  init(identified: [[Int]], plain: Bool, value: (_ image: Int, _ classIndex: Int) -> Float) {
    for (image, classes) in identified.enumerated() where !classes.isEmpty {
      let first = seeds.count
      seeds += classes.map { Seed(image: image, classIndex: $0, value: value(image, $0)) }
      let own = Array(first..<seeds.count)
      let sharesPass = own.count == 1 && !plain
      if !sharesPass { rows.append(Row(image: image, seeds: own, classIndex: nil, isAllClasses: true)) }
      rows += zip(own, classes).map {
        Row(image: image, seeds: [$0], classIndex: $1, isAllClasses: sharesPass)
      }
    }
  }
}
