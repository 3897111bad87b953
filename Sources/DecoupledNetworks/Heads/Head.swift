import DecoupledBase
import DecoupledCore

/// Hidden layers between the features and the class scores.
protocol Head: Sendable {
  /// The name by which descriptions choose it.
  static var tag: String { get }
  /// - Throws: one sentence naming the first setting of the description that cannot work.
  init(_ description: NetworkDescription) throws
  /// Names of the inputs for the seeds of dropout, one for each layer that drops out in training.
  var dropoutSeeds: [String] { get }
  /// Adds the layers.
  /// - Parameter seeds: int64 [1] each, as `dropoutSeeds` names them; empty to run without dropout.
  /// - Returns: what the score layer reads, [images, channels, h, w].
  func build(_ builder: inout LayerBuilder, features: TrunkFeatures, seeds: [ValueID]) throws -> ValueID
}

/// The heads there are.
enum Heads {
  static let all: [any Head.Type] = [FullyConvolutionalHead.self, PooledHead.self]

  /// - Throws: when there is no head of the description's tag, or it cannot be made as the description says.
  static func make(_ description: NetworkDescription) throws -> any Head {
    guard let found = all.first(where: { $0.tag == description.head }) else {
      throw EngineError.noSuch(part: "head", description.head, of: all.map { $0.tag }, description)
    }
    return try found.init(description)
  }
}
