import DecoupledBase

/// Predicted label maps in files, as the VOC test server takes them.
public enum LabelMapFolder {
  /// Compares `<folder>/<id>.png` of every item that has a mask with that mask, in one confusion matrix, as VOCevalseg does.
  /// - Parameter progress: called after each item with the number done and the total; false stops.
  /// - Throws: `EngineError` when no item has a mask, a prediction is missing, damaged, of another size or holds an id that
  ///   is no class (255 included), or when stopped.
  public static func evaluate(
    _ folder: String, against dataset: Dataset, progress: (Int, Int) -> Bool = { _, _ in true }
  ) throws -> SegmentationScores {
    let items = dataset.strongItems
    guard !items.isEmpty else { throw EngineError(.format, "No image of the set has a mask to compare with.") }
    var matrix = try ConfusionMatrix(classCount: dataset.classes.count + 1)
    for (done, item) in items.enumerated() {
      guard let truth = try item.readMask() else { continue }
      let file = FilePaths.join(folder, item.id + ".png")
      guard FileAccess.isFile(file) else {
        throw EngineError(.format, "The prediction for '\(item.id)' is missing: there is no '\(file)'.")
      }
      try matrix.accumulate(truth: truth, prediction: MaskReader.read(file), name: "'\(item.id)'")
      guard progress(done + 1, items.count) else { throw EngineError(.cancelled, "The evaluation was stopped.") }
    }
    return try SegmentationScores(matrix, classes: dataset.classes)
  }
}
