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

  @Option(help: "Overlap of neighbouring windows of the search.")
  var alpha = EdgeBoxesSettings().alpha

  @Option(help: "Boxes that overlap a better one by more than this are dropped.")
  var beta = EdgeBoxesSettings().beta

  @Option(help: "After each kept box --beta is multiplied by this.")
  var eta = EdgeBoxesSettings().eta

  @Option(help: "Least score.")
  var minScore = EdgeBoxesSettings().minScore

  @Option(help: "Most boxes of an image.")
  var maxBoxes = EdgeBoxesSettings().maxBoxes

  @Option(help: "Pixels with a weaker edge are left out.")
  var edgeMinMag = EdgeBoxesSettings().edgeMinMag

  @Option(help: "Groups grow until their changes of orientation sum up to this times pi.")
  var edgeMergeThr = EdgeBoxesSettings().edgeMergeThr

  @Option(help: "Groups with less magnitude are dissolved.")
  var clusterMinMag = EdgeBoxesSettings().clusterMinMag

  @Option(help: "Largest ratio of the sides of a box.")
  var maxAspectRatio = EdgeBoxesSettings().maxAspectRatio

  @Option(help: "Area of the smallest boxes, in pixels.")
  var minBoxArea = EdgeBoxesSettings().minBoxArea

  @Option(help: "Sensitivity of the affinity between groups.")
  var gamma = EdgeBoxesSettings().gamma

  @Option(help: "The sum of contours is divided by the size to this power.")
  var kappa = EdgeBoxesSettings().kappa

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
