import ArgumentParser

/// `decoupled train`: the two phases of the paper.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Train the classification network from image-level labels, then the segmentation network from few masks; edges for proposals.",
    subcommands: [TrainClassification.self, TrainSegmentation.self, TrainEdges.self])
}
