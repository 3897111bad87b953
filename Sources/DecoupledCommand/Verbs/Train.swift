import ArgumentParser

/// `decoupled train`: the phases of a network, such as the two of the paper, and edges for proposals.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Train the classification network from image-level labels, then the segmentation network from few masks; edges for proposals.",
    subcommands: [TrainPhase.self, TrainEdges.self], defaultSubcommand: TrainPhase.self)
}
