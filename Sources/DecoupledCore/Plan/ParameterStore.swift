import CDecoupled
import DecoupledBase
import Synchronization

/// Weights and statistics by the names that graphs give them.
public final class ParameterStore: @unchecked Sendable {
  private var tensors: [String: Tensor] = [:]
  private var versions: [String: Int] = [:]
  /// Goes up with each change of any parameter.
  private(set) var changes = 0
  /// Parameters whose memory was written to since it was put here.
  private var overwritten = Set<String>()
  private let packed = PackedParameters()
  /// Float32 copies of weights that are stored in half precision, made when they are first computed with.
  private let widened = Mutex<[String: Tensor]>([:])

  public init() {}

  public subscript(name: String) -> Tensor? {
    get { tensors[name] }
    set {
      tensors[name] = newValue
      widened.withLock { $0[name] = nil }
      versions[name, default: 0] += 1
      changes += 1
      overwritten.remove(name)
    }
  }

  /// Sorted.
  public var names: [String] { tensors.keys.sorted() }

  /// To be called by whoever overwrites the contents of a tensor: backends keep transformed copies. Not while a run reads
  /// the parameter.
  public func noteChange(of name: String) {
    versions[name, default: 0] += 1
    changes += 1
    overwritten.insert(name)
  }

  /// The tensor of that name with exactly that type; weights stored in half precision are widened.
  func tensor(_ value: Value) throws -> Tensor {
    guard var tensor = tensors[value.name] else {
      throw EngineError(.notFound, "The model has no weights named '\(value.name)'; import or train them first.")
    }
    if tensor.elementType == .float16, value.type.elementType == .float32 {
      tensor = try widened.withLock { copies in
        if let copy = copies[value.name] { return copy }
        let copy = try tensor.asFloat32()
        copies[value.name] = copy
        return copy
      }
    }
    guard tensor.shape == value.type.shape, tensor.elementType == value.type.elementType else {
      throw EngineError(
        .invalidArgument,
        "The weights '\(value.name)' are \(tensor.elementType)\(tensor.shape), the network needs \(value.type).")
    }
    return tensor
  }

  /// Names of the weights that are stored in half precision.
  public var halfNames: Set<String> { Set(tensors.filter { $0.value.elementType == .float16 }.keys) }

  /// The tensor of that name, stored in half precision.
  func storedHalf(_ value: Value) throws -> Tensor {
    guard let tensor = tensors[value.name], tensor.elementType == .float16, tensor.shape == value.type.shape else {
      throw EngineError(
        .state, "The weights '\(value.name)' are no longer stored in half precision; open a new session.")
    }
    return tensor
  }

  /// What a kernel gets in place of a parameter that it wants packed.
  /// - Parameter isKept: whether later runs may have it too; otherwise it lives as long as the caller holds it.
  func packed(
    _ name: String, _ tensor: dcn_tensor, form: UInt64, isKept: Bool, backend: Backend, control: RunControl
  ) throws -> PackedConstant {
    guard isKept else {
      let constant = try PackedConstant(name, tensor, form: form, backend: backend, control: control)
      dropPages(of: name)
      return constant
    }
    let (constant, isNew) = try packed.constant(
      name, version: versions[name] ?? 0, tensor, form: form, backend: backend, control: control)
    if isNew { dropPages(of: name) }
    return constant
  }

  /// Replaces a parameter by a float32 copy, which may then be changed in place, wherever the parameter lies now.
  package func makeOwn(_ name: String) throws { self[name] = try ownCopy(of: name) }

  /// A float32 copy of a parameter. Where the parameter is mapped from a file, its pages are given back.
  package func ownCopy(of name: String) throws -> Tensor? {
    guard let tensor = tensors[name] else { return nil }
    let copy = tensor.elementType == .float32 ? try tensor.copy() : try tensor.asFloat32()
    dropPages(of: name)
    return copy
  }

  /// A packed form, or a copy, stands in for the pages of a file that it was made from.
  private func dropPages(of name: String) {
    guard !overwritten.contains(name), let source = tensors[name] else { return }
    source.storage.dropPages(offset: source.byteOffset, byteCount: source.byteCount)
  }
}
