import ArgumentParser
import DecoupledNetworks
import DecoupledVision

/// Options of the verbs that run a model over a data set.
struct MeasuringOptions: ParsableArguments {
  @Option(help: "Data set.")
  var data: String

  @OptionGroup var reading: DataOptions

  @Option(help: "Image set; val when there is one, else all images.")
  var set: String?

  @Option(help: "A class is identified when its score lies above this.")
  var threshold: Float = 0.5

  func validate() throws { try Self.check(threshold) }

  /// - Throws: when a threshold is no score.
  static func check(_ threshold: Float) throws {
    guard (0...1).contains(threshold) else {
      throw ValidationError("--threshold is compared with scores from 0 to 1, not \(threshold).")
    }
  }

  /// The image set that is meant, nil for all images.
  var chosenSet: String? { reading.chosenSet(data, set, "val") }

  func open(labelsFromMasks: Bool = false) throws -> Dataset {
    try reading.open(data, set: set, purpose: "val", labelsFromMasks: labelsFromMasks)
  }

  var settings: PredictionSettings {
    var settings = PredictionSettings()
    settings.threshold = threshold
    return settings
  }
}
