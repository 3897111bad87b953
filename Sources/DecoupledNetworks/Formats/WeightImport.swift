import DecoupledCore
import DecoupledVision

/// Brings weights of other origins into a model: safetensors files with this project's names or torchvision's.
public struct WeightImport: Sendable {
  public let model: Model
  /// Weights that the file gave.
  public let used: [String]
  /// Tensors of the file that the network has no place for.
  public let unused: [String]
  /// Weights of the classification network that the file does not give.
  public let missing: [String]

  /// Reads weights into a network.
  /// - Parameters:
  ///   - path: a model, or any safetensors file. Names are this project's ("conv1_1.weight", also behind "weights."), or
  ///     torchvision's for a VGG-16 ("features.0.weight", "classifier.0.weight").
  ///   - preprocessing: "caffe" (BGR minus mean) or "torchvision" (RGB, normalised): how the weights' network was fed. A
  ///     model file says so itself; for other files it must be given, because names do not imply it.
  ///   - described: the preprocessing of a network description that was written for these weights; stands in for
  ///     `preprocessing`.
  /// - Throws: when a tensor has the wrong shape, nothing fits, or the preprocessing is unknown.
  public static func start(
    _ model: Model, from path: String, preprocessing: String?, described: Preprocessing? = nil
  ) throws -> WeightImport {
    let file = try SafetensorsReader(path: path)
    var description = model.description
    if file.metadata[ModelFile.key] != nil {
      description.preprocessing = try ModelFile.description(in: file).preprocessing
      if preprocessing != nil, try named(preprocessing, path) != description.preprocessing {
        throw EngineError(
          .invalidArgument,
          "'\(path)' is a model that says how its input is made, and not as '\(preprocessing ?? "")'; leave it out.")
      }
    } else if preprocessing != nil || described == nil {
      description.preprocessing = try named(preprocessing, path)
    }
    let parameters = ParameterStore()
    for name in model.parameters.names { parameters[name] = model.parameters[name] }
    let classification = try Model.classificationShapes(description)
    let shapes = Dictionary(
      uniqueKeysWithValues: try (classification + Model.segmentationShapes(description)).map { ($0.name, $0.shape) })
    let aliases = torchvisionNames(description)
    var used: [String] = []
    var unused: [String] = []
    for (foreign, tensor) in file.tensors.sorted(by: { $0.key < $1.key }) {
      let plain = foreign.hasPrefix("weights.") ? String(foreign.dropFirst("weights.".count)) : foreign
      let name = aliases[plain] ?? plain
      guard let shape = shapes[name] else {
        unused.append(foreign)
        continue
      }
      parameters[name] = try fitted(tensor, to: shape, name, foreign, path)
      used.append(name)
    }
    guard !used.isEmpty else {
      throw EngineError(
        .format,
        "No tensor of '\(path)' has a name that the network '\(description.name)' knows, such as \(classification[0].name)."
      )
    }
    return WeightImport(
      model: try Model(description, classNames: model.classNames, parameters: parameters), used: used, unused: unused,
      missing: classification.map(\.name).filter { parameters[$0] == nil })
  }

  private static func named(_ preprocessing: String?, _ path: String) throws -> Preprocessing {
    switch preprocessing {
    case "caffe": return .caffe
    case "torchvision": return .torchvision
    case let other?:
      throw EngineError(.invalidArgument, "There is no preprocessing '\(other)'; choose caffe or torchvision.")
    case nil:
      throw EngineError(
        .invalidArgument,
        "'\(path)' does not say how its network was fed; give --preprocessing caffe (BGR minus mean) or torchvision (RGB, normalised)."
      )
    }
  }

  private static func fitted(
    _ tensor: Tensor, to shape: [Int], _ name: String, _ foreign: String, _ path: String
  ) throws -> Tensor {
    guard tensor.elementType.isFloatingPoint else {
      throw EngineError(.unsupported, "'\(path)': '\(foreign)' is \(tensor.elementType); weights are real numbers.")
    }
    // A fully connected layer is a convolution whose kernel covers its whole input.
    let same = tensor.shape == shape || (tensor.shape.first == shape.first && tensor.elementCount == shape.reduce(1, *))
    guard same else {
      throw EngineError(
        .format, "'\(path)': '\(foreign)' has the shape \(tensor.shape), '\(name)' of the network has \(shape).")
    }
    return try tensor.asFloat32().reshaped(shape)
  }

  /// torchvision numbers layers by their place in a sequence that also counts activations and pools.
  private static func torchvisionNames(_ description: NetworkDescription) -> [String: String] {
    var names: [String: String] = [:]
    var position = 0
    for (stage, count) in description.stageConvolutions.enumerated() {
      for number in 1...count {
        for part in ["weight", "bias"] { names["features.\(position).\(part)"] = "conv\(stage + 1)_\(number).\(part)" }
        position += 2
      }
      position += 1
    }
    for (index, layer) in [(0, "fc6"), (3, "fc7")] {
      for part in ["weight", "bias"] { names["classifier.\(index).\(part)"] = "\(layer).\(part)" }
    }
    return names
  }
}
