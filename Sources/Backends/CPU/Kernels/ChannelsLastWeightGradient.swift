import DecoupledBackendKit

enum ChannelsLastWeightGradient {
  static func kernel(_ node: NodeReader) throws -> any SwiftKernel { throw node.refusal("not yet") }
}
