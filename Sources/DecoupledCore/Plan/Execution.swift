import CDecoupled
import DecoupledBase
import Glibc

/// The memory in which one caller runs plans, one at a time: the arena and the workspaces of lanes, kept between runs.
public final class Execution: @unchecked Sendable {
  public let control: RunControl
  private var arena: TensorStorage?
  private var laneWorkspace: TensorStorage?
  private var operands: [ObjectIdentifier: PlanOperands] = [:]
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
    let operands = try operands(of: plan, batch)
    operands.place(inArena: arena?.base)
    try operands.place(parameters, control: control)
    let taken = try bind(operands, feeds, &results)

    var context = dcn_run_context(control)
    context.lane_workspace = laneWorkspace?.base
    for (index, kernel) in plan.kernels.enumerated() {
      if control.isCancelled { throw EngineError.cancelled }
      let constants = plan.keepsPackedWeights ? [] : try operands.pack(index, parameters, control)
      let began = onKernel == nil ? 0 : Self.seconds()
      context.workspace = kernel.workspaceSize == 0 ? nil : arena.map { $0.base + plan.workspaceOffsets[index] }
      context.lane_workspace_size = UInt64(kernel.laneWorkspaceSize)
      func call() throws {
        try Backend.call(kernel.backend.info.name, kernel.name) { message, capacity in
          operands.withOperands(of: index) { inputs, outputs in
            kernel.backend.table.pointee.run(
              kernel.handle, inputs.baseAddress, Int32(inputs.count), outputs.baseAddress, Int32(outputs.count),
              &context, message, capacity)
          }
        }
      }
      try withExtendedLifetime((control, constants, feeds, taken)) {
        if kernel.work?.isSmall(batch) == true { try control.pool.alone(call) } else { try call() }
      }
      onKernel?(
        KernelTiming(
          layer: kernel.name, operators: kernel.operators, seconds: Self.seconds() - began,
          multiplyAdds: kernel.work?.multiplyAdds(batch) ?? 0, algorithm: kernel.algorithm,
          workShare: kernel.workShare, bytes: kernel.traffic(batch)))
    }
    for (fetch, operand) in operands.views {
      guard let target = taken[fetch], let source = operands.address(operand) else { continue }
      memcpy(target.bytes, source, target.byteCount)
    }
  }

  /// Packs the weights of a plan as its kernels want them, where they are kept: what the first run would begin with.
  public func pack(_ plan: Plan, parameters: ParameterStore) throws {
    guard plan.keepsPackedWeights else { return }
    try operands(of: plan, [:]).place(parameters, control: control)
  }

  /// The operands of a plan, those of its last run where the batch was the same.
  private func operands(of plan: Plan, _ batch: [BatchDimension: Int]) throws -> PlanOperands {
    if let known = operands[ObjectIdentifier(plan)], known.batch == batch { return known }
    let made = try PlanOperands(plan, batch)
    operands[ObjectIdentifier(plan)] = made
    return made
  }

  /// Checks what the caller handed in and finds memory for what the caller will get.
  private func bind(
    _ operands: PlanOperands, _ feeds: [ValueID: Tensor], _ results: inout [ValueID: Tensor]
  ) throws -> [ValueID: Tensor] {
    for value in operands.feeds {
      guard let tensor = feeds[value.id] else {
        throw EngineError(.invalidArgument, "The run needs a tensor for '\(value.name)'.")
      }
      guard value.isHeld(by: tensor), tensor.strides == value.layout.strides(value.shape) else {
        throw EngineError(
          .invalidArgument,
          "'\(value.name)' needs a contiguous \(value.elementType)\(value.shape), not \(tensor.elementType)\(tensor.shape)."
        )
      }
      operands.place(value.id, in: tensor)
    }
    var taken: [ValueID: Tensor] = [:]
    for value in operands.fetches {
      // Feeds and parameters are given as they are.
      if let own = operands.plan.feeds.contains(value.id) ? feeds[value.id] : operands.parameters[value.id] {
        taken[value.id] = own
        continue
      }
      let earlier = results[value.id].flatMap { value.isHeld(by: $0) ? $0 : nil }
      let tensor = try earlier ?? Tensor(zeros: value.shape, value.elementType, value.layout)
      operands.place(value.id, in: tensor)
      taken[value.id] = tensor
    }
    results.merge(taken) { $1 }
    return taken
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
