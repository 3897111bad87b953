import DecoupledBase
import DecoupledCore

/// The parts that networks are made of. Every parameter carries the one it belongs to.
public enum NetworkPart: String, Sendable, CaseIterable {
  /// The convolutions that turn the image into features: what pretrained weights are for.
  case trunk
  /// Hidden layers between the features and the class scores, such as fc6 and fc7.
  case head
  /// The layer whose rows are the classes.
  case score
  /// From features and saliency to class-specific activation maps.
  case bridge
  /// From coarse maps to pixels.
  case decoder
}

extension Set<NetworkPart> {
  /// What gives the class scores of an image.
  public static let classification: Self = [.trunk, .head, .score]
  /// What makes masks of them.
  public static let segmentation: Self = [.bridge, .decoder]
  public static let all = Self(NetworkPart.allCases)
}

/// A parameter that a network has, whether a model holds its values or not.
public struct NetworkParameter: Sendable {
  public let name: String
  public let shape: [Int]
  public let part: NetworkPart
  public let role: ParameterRole
  let filling: ParameterFilling
}

extension NetworkDescription {
  /// The parameters of some parts, running statistics included, in the order of the layers.
  public func parameters(_ parts: Set<NetworkPart> = .all) throws -> [NetworkParameter] {
    let graph = try Families.of(self).predictionGraph(self, images: 1, rows: 1)
    return graph.parameters.compactMap { id in
      let value = graph[id]
      guard let traits = value.traits, let part = NetworkPart(rawValue: traits.part), parts.contains(part) else {
        return nil
      }
      return NetworkParameter(
        name: value.name, shape: value.type.shape, part: part, role: traits.role, filling: traits.filling)
    }
  }
}

extension EngineError {
  /// That a description chooses a part by a tag that nothing has.
  static func noSuch(
    part: String, _ tag: String, of tags: [String], _ description: NetworkDescription
  ) -> EngineError {
    EngineError(
      .invalidArgument,
      "Network '\(description.name)': there is no \(part) '\(tag)'; there is \(tags.joined(separator: ", ")).")
  }
}
