/// Weights and statistics by the names that graphs give them.
public final class ParameterStore: @unchecked Sendable {
  private var tensors: [String: Tensor] = [:]

  public init() {}

  public subscript(name: String) -> Tensor? {
    get { tensors[name] }
    set { tensors[name] = newValue }
  }

  /// Sorted.
  public var names: [String] { tensors.keys.sorted() }

  /// The tensor of that name with exactly that type.
  func tensor(_ value: Value) throws -> Tensor {
    guard let tensor = tensors[value.name] else {
      throw EngineError(.notFound, "The model has no weights named '\(value.name)'; import or train them first.")
    }
    guard tensor.shape == value.type.shape, tensor.elementType == value.type.elementType else {
      throw EngineError(
        .invalidArgument,
        "The weights '\(value.name)' are \(tensor.elementType)\(tensor.shape), the network needs \(value.type).")
    }
    return tensor
  }
}
