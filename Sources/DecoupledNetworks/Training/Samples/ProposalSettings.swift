import DecoupledBase
import DecoupledVision

/// Which object proposals combinatorial cropping uses.
public struct ProposalSettings: SettingGroup {
  public var share = 0.5
  public var count = 1000
  public var growth = 0.0
  public var beta = 0.75
  public var edges: String?

  public static let groupName = "the proposals"
  public static let settings: [Setting<Self>] = [
    .number(
      "share", \.share, .between(0, 1),
      "Largest share of the windows that come from proposals; the paper does not give it."),
    .number("count", \.count, .between(1, 10_000), "Proposals of an image that are looked at, the best first."),
    .number(
      "growth", \.growth, .between(0, 1),
      "A proposal grows by this share of its size on every side before it must enclose the foreground."),
    .number(
      "beta", \.beta, .above(0, upTo: 1),
      "Proposals that overlap a better one by more than this (IoU) are left out; more gives more of them around each object."
    ),
    .value(
      "edges", \.edges, "the path of a file",
      "A forest trained on masks (decoupled train edges) that finds the edges; left out, plain gradients."),
  ]

  public init() {}

  /// - Throws: when the forest cannot be read, or there is no source.
  public func proposer(from source: (any ProposalSource)?) throws -> any WindowProposer {
    guard let source else {
      throw EngineError(.unsupported, "Nothing finds object proposals here; leave the setting 'proposals' out.")
    }
    return try source.proposer(count: count, overlap: beta, forest: edges)
  }
}
