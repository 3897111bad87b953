import DecoupledCore

/// The features averaged over the image: the score layer is then linear in them, as in the classifiers that pretrained trunks come
/// from. There are no hidden layers.
struct PooledHead: Head {
  static let tag = "pooled"

  init(_ description: NetworkDescription) throws {}

  var dropoutSeeds: [String] { [] }

  func build(_ builder: inout LayerBuilder, features: TrunkFeatures, seeds: [ValueID]) throws -> ValueID {
    let window = SlidingWindow(kernel: Array(builder.graph[features.output].type.shape[2...]))
    return try builder.graph.add1(AveragePool(window), [features.output], name: "pooled")
  }
}
