import DecoupledProposals

final class ProposerHandle: HandleObject {
  static let noun = "proposer"
  let proposals: ObjectProposals
  let detector: OwnedText

  init(_ proposals: ObjectProposals) {
    self.proposals = proposals
    detector = OwnedText(proposals.detector.name)
  }
}
