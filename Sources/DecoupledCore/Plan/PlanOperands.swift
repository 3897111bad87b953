import CDecoupled

/// Where one run of a plan has its values, as a backend is told.
struct PlanOperands {
  private let plan: Plan
  private let batch: [BatchDimension: Int]
  /// Tensors of the values outside of the arena, by their roots.
  private let bound: [ValueID: Tensor]
  /// Parameters that are read in half precision.
  private let halves: [ValueID: Tensor]
  private let arena: UnsafeMutableRawPointer?

  /// - Parameter arena: nil where only parameters are asked for.
  init(
    _ plan: Plan, _ batch: [BatchDimension: Int], _ bound: [ValueID: Tensor], _ parameters: ParameterStore,
    arena: UnsafeMutableRawPointer?
  ) throws {
    (self.plan, self.batch, self.bound, self.arena) = (plan, batch, bound, arena)
    halves = try Dictionary(
      uniqueKeysWithValues: plan.parametersAsStored.map { ($0, try parameters.storedHalf(plan.graph[$0])) })
  }

  /// An absent tensor for no value.
  func descriptor(_ value: ValueID?) throws -> dcn_tensor {
    guard let value else {
      var absent = dcn_tensor()
      absent.struct_size = UInt32(MemoryLayout<dcn_tensor>.size)
      return absent
    }
    let type = plan.values.type(of: value)
    var shape = type.shape
    if let dimension = type.batch, let size = batch[dimension] { shape[0] = size }
    var root = plan.values.isHalf(value) ? plan.values.original(value) : value
    var elementOffset = 0
    if case .view(let source, let offset)? = plan.places[root] { (root, elementOffset) = (source, offset) }
    let byteOffset = elementOffset * type.elementType.byteCount
    let strides = plan.values.strides(of: value, shape: shape)
    if plan.values.isHalf(value), let tensor = halves[root] {
      return dcn_tensor(
        elementType: type.elementType, shape: shape, strides: strides, buffer: tensor.bytes, byteOffset: byteOffset)
    }
    return dcn_tensor(
      elementType: type.elementType, shape: shape, strides: strides, layout: plan.values.layout(of: value),
      buffer: try address(root), byteOffset: byteOffset)
  }

  private func address(_ root: ValueID) throws -> UnsafeMutableRawPointer {
    switch plan.places[root] {
    case .arena(let offset)?:
      if let arena { return arena + offset }
    case .external?:
      if let tensor = bound[root] { return tensor.bytes }
    case .view?, nil: break
    }
    throw EngineError(.internal, "The value '\(plan.values.name(of: root))' has no memory.")
  }
}
