import DecoupledBase
import FoundationEssentials

/// One line of a run's metrics: what was measured after an iteration.
public struct TrainingRecord: Sendable, Equatable, Codable {
  /// Finished iterations.
  public var iteration: Int
  /// Mean loss of the iteration's passes, before its step.
  public var loss: Double
  /// Exponential average of the loss; an iteration weighs 1/20.
  public var smoothedLoss: Double
  public var learningRate: Double
  /// Euclidean norm of all gradients, before clipping.
  public var gradientNorm: Double
  public var imagesPerSecond: Double
  /// The evaluation after this iteration, if there was one.
  public var evaluation: TrainingEvaluation?

  enum CodingKeys: String, CodingKey {
    case iteration, loss, evaluation
    case smoothedLoss = "smoothed_loss"
    case learningRate = "learning_rate"
    case gradientNorm = "gradient_norm"
    case imagesPerSecond = "images_per_second"
  }

  static let csvHeader =
    "iteration,loss,smoothed_loss,learning_rate,gradient_norm,images_per_second,"
    + "validation_loss,mean_average_precision,pixel_accuracy,foreground_iou,mean_iou"

  /// A row under `csvHeader`; what was not measured is empty.
  var csvRow: String {
    let measured: [Double?] = [
      loss, smoothedLoss, learningRate, gradientNorm, imagesPerSecond, evaluation?.loss,
      evaluation?.meanAveragePrecision, evaluation?.pixelAccuracy, evaluation?.foregroundIntersectionOverUnion,
      evaluation?.meanIntersectionOverUnion,
    ]
    return "\(iteration)," + measured.map { $0.map { "\($0)" } ?? "" }.joined(separator: ",")
  }

  /// One line of JSON.
  func json() throws -> String {
    try JSONText.of(self)
  }

  /// - Returns: nil when the line is not a whole record.
  init?(json: String) {
    guard let record = try? JSONDecoder().decode(TrainingRecord.self, from: Data(json.utf8)) else { return nil }
    self = record
  }

  init(
    iteration: Int, loss: Double, smoothedLoss: Double, learningRate: Double, gradientNorm: Double,
    imagesPerSecond: Double, evaluation: TrainingEvaluation?
  ) {
    self.iteration = iteration
    self.loss = loss
    self.smoothedLoss = smoothedLoss
    self.learningRate = learningRate
    self.gradientNorm = gradientNorm
    self.imagesPerSecond = imagesPerSecond
    self.evaluation = evaluation
  }
}
