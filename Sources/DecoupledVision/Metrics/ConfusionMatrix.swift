import DecoupledBase

/// Pixel counts by true and predicted class over a whole set, as VOCevalseg does: one matrix for all images.
public struct ConfusionMatrix: Sendable, Equatable, Codable {
  /// L + 1: the classes with background.
  public let classCount: Int
  /// Row-major, `counts[truth * classCount + prediction]`.
  public private(set) var counts: [Int]

  /// - Parameter classCount: the classes with background, 1...255.
  /// - Throws: `EngineError` when out of range.
  public init(classCount: Int) throws {
    guard (1...255).contains(classCount) else {
      throw EngineError(.format, "A confusion matrix has 1 to 255 classes with background, not \(classCount).")
    }
    self.classCount = classCount
    counts = [Int](repeating: 0, count: classCount * classCount)
  }

  /// Adds one image. Pixels whose truth is 255 are not counted.
  /// - Parameter name: what errors call the image.
  /// - Throws: `EngineError` when the sizes differ or a label is no class (255 is no prediction); nothing is counted
  ///   then.
  public mutating func accumulate(truth: LabelMap, prediction: LabelMap, name: String = "the image") throws {
    guard truth.width == prediction.width, truth.height == prediction.height else {
      throw EngineError(
        .format,
        "The prediction for \(name) has the size \(prediction.width)x\(prediction.height), its mask "
          + "\(truth.width)x\(truth.height); they must be equal.")
    }
    // 256 x 256 counts first, so that the inner loop has no checks and an error leaves the matrix as it was.
    var pairs = [Int](repeating: 0, count: 256 * 256)
    truth.labels.withUnsafeBufferPointer { truth in
      prediction.labels.withUnsafeBufferPointer { prediction in
        pairs.withUnsafeMutableBufferPointer { pairs in
          for i in 0..<truth.count { pairs[Int(truth[i]) << 8 | Int(prediction[i])] += 1 }
        }
      }
    }
    for (pair, count) in pairs.enumerated() where count > 0 {
      let (truth, prediction) = (pair >> 8, pair & 255)
      guard prediction < classCount else {
        throw EngineError(
          .format, "The prediction for \(name) holds \(prediction); the classes are 0 to \(classCount - 1).")
      }
      guard truth < classCount || truth == 255 else {
        throw EngineError(
          .format, "The mask of \(name) holds \(truth); the classes are 0 to \(classCount - 1), and 255 for void.")
      }
    }
    for (pair, count) in pairs.enumerated() where count > 0 && pair >> 8 != 255 {
      counts[(pair >> 8) * classCount + (pair & 255)] += count
    }
  }

  /// Adds the counts of another matrix, for sets that were counted in parts.
  /// - Throws: `EngineError` when the classes differ.
  public mutating func merge(_ other: ConfusionMatrix) throws {
    guard other.classCount == classCount else {
      throw EngineError(.format, "Confusion matrices of \(classCount) and \(other.classCount) classes cannot be added.")
    }
    for i in counts.indices { counts[i] += other.counts[i] }
  }

  /// Intersection over union of each class, `n_cc / (row sum + column sum - n_cc)`; 0 for a class that occurs neither
  /// in the truth nor in the predictions, as in VOCevalseg, so that such a class lowers the mean.
  public var intersectionOverUnion: [Double] {
    (0..<classCount).map { c in
      let hit = counts[c * classCount + c]
      let union = trueCount(c) + predictedCount(c) - hit
      return union == 0 ? 0 : Double(hit) / Double(union)
    }
  }

  /// The mean over all classes with background: the number of the paper's tables.
  public var meanIntersectionOverUnion: Double {
    intersectionOverUnion.reduce(0, +) / Double(classCount)
  }

  /// The mean over the object classes only; 0 when there are none.
  public var meanObjectIntersectionOverUnion: Double {
    classCount == 1 ? 0 : intersectionOverUnion.dropFirst().reduce(0, +) / Double(classCount - 1)
  }

  /// The share of counted pixels whose prediction is right; 0 when none was counted.
  public var pixelAccuracy: Double {
    let total = counts.reduce(0, +)
    let hits = (0..<classCount).reduce(0) { $0 + counts[$1 * classCount + $1] }
    return total == 0 ? 0 : Double(hits) / Double(total)
  }

  /// Counted pixels whose truth is class `c`.
  public func trueCount(_ c: Int) -> Int { counts[(c * classCount)..<((c + 1) * classCount)].reduce(0, +) }

  /// Counted pixels that were predicted as class `c`.
  public func predictedCount(_ c: Int) -> Int { (0..<classCount).reduce(0) { $0 + counts[$1 * classCount + c] } }
}
