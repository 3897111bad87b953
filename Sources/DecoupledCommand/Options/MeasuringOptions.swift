import ArgumentParser
import DecoupledVision

/// Options of the verbs that run a model over a data set.
struct MeasuringOptions: ParsableArguments {
  @Option(help: "Data set.")
  var data: String

  @OptionGroup var reading: DataOptions

  @Option(help: "Image set; val when there is one, else all images.")
  var set: String?

  @OptionGroup var prediction: PredictionOptions

  /// The image set that is meant, nil for all images.
  var chosenSet: String? { reading.chosenSet(data, set, "val") }

  func open(labelsFromMasks: Bool = false) throws -> Dataset {
    try reading.open(data, set: set, purpose: "val", labelsFromMasks: labelsFromMasks)
  }
}
