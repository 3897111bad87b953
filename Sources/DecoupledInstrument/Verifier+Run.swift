import CDecoupled
import DecoupledBackendKit
import DecoupledCore

extension Verifier {
  /// The memory that a compared run gets in place of the caller's.
  private struct Guarded {
    let outputs: [GuardedMemory?]
    let workspace: GuardedMemory
    let laneWorkspace: GuardedMemory
    let laneSize, usedLaneSize: Int
  }

  /// Runs a kernel on guarded memory, compares the outputs with those of `reference` and hands them to the caller.
  func run(_ kernel: Kernel, _ call: TableCall, _ backend: String) -> CallSpan {
    let inputs = Array(
      UnsafeBufferPointer(
        start: call.argument(1, as: UnsafePointer<dcn_tensor>?.self), count: Int(call.argument(2, as: Int32.self))))
    let outputs = Array(
      UnsafeBufferPointer(
        start: call.argument(3, as: UnsafePointer<dcn_tensor>?.self), count: Int(call.argument(4, as: Int32.self))))
    guard let given: UnsafePointer<dcn_run_context> = call.argument(5) else { return call.perform() }
    let memory: Guarded
    do { memory = try guarded(kernel, outputs, given.pointee) } catch {
      let span = call.perform()
      report("\(error)", kernel, call, backend)
      return span
    }
    let before = inputs.map { $0.layout == Int32(DCN_LAYOUT_PACKED) ? 0 : $0.fingerprint }
    let replaced = zip(outputs, memory.outputs).map { tensor, memory in
      var result = tensor
      if let memory { (result.buffer, result.byte_offset) = (memory.start, 0) }
      return result
    }
    var context = given.pointee
    context.workspace = memory.workspace.start
    context.lane_workspace = memory.laneWorkspace.start
    let span = withUnsafePointer(to: context) { context in
      replaced.withUnsafeBufferPointer { replaced in
        perform(call, outputs: replaced.baseAddress, context: context)
      }
    }
    guard call.status == Int32(DCN_STATUS_OK) else { return span }
    var found: [Tensor?] = []
    var failure: String?
    do {
      found = try replaced.map { $0.isPresent && $0.layout < Int32(DCN_LAYOUT_PRIVATE) ? try $0.dense() : nil }
      failure = damage(memory, replaced)
      if let changed = zip(inputs, before).enumerated().first(where: { place, pair in
        pair.0.layout != Int32(DCN_LAYOUT_PACKED) && pair.0.fingerprint != pair.1
      }) {
        failure = failure ?? "input \(changed.offset) was changed"
      }
      failure = try failure ?? compare(kernel, inputs, found, outputs, given.pointee)
    } catch {
      failure = failure ?? "'reference' does not run on these inputs: \(error)"
    }
    for (tensor, (copy, memory)) in zip(outputs, zip(found, memory.outputs)) {
      if let copy {
        tensor.copy(dense: copy.bytes, toDense: false)
      } else if let memory, let start = tensor.start {
        start.copyMemory(from: memory.start, byteCount: memory.byteCount)
      }
    }
    if let failure { report(failure, kernel, call, backend) }
    return span
  }

  private func guarded(_ kernel: Kernel, _ outputs: [dcn_tensor], _ context: dcn_run_context) throws -> Guarded {
    // As far from an address divisible by 64 as the memory that it stands in for.
    func memory(_ byteCount: Int, like address: UnsafeRawPointer?) throws -> GuardedMemory {
      try GuardedMemory(byteCount: byteCount, byteOffset: Int(bitPattern: address) & 63)
    }
    let laneSize = Int(context.lane_workspace_size)
    return Guarded(
      outputs: try outputs.map { tensor in
        try tensor.start.map { try memory(tensor.spannedCount * tensor.elementByteCount, like: $0) }
      },
      workspace: try memory(Int(clamping: kernel.info.workspace_size), like: context.workspace),
      laneWorkspace: try memory(laneSize * Int(context.lanes), like: context.lane_workspace),
      laneSize: laneSize, usedLaneSize: min(laneSize, Int(clamping: kernel.info.lane_workspace_size)))
  }

  private func perform(
    _ call: TableCall, outputs: UnsafePointer<dcn_tensor>?, context: UnsafePointer<dcn_run_context>
  ) -> CallSpan {
    var (outputs, context) = (outputs, context)
    return withUnsafeMutablePointer(to: &outputs) { outputs in
      withUnsafeMutablePointer(to: &context) { context in
        let count = call.signature.parameters.count
        return withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: count) { arguments in
          for place in 0..<count { arguments.initializeElement(at: place, to: call.arguments[place]) }
          arguments[3] = UnsafeMutableRawPointer(outputs)
          arguments[5] = UnsafeMutableRawPointer(context)
          return call.perform(with: arguments.baseAddress!)
        }
      }
    }
  }

  /// Which guard words were overwritten, in words.
  private func damage(_ memory: Guarded, _ outputs: [dcn_tensor]) -> String? {
    for (place, (output, memory)) in zip(outputs, memory.outputs).enumerated() {
      guard let memory else { continue }
      if let offset = memory.damage() {
        return "byte \(offset) of output \(place), which has \(memory.byteCount), was written"
      }
      if output.hasGaps, !gapsAreWhole(output, memory) {
        return "memory between the rows of output \(place) was written"
      }
    }
    if let offset = memory.workspace.damage() {
      return "byte \(offset) of the workspace, which has \(memory.workspace.byteCount), was written"
    }
    if let offset = memory.laneWorkspace.damage() {
      return "byte \(offset) of the lanes' workspaces, which have \(memory.laneWorkspace.byteCount), was written"
    }
    guard memory.usedLaneSize < memory.laneSize else { return nil }
    for lane in 0..<memory.laneWorkspace.byteCount / memory.laneSize {
      let start = lane * memory.laneSize
      if !memory.laneWorkspace.isUntouched(start + memory.usedLaneSize..<start + memory.laneSize) {
        return "a lane wrote behind its workspace of \(memory.usedLaneSize) bytes"
      }
    }
    return nil
  }

  private func gapsAreWhole(_ output: dcn_tensor, _ memory: GuardedMemory) -> Bool {
    let size = output.elementByteCount
    let (count, step) = (output.dimension(Int(output.rank) - 1), output.stride(Int(output.rank) - 1))
    output.forEachLine { offset in
      for index in 0..<count { memory.erase(at: (offset + index * step) * size, count: size) }
    }
    return memory.isUntouched(0..<memory.byteCount)
  }

  private func compare(
    _ kernel: Kernel, _ inputs: [dcn_tensor], _ found: [Tensor?], _ outputs: [dcn_tensor], _ context: dcn_run_context
  ) throws -> String? {
    let origins = inputs.map(unpacked)
    guard let reference = kernel.reference, !origins.contains(where: { $0 == nil }) else { return nil }
    let readable = origins.compactMap { $0 }
    guard readable.allSatisfy({ $0.layout < Int32(DCN_LAYOUT_PRIVATE) }) else {
      change { $0.unknown.insert("\(kernel.text.operators) in a private layout") }
      return nil
    }
    let expected = try reference.run(readable, outputs: outputs, context)
    let (difference, error) = try Comparison(kernel.copies.chain).check(found, expected, readable)
    change { summary in
      summary.comparedCount += 1
      if difference == nil, error >= summary.largestError.value { summary.largestError = (error, kernel.text.layer) }
    }
    return difference?.sentence
  }

  /// Ends the caller's run with a sentence that names the operator.
  private func report(_ failure: String, _ kernel: Kernel, _ call: TableCall, _ backend: String) {
    let sentence =
      "verify: layer \(kernel.text.layer) (\(kernel.text.operators)) of the backend '\(backend)' differs from 'reference': "
      + "\(failure). Repeat it with: decoupled backend test \(backend) --case '\(kernel.text.caseText)'"
    change { summary in summary.firstDifference = summary.firstDifference ?? sentence }
    let status = BackendFailure(status: Int32(DCN_STATUS_BACKEND), sentence).report(
      to: call.argument(6), Int(call.argument(7, as: UInt.self)))
    call.setStatus(status)
  }
}
