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

  /// Names of the parameters of some parts that are not there.
  public func missing(_ parts: Set<NetworkPart>) throws -> [String] {
    try description.parameters(parts).map(\.name).filter { parameters[$0] == nil }
  }

  /// Whether all parameters of some parts are there.
  public func has(_ parts: Set<NetworkPart>) -> Bool { (try? missing(parts).isEmpty) ?? false }

  /// - Throws: `notFound` naming the first missing parameter of the classification network, `state` with what to do when
  ///   one of the other parts is missing.
  public func require(_ parts: Set<NetworkPart>) throws {
    if let name = try missing(parts.intersection(.classification)).first {
      throw EngineError(
        .notFound, "The model has no weights '\(name)'; train or import its classification network first.")
    }
    if let name = try missing(parts.subtracting(.classification)).first {
      let phase = try Families.of(description).phases.last?.name ?? ""
      throw EngineError(
        .state, "The model has no segmentation network ('\(name)' is missing); run 'train \(phase)' on it first.")
    }
  }

  /// Index of a class by name.
  /// - Throws: `notFound` with the names there are.
  public func classIndex(_ name: String) throws -> Int {
    if let index = classNames.firstIndex(of: name) { return index }
    throw EngineError(.notFound, "There is no class '\(name)'; the model knows \(classNames.joined(separator: ", ")).")
  }
}
