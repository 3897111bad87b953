import ArgumentParser
import DecoupledNetworks
import DecoupledVision

/// Options of the verbs that run a model over a data set.
struct MeasuringOptions: ParsableArguments {
  @Option(help: "Model to run.")
  var model: String

  @Option(help: "Data set.")
  var data: String

  @Option(help: "Image set; val when there is one, else all images.")
  var set: String?

  @Option(help: "A class is identified when its score lies above this.")
  var threshold: Float = 0.5

  /// The image set that is meant, nil for all images.
  var chosenSet: String? { ImageSet.resolve(set, standard: "val", in: data) }

  var settings: PredictionSettings {
    var settings = PredictionSettings()
    settings.threshold = threshold
    return settings
  }
}
