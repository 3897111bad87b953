import DecoupledVision
import Synchronization

final class EvaluationHandle: HandleObject {
  static let noun = "evaluation"
  let classes: ClassList
  private let matrix: Mutex<ConfusionMatrix>

  init(_ classes: ClassList) throws {
    self.classes = classes
    matrix = Mutex(try ConfusionMatrix(classCount: classes.count + 1))
  }

  func add(truth: LabelMap, prediction: LabelMap) throws {
    try matrix.withLock { try $0.accumulate(truth: truth, prediction: prediction) }
  }

  func scores() throws -> SegmentationScores { try SegmentationScores(matrix.withLock { $0 }, classes: classes) }
}
