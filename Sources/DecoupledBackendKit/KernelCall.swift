public import CDecoupled

/// One call of a kernel: its operands as `backend.h` orders them, its workspaces and the host's threads.
public struct KernelCall {
  public let inputs: UnsafeBufferPointer<dcn_tensor>
  public let outputs: UnsafeBufferPointer<dcn_tensor>
  let context: UnsafePointer<dcn_run_context>

  init(
    inputs: UnsafeBufferPointer<dcn_tensor>, outputs: UnsafeBufferPointer<dcn_tensor>,
    context: UnsafePointer<dcn_run_context>
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.context = context
  }

  /// A call with threads and nothing else.
  init(_ context: UnsafePointer<dcn_run_context>) {
    self.init(
      inputs: UnsafeBufferPointer(start: nil, count: 0), outputs: UnsafeBufferPointer(start: nil, count: 0),
      context: context)
  }

  /// The same call with other services of a host.
  public func with(host: UnsafePointer<dcn_host>, _ body: (KernelCall) throws -> Void) rethrows {
    var changed = context.pointee
    changed.host = host
    try withUnsafePointer(to: changed) { try body(KernelCall(inputs: inputs, outputs: outputs, context: $0)) }
  }

  /// Services of the host.
  public var host: UnsafePointer<dcn_host> { context.pointee.host }

  /// The packed constant that stands at this place of the inputs, nil when the tensor itself was handed in.
  public func packed(_ place: Int) -> (any PackedConstant)? {
    guard inputs[place].layout == Int32(DCN_LAYOUT_PACKED), let constant = inputs[place].buffer else { return nil }
    return Unmanaged<OpenConstant>.fromOpaque(constant).takeUnretainedValue().constant
  }

  /// How many lanes `parallelFor` may use.
  public var lanes: Int { Int(context.pointee.lanes) }

  /// Memory shared by all lanes, as large as the kernel asked for.
  public var workspace: UnsafeMutableRawPointer? { context.pointee.workspace }

  /// Memory of one lane, as large as the kernel asked for.
  public func laneWorkspace(_ lane: Int) -> UnsafeMutableRawPointer? {
    context.pointee.lane_workspace.map { $0 + lane * Int(context.pointee.lane_workspace_size) }
  }

  /// Runs `body(index, lane)` for each index below `count` on the host's threads.
  /// - Throws: `BackendFailure.cancelled` when the user stopped the run.
  public func parallelFor(_ count: Int, _ body: (_ index: Int, _ lane: Int) -> Void) throws {
    let status = withoutActuallyEscaping(body) { escapable -> Int32 in
      var task = escapable
      return withUnsafeMutablePointer(to: &task) { pointer in
        context.pointee.host.pointee.parallel_for(
          context.pointee.session, Int64(count),
          { index, lane, data in
            data!.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(Int(index), Int(lane))
          }, pointer)
      }
    }
    if status != Int32(DCN_STATUS_OK) { throw BackendFailure.cancelled }
  }
}
