import CDecoupled
import Glibc

/// The memory in which one caller runs plans, one at a time: the arena and the workspaces of lanes, kept between runs.
public final class Execution: @unchecked Sendable {
  public let control: RunControl
  private var arena: TensorStorage?
  private var laneWorkspace: TensorStorage?
  /// Called after each kernel.
  public var onKernel: ((KernelTiming) -> Void)?

  public init(_ control: RunControl) { self.control = control }

  /// Bytes held for values and workspaces.
  public var byteCount: Int { [arena, laneWorkspace].reduce(0) { $0 + ($1?.byteCount ?? 0) } }

  /// Runs a plan.
  /// - Parameters:
  ///   - batch: sizes of the batch dimensions, at most those the graph was made for; the largest where absent.
  ///   - feeds: a contiguous tensor for each fed value, with the batch size of this run.
  ///   - results: tensors of earlier runs; one of the right shape is overwritten, others are replaced.
  /// - Throws: `EngineError`; status `cancelled` after `RunControl.cancel`. Results are undefined then.
  public func run(
    _ plan: Plan, batch: [BatchDimension: Int] = [:], feeds: [ValueID: Tensor], parameters: ParameterStore,
    results: inout [ValueID: Tensor]
  ) throws {
    arena = try enough(arena, plan.arenaByteCount)
    laneWorkspace = try enough(laneWorkspace, plan.laneWorkspaceByteCount * control.pool.lanes)
    let bound = try bind(plan, batch, feeds, parameters, &results)
    let operands = try PlanOperands(plan, batch, bound, parameters, arena: arena?.base)

    for (kernel, workspaceOffset) in zip(plan.kernels, plan.workspaceOffsets) {
      if control.isCancelled { throw EngineError.cancelled }
      var constants: [PackedConstant] = []
      let inputs = try zip(kernel.inputs, kernel.packing).map { value, form in
        let tensor = try operands.descriptor(value)
        guard form != 0, let value else { return tensor }
        let constant = try parameters.packed(
          plan.values.name(of: value), tensor, form: form, isKept: plan.keepsPackedWeights, backend: kernel.backend,
          control: control)
        constants.append(constant)
        return constant.descriptor(for: tensor)
      }
      let outputs = try kernel.outputs.map(operands.descriptor)
      let began = onKernel == nil ? 0 : Self.seconds()
      try withExtendedLifetime((control, constants)) {
        var context = dcn_run_context(control)
        context.workspace = kernel.workspaceSize == 0 ? nil : arena.map { $0.base + workspaceOffset }
        context.lane_workspace = laneWorkspace?.base
        context.lane_workspace_size = UInt64(kernel.laneWorkspaceSize)
        func call() throws {
          try Backend.call(kernel.backend.info.name, kernel.name) { message, capacity in
            kernel.backend.table.pointee.run(
              kernel.handle, inputs, Int32(inputs.count), outputs, Int32(outputs.count), &context, message, capacity)
          }
        }
        if kernel.work?.isSmall == true { try control.pool.alone(call) } else { try call() }
      }
      onKernel?(
        KernelTiming(
          layer: kernel.name, operators: kernel.operators, seconds: Self.seconds() - began,
          multiplyAdds: kernel.work?.multiplyAdds(batch) ?? 0))
    }
    for fetch in plan.fetches {
      guard case .view? = plan.places[fetch], let target = bound[fetch] else { continue }
      let source = try operands.descriptor(fetch)
      memcpy(target.bytes, source.buffer! + Int(source.byte_offset), target.byteCount)
    }
  }

  /// Packs the weights of a plan as its kernels want them, where they are kept: what the first run would begin with.
  public func pack(_ plan: Plan, parameters: ParameterStore) throws {
    guard plan.keepsPackedWeights else { return }
    let bound = try Dictionary(
      uniqueKeysWithValues: plan.parameters.map { ($0, try parameters.tensor(plan.graph[$0])) })
    let operands = try PlanOperands(plan, [:], bound, parameters, arena: nil)
    for kernel in plan.kernels {
      for case (let value?, let form) in zip(kernel.inputs, kernel.packing) where form != 0 {
        if control.isCancelled { throw EngineError.cancelled }
        _ = try parameters.packed(
          plan.values.name(of: value), operands.descriptor(value), form: form, isKept: true, backend: kernel.backend,
          control: control)
      }
    }
  }

  /// Checks what the caller handed in and finds the memory of every external value.
  private func bind(
    _ plan: Plan, _ batch: [BatchDimension: Int], _ feeds: [ValueID: Tensor], _ parameters: ParameterStore,
    _ results: inout [ValueID: Tensor]
  ) throws -> [ValueID: Tensor] {
    var bound: [ValueID: Tensor] = [:]
    func shape(_ value: Value) throws -> [Int] {
      guard let dimension = value.type.batch, let size = batch[dimension] else { return value.type.shape }
      guard (1...value.type.shape[0]).contains(size) else {
        throw EngineError(
          .invalidArgument, "A batch of \(size) \(dimension) was given; this plan takes 1 to \(value.type.shape[0]).")
      }
      return [size] + value.type.shape.dropFirst()
    }
    for feed in plan.feeds {
      let value = plan.graph[feed]
      guard let tensor = feeds[feed] else {
        throw EngineError(.invalidArgument, "The run needs a tensor for '\(value.name)'.")
      }
      let expected = try shape(value)
      let layout = plan.values.layout(of: feed)
      guard tensor.shape == expected, tensor.elementType == value.type.elementType, tensor.layout == layout,
        tensor.strides == layout.strides(expected)
      else {
        throw EngineError(
          .invalidArgument,
          "'\(value.name)' needs a contiguous \(value.type.elementType)\(expected), not \(tensor.elementType)\(tensor.shape)."
        )
      }
      bound[feed] = tensor
    }
    for parameter in plan.parameters { bound[parameter] = try parameters.tensor(plan.graph[parameter]) }
    for fetch in plan.fetches where bound[fetch] == nil {
      let value = plan.graph[fetch]
      let expected = try shape(value)
      let layout = plan.values.layout(of: fetch)
      if let earlier = results[fetch], earlier.shape == expected, earlier.elementType == value.type.elementType,
        earlier.layout == layout
      {
        bound[fetch] = earlier
      } else {
        bound[fetch] = try Tensor(zeros: expected, value.type.elementType, layout)
      }
    }
    for fetch in plan.fetches { results[fetch] = bound[fetch] }
    return bound
  }

  private func enough(_ storage: TensorStorage?, _ byteCount: Int) throws -> TensorStorage? {
    if let storage, storage.byteCount >= byteCount { return storage }
    return byteCount == 0 ? storage : try TensorStorage(byteCount: byteCount)
  }

  private static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
