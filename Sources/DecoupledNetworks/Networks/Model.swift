import DecoupledBase
import DecoupledCore
import DecoupledVision

/// A network with its weights, its class names and how its input is made. May be shared by threads while nobody trains it.
public final class Model: @unchecked Sendable {
  public let description: NetworkDescription
  /// Object classes in the order of the scores; background is not among them.
  public let classNames: [String]
  public let parameters: ParameterStore

  /// - Throws: when the description cannot work or the names do not fit it.
  public init(_ description: NetworkDescription, classNames: [String], parameters: ParameterStore) throws {
    try description.validate()
    guard classNames.count == description.classes else {
      throw EngineError(
        .invalidArgument,
        "The network has \(description.classes) classes but \(classNames.count) class names are given.")
    }
    // Names go into files and lists, so what a data set refuses a model refuses too.
    _ = try ClassList(classNames, from: "The model")
    self.description = description
    self.classNames = classNames
    self.parameters = parameters
  }

  /// Names and shapes of the weights of the classification network.
  public static func classificationShapes(_ description: NetworkDescription) throws -> [(name: String, shape: [Int])] {
    let graph = try TrainingGraph.classification(description, batch: 1, dropout: false)
    return graph.graph.parameters.map { (graph.graph[$0].name, graph.graph[$0].type.shape) }
  }

  /// Names and shapes of the weights of bridging layers and segmentation network, running statistics included.
  public static func segmentationShapes(_ description: NetworkDescription) throws -> [(name: String, shape: [Int])] {
    let graph = try PredictionGraph(description, images: 1, rows: 1, seeds: 1).graph
    let classification = Set(try classificationShapes(description).map(\.name))
    return graph.parameters.map { (graph[$0].name, graph[$0].type.shape) }.filter { !classification.contains($0.0) }
  }

  /// Whether all weights of the bridging layers and the segmentation network are there.
  public var hasSegmentation: Bool {
    (try? Self.segmentationShapes(description).allSatisfy { parameters[$0.name] != nil }) ?? false
  }

  /// - Throws: `notFound` naming the first weights that are missing.
  public func requireClassification() throws {
    for (name, _) in try Self.classificationShapes(description) where parameters[name] == nil {
      throw EngineError(
        .notFound, "The model has no weights '\(name)'; train or import its classification network first.")
    }
  }

  /// - Throws: `state` with what to do when phase 2 has not been trained.
  public func requireSegmentation() throws {
    try requireClassification()
    for (name, _) in try Self.segmentationShapes(description) where parameters[name] == nil {
      throw EngineError(
        .state, "The model has no segmentation network ('\(name)' is missing); run 'train segmentation' on it first.")
    }
  }

  /// Index of a class by name.
  /// - Throws: `notFound` with the names there are.
  public func classIndex(_ name: String) throws -> Int {
    if let index = classNames.firstIndex(of: name) { return index }
    throw EngineError(.notFound, "There is no class '\(name)'; the model knows \(classNames.joined(separator: ", ")).")
  }
}
