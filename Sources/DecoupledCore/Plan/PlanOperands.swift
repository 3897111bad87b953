import CDecoupled
import DecoupledBase

/// What the kernels of a plan are called with, for one set of batch sizes: written once, after which runs only fill in the
/// addresses that have changed.
final class PlanOperands {
  /// A value that a caller hands in or takes out.
  struct External {
    let id: ValueID
    let name: String
    let shape: [Int]
    let elementType: ElementType
    let layout: Layout

    func isHeld(by tensor: Tensor) -> Bool {
      tensor.shape == shape && tensor.elementType == elementType && tensor.layout == layout
    }
  }

  /// The memory of a value that does not lie in the arena.
  private enum Root: Hashable {
    case value(ValueID)
    case storedHalf(ValueID)
  }

  private struct Packing {
    let operand: Int
    let value: ValueID
    let form: UInt64
  }

  private struct Kernel {
    let inputs: Range<Int>
    let outputs: Range<Int>
    let packing: [Packing]
  }

  let plan: Plan
  let batch: [BatchDimension: Int]
  let feeds: [External]
  let fetches: [External]
  /// Fetches that are parts of other values, with the operand that tells where.
  private(set) var views: [(fetch: ValueID, operand: Int)] = []

  /// The operands of all kernels, as they are without packing, and as kernels get them.
  private var tensors: [dcn_tensor] = []
  private var given: [dcn_tensor] = []
  private var kernels: [Kernel] = []
  private var inArena: [(operand: Int, offset: Int)] = []
  private var outside: [Root: [Int]] = [:]
  private var arena: UnsafeMutableRawPointer?
  /// The parameters that are in use, which must not go meanwhile.
  private(set) var parameters: [ValueID: Tensor] = [:]
  private var halves: [Tensor] = []
  private var constants: [PackedConstant] = []
  /// Whose parameters they are, and in which state of it.
  private var source: (store: ParameterStore, changes: Int)?

  /// - Throws: when a batch size does not fit the plan.
  init(_ plan: Plan, _ batch: [BatchDimension: Int]) throws {
    (self.plan, self.batch) = (plan, batch)
    func external(_ id: ValueID) throws -> External {
      let value = plan.graph[id]
      if let dimension = value.type.batch, let size = batch[dimension], !(1...value.type.shape[0]).contains(size) {
        throw EngineError(
          .invalidArgument, "A batch of \(size) \(dimension) was given; this plan takes 1 to \(value.type.shape[0]).")
      }
      return External(
        id: id, name: value.name, shape: Self.shape(value.type, batch), elementType: value.type.elementType,
        layout: plan.values.layout(of: id))
    }
    feeds = try plan.feeds.map(external)
    fetches = try plan.fetches.map(external)
    for kernel in plan.kernels {
      let start = tensors.count
      let packing = try zip(kernel.inputs, kernel.packing).compactMap { value, form -> Packing? in
        try add(value)
        return form == 0 ? nil : value.map { Packing(operand: tensors.count - 1, value: $0, form: form) }
      }
      let middle = tensors.count
      try kernel.outputs.forEach(add)
      kernels.append(Kernel(inputs: start..<middle, outputs: middle..<tensors.count, packing: packing))
    }
    for fetch in plan.fetches {
      guard case .view? = plan.places[fetch] else { continue }
      try add(fetch)
      views.append((fetch, tensors.count - 1))
    }
    given = tensors
  }

  private static func shape(_ type: ValueType, _ batch: [BatchDimension: Int]) -> [Int] {
    guard let dimension = type.batch, let size = batch[dimension] else { return type.shape }
    return [size] + type.shape.dropFirst()
  }

  /// Adds an operand without an address; an absent one for no value.
  private func add(_ value: ValueID?) throws {
    guard let value else {
      tensors.append(.absent)
      return
    }
    let (values, operand) = (plan.values, tensors.count)
    let type = values.type(of: value)
    let shape = Self.shape(type, batch)
    let isHalf = values.isHalf(value)
    var root = isHalf ? values.original(value) : value
    var elementOffset = 0
    if case .view(let source, let offset)? = plan.places[root] { (root, elementOffset) = (source, offset) }
    if isHalf {
      outside[.storedHalf(root), default: []].append(operand)
    } else {
      switch plan.places[root] {
      case .arena(let offset)?: inArena.append((operand, offset))
      case .external?: outside[.value(root), default: []].append(operand)
      case .view?, nil: throw EngineError(.internal, "The value '\(values.name(of: root))' has no memory.")
      }
    }
    tensors.append(
      dcn_tensor(
        elementType: type.elementType, shape: shape, strides: values.strides(of: value, shape: shape),
        layout: isHalf ? .nchw : values.layout(of: value), buffer: nil,
        byteOffset: elementOffset * type.elementType.byteCount))
  }

  /// Says where the values between kernels are.
  func place(inArena base: UnsafeMutableRawPointer?) {
    guard base != arena else { return }
    arena = base
    for (operand, offset) in inArena { set(operand, base.map { $0 + offset }) }
  }

  /// Says where a value is that a caller has handed in or will get.
  func place(_ value: ValueID, in tensor: Tensor) {
    for operand in outside[.value(value)] ?? [] { set(operand, tensor.bytes) }
  }

  private func set(_ operand: Int, _ address: UnsafeMutableRawPointer?) {
    tensors[operand].buffer = address
    given[operand].buffer = address
  }

  /// Says where the parameters are, and packs them where packed forms are kept.
  func place(_ store: ParameterStore, control: RunControl) throws {
    if let source, source.store === store, source.changes == store.changes { return }
    source = nil
    (parameters, halves) = ([:], [])
    let changes = store.changes
    for id in plan.parameters {
      let tensor = try store.tensor(plan.graph[id])
      parameters[id] = tensor
      place(id, in: tensor)
    }
    for id in plan.parametersAsStored {
      let tensor = try store.storedHalf(plan.graph[id])
      halves.append(tensor)
      for operand in outside[.storedHalf(id)] ?? [] { set(operand, tensor.bytes) }
    }
    if plan.keepsPackedWeights { constants = try kernels.indices.flatMap { try pack($0, store, control) } }
    source = (store, changes)
  }

  /// Packs the parameters of a kernel. They live as long as what is returned, or as the parameters where they are kept.
  func pack(_ kernel: Int, _ store: ParameterStore, _ control: RunControl) throws -> [PackedConstant] {
    try kernels[kernel].packing.map { packing in
      if control.isCancelled { throw EngineError.cancelled }
      let tensor = tensors[packing.operand]
      let constant = try store.packed(
        plan.values.name(of: packing.value), tensor, form: packing.form, isKept: plan.keepsPackedWeights,
        backend: plan.kernels[kernel].backend, control: control)
      given[packing.operand] = constant.descriptor(for: tensor)
      return constant
    }
  }

  /// The operands of a kernel.
  func withOperands<Result>(
    of kernel: Int,
    _ body: (_ inputs: UnsafeBufferPointer<dcn_tensor>, _ outputs: UnsafeBufferPointer<dcn_tensor>) throws -> Result
  ) rethrows -> Result {
    try given.withUnsafeBufferPointer {
      try body(
        UnsafeBufferPointer(rebasing: $0[kernels[kernel].inputs]),
        UnsafeBufferPointer(rebasing: $0[kernels[kernel].outputs]))
    }
  }

  /// Where an operand begins.
  func address(_ operand: Int) -> UnsafeMutableRawPointer? {
    tensors[operand].buffer.map { $0 + Int(tensors[operand].byte_offset) }
  }
}
