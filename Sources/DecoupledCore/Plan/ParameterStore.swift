import CDecoupled
import Synchronization

/// Weights and statistics by the names that graphs give them.
public final class ParameterStore: @unchecked Sendable {
  private var tensors: [String: Tensor] = [:]
  private var versions: [String: Int] = [:]
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
      overwritten.remove(name)
    }
  }

  /// Sorted.
  public var names: [String] { tensors.keys.sorted() }

  /// To be called by whoever overwrites the contents of a tensor: backends keep transformed copies. Not while a run reads
  /// the parameter.
  public func noteChange(of name: String) {
    versions[name, default: 0] += 1
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
  func packed(
    _ name: String, _ tensor: dcn_tensor, form: UInt64, backend: Backend, control: RunControl
  ) throws -> dcn_tensor {
    var result = tensor
    let (constant, isNew) = try packed.constant(
      name, version: versions[name] ?? 0, tensor, form: form, backend: backend, control: control)
    // The packed form stands in for the pages it was made from.
    if isNew, !overwritten.contains(name), let source = tensors[name] {
      source.storage.dropPages(offset: source.byteOffset, byteCount: source.byteCount)
    }
    result.buffer = UnsafeMutableRawPointer(constant)
    result.byte_offset = 0
    result.layout = Int32(DCN_LAYOUT_PACKED)
    return result
  }
}
