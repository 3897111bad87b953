import DecoupledBase
import DecoupledCore

/// The convolutions that turn an image into features, made from a network's description.
protocol Trunk: Sendable {
  /// The names by which descriptions choose it, one for each variant.
  static var tags: [String] { get }
  /// - Throws: one sentence naming the first setting of the description that cannot work.
  init(_ description: NetworkDescription) throws
  /// Adds the layers.
  /// - Parameter image: [images, 3, S, S].
  func build(_ builder: inout LayerBuilder, image: ValueID) throws -> TrunkFeatures
}

/// What a trunk gives.
public struct TrunkFeatures: Sendable {
  /// The features at one resolution.
  public struct Tap: Sendable {
    /// Pixels of the input for each cell.
    public let stride: Int
    /// [images, C, S / stride, S / stride].
    public let value: ValueID
  }

  /// A 2x2 pool with stride 2.
  public struct Pool: Sendable {
    /// Pixels of the input for each cell in front of the pool.
    public let stride: Int
    /// Places of the maxima: int32, plane-local.
    public let switches: ValueID
    /// Channels that are pooled.
    public let channels: Int
  }

  /// The last features of each resolution, finest first.
  public let taps: [Tap]
  /// All pools that keep switches, finest first. An un-pooling decoder needs one for each halving of the resolution.
  public let pools: [Pool]
  /// What the head reads, [images, C, h, w].
  public let output: ValueID

  /// The features with that many pixels a cell.
  func tap(_ stride: Int) -> ValueID? { taps.last { $0.stride == stride }?.value }
}

/// The trunks there are.
enum Trunks {
  static let all: [any Trunk.Type] = [VGG.self, ResNet.self]

  /// - Throws: when there is no trunk of the description's tag, or it cannot be made as the description says.
  static func make(_ description: NetworkDescription) throws -> any Trunk {
    guard let found = all.first(where: { $0.tags.contains(description.trunk) }) else {
      throw EngineError.noSuch(part: "trunk", description.trunk, of: all.flatMap { $0.tags }, description)
    }
    return try found.init(description)
  }
}
