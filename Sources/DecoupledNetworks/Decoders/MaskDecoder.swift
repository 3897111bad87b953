import DecoupledBase
import DecoupledCore

/// From a class-specific activation map to scores of background and foreground for each pixel.
protocol MaskDecoder: Sendable {
  /// The name by which descriptions choose it.
  static var tag: String { get }
  /// - Throws: one sentence naming the first setting of the description that cannot work.
  init(_ description: NetworkDescription) throws
  /// Adds the layers.
  /// - Parameters:
  ///   - activation: [rows, C, h, w].
  ///   - features: of the trunk, one row per image.
  ///   - rowToImage: int32 [rows], nil when row r belongs to image r.
  ///   - training: normalise by the statistics of the batch.
  func build(
    _ builder: inout LayerBuilder, activation: ValueID, features: TrunkFeatures, rowToImage: ValueID?, training: Bool
  ) throws -> DecodedScores
}

/// What a decoder gives.
struct DecodedScores {
  /// [rows, 2, S, S]: background, foreground.
  let scores: ValueID
  /// What each stage reads, coarsest first: the activation map, then what the stage before gives. Plans are cut there.
  let stageInputs: [ValueID]
}

/// The decoders there are.
enum Decoders {
  static let all: [any MaskDecoder.Type] = [Unpooling.self, Upsampling.self]

  /// - Throws: when there is no decoder of the description's tag, or it cannot be made as the description says.
  static func make(_ description: NetworkDescription) throws -> any MaskDecoder {
    guard let found = all.first(where: { $0.tag == description.decoder }) else {
      throw EngineError.noSuch(part: "decoder", description.decoder, of: all.map { $0.tag }, description)
    }
    return try found.init(description)
  }
}
