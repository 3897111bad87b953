import ArgumentParser
import DecoupledProposals

/// The edge detector and the parameters of Edge Boxes.
struct EdgeBoxesOptions: ParsableArguments {
  @Option(
    help: "Structured forest (from 'decoupled train edges', or OpenCV's model.yml.gz); plain gradients when left out.")
  var forest: String?

  @Option(help: "Sharpening of the forest's edges, 0 to 2; 2, or 0 for a forest without segments, when left out.")
  var sharpening: Int?

  @Flag(help: "Average the forest's edges at three scales: better, about five times slower.")
  var multiscale = false

  @Option(help: .setting(\EdgeBoxesSettings.alpha)) var alpha = EdgeBoxesSettings().alpha
  @Option(help: .setting(\EdgeBoxesSettings.beta)) var beta = EdgeBoxesSettings().beta
  @Option(help: .setting(\EdgeBoxesSettings.eta)) var eta = EdgeBoxesSettings().eta
  @Option(help: .setting(\EdgeBoxesSettings.minScore)) var minScore = EdgeBoxesSettings().minScore
  @Option(help: .setting(\EdgeBoxesSettings.maxBoxes)) var maxBoxes = EdgeBoxesSettings().maxBoxes
  @Option(help: .setting(\EdgeBoxesSettings.edgeMinMag)) var edgeMinMag = EdgeBoxesSettings().edgeMinMag
  @Option(help: .setting(\EdgeBoxesSettings.edgeMergeThr)) var edgeMergeThr = EdgeBoxesSettings().edgeMergeThr
  @Option(help: .setting(\EdgeBoxesSettings.clusterMinMag)) var clusterMinMag = EdgeBoxesSettings().clusterMinMag
  @Option(help: .setting(\EdgeBoxesSettings.maxAspectRatio)) var maxAspectRatio = EdgeBoxesSettings().maxAspectRatio
  @Option(help: .setting(\EdgeBoxesSettings.minBoxArea)) var minBoxArea = EdgeBoxesSettings().minBoxArea
  @Option(help: .setting(\EdgeBoxesSettings.gamma)) var gamma = EdgeBoxesSettings().gamma
  @Option(help: .setting(\EdgeBoxesSettings.kappa)) var kappa = EdgeBoxesSettings().kappa

  func settings() throws -> EdgeBoxesSettings {
    var settings = EdgeBoxesSettings()
    (settings.alpha, settings.beta, settings.eta) = (alpha, beta, eta)
    (settings.minScore, settings.maxBoxes) = (minScore, maxBoxes)
    (settings.edgeMinMag, settings.edgeMergeThr, settings.clusterMinMag) = (edgeMinMag, edgeMergeThr, clusterMinMag)
    (settings.maxAspectRatio, settings.minBoxArea) = (maxAspectRatio, minBoxArea)
    (settings.gamma, settings.kappa) = (gamma, kappa)
    try settings.check()
    return settings
  }

  func detector() throws -> any EdgeDetector {
    try EdgeDetectors.open(forest: forest, sharpening: sharpening, multiscale: multiscale)
  }
}
