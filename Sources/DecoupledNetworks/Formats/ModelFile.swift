import DecoupledBase
import DecoupledCore
import FoundationEssentials

/// A model as one safetensors file: weights, and the description, class names and format version as metadata.
public enum ModelFile {
  /// Written into every file; files of a newer version are refused.
  public static let version = 1

  private struct Card: Codable {
    var format_version: Int
    var class_names: [String]
    var network: NetworkDescription
  }

  static let key = "decoupled"

  /// Maps a model. Nothing but the header is read before the weights are used.
  public static func open(_ path: String) throws -> Model {
    let file = try SafetensorsReader(path: path)
    let card = try card(in: file.metadata, of: file.path)
    let parameters = ParameterStore()
    for (name, tensor) in file.tensors { parameters[name] = tensor }
    let model = try Model(card.network, classNames: card.class_names, parameters: parameters)
    try check(model, file)
    return model
  }

  /// The network that the weights of a model file were made for.
  static func description(in metadata: [String: String], of path: String) throws -> NetworkDescription {
    try card(in: metadata, of: path).network
  }

  private static func card(in metadata: [String: String], of path: String) throws -> Card {
    guard let text = metadata[key] else {
      throw EngineError(
        .format,
        "'\(path)' holds tensors but no network description; bring it in with 'decoupled import \(path) --description net.json'."
      )
    }
    let card: Card
    do { card = try JSONDecoder().decode(Card.self, from: Data(text.utf8)) } catch {
      throw EngineError(.format, "The network description in '\(path)' is damaged: \(JSONProblem.sentence(error))")
    }
    guard card.format_version <= version else {
      throw EngineError(
        .unsupported,
        "'\(path)' is a model of format \(card.format_version), this program reads up to \(version); update it.")
    }
    return card
  }

  /// Writes a model; either the whole file is there afterwards or nothing new.
  /// - Parameter half: store the weights of convolutions in half precision; biases and statistics stay float32.
  public static func write(_ model: Model, to path: String, half: Bool = false) throws {
    var tensors: [String: StoredTensor] = [:]
    for name in model.parameters.names { tensors[name] = model.parameters[name].map { StoredTensor(name, $0) } }
    try write(tensors, description: model.description, classNames: model.classNames, to: path, half: half)
  }

  /// As `write(_:to:half:)`, from weights that may still be in their files.
  static func write(
    _ weights: [String: StoredTensor], description: NetworkDescription, classNames: [String], to path: String,
    half: Bool
  ) throws {
    let card = Card(format_version: version, class_names: classNames, network: description)
    let parts = weights.map { name, tensor in
      // Weights that were stored in half precision stay so.
      let isHalf = tensor.shape.count == 4 && (half || tensor.elementType == .float16)
      let type = tensor.elementType.isFloatingPoint ? (isHalf ? .float16 : .float32) : tensor.elementType
      return SafetensorsWriter.Part(name: name, tensor: tensor, elementType: type)
    }
    try SafetensorsWriter.write(parts, metadata: [key: try JSONText.of(card)], to: path)
  }

  private static func check(_ model: Model, _ file: SafetensorsReader) throws {
    let known = try model.description.parameters()
    for parameter in known {
      if let tensor = file.tensors[parameter.name], tensor.shape != parameter.shape {
        throw EngineError(
          .format,
          "'\(file.path)': the weights '\(parameter.name)' have the shape \(tensor.shape), the description asks for \(parameter.shape)."
        )
      }
    }
    try model.require(.classification)
  }
}
