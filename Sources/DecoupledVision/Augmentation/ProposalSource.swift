/// Makes what finds windows of photos. Who puts a program together chooses one; a training knows no more of object proposals.
public protocol ProposalSource: Sendable {
  /// - Parameters:
  ///   - count: windows of a photo at most, the best.
  ///   - overlap: windows that overlap a better one by more than this (IoU) are left out.
  ///   - forest: file of a forest trained on masks that finds the edges; nil for plain gradients.
  /// - Throws: when a number is out of its range or the forest cannot be read.
  func proposer(count: Int, overlap: Double, forest: String?) throws -> any WindowProposer
}
