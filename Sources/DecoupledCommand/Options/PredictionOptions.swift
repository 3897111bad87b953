import ArgumentParser
import DecoupledNetworks
import DecoupledVision

/// Options of every verb that predicts.
struct PredictionOptions: ParsableArguments {
  @Option(help: "A class is identified when its score lies above this.")
  var threshold: Float = 0.5

  @Option(
    name: .customLong("refine"),
    help: ArgumentHelp(
      "Refines the scores before labels are taken; may be repeated, in this order. \(Refinements.help)",
      valueName: "name[:setting=number,...]"))
  var refinements: [String] = []

  func validate() throws {
    try Self.check(threshold)
    do { _ = try refinements.map(Refinements.parse) } catch { throw ValidationError("--refine: \(error)") }
  }

  /// - Throws: when a threshold is no score.
  static func check(_ threshold: Float) throws {
    guard (0...1).contains(threshold) else {
      throw ValidationError("--threshold is compared with scores from 0 to 1, not \(threshold).")
    }
  }

  func settings() throws -> PredictionSettings {
    var settings = PredictionSettings()
    settings.threshold = threshold
    settings.refinements = try refinements.map(Refinements.parse)
    return settings
  }
}
