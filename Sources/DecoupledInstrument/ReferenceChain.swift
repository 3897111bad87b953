import CDecoupled
import DecoupledBackendKit
import DecoupledBase
import DecoupledCore

/// The nodes of a kernel on `reference`, one after the other, on row-major tensors.
final class ReferenceChain {
  private struct Step {
    /// nil for a Convert: its row-major result is its row-major input.
    let kernel: OpaquePointer?
    let node: dcn_node
  }

  private let table = BackendLibrary.reference.table
  private let backend: Backend
  private let copies: NodeCopies
  private var steps: [Step] = []

  /// - Throws: when `reference` does not run one of the nodes.
  init(_ copies: NodeCopies) throws {
    self.copies = copies
    backend = try Backend(.reference)
    for node in copies.chain {
      if node.operatorKind == .convert {
        steps.append(Step(kernel: nil, node: node))
        continue
      }
      let inputs = node.inputOperands.map(Self.rowMajor)
      let outputs = node.outputOperands.map(Self.rowMajor)
      let kernel = try inputs.withUnsafeBufferPointer { inputs in
        try outputs.withUnsafeBufferPointer { outputs in
          var single = node
          (single.inputs, single.outputs) = (inputs.baseAddress, outputs.baseAddress)
          return try backend.makeKernel(single)
        }
      }
      steps.append(Step(kernel: kernel, node: node))
    }
  }

  deinit { steps.forEach { step in step.kernel.map { table.pointee.kernel_destroy($0) } } }

  private static func rowMajor(_ operand: dcn_operand) -> dcn_operand {
    var result = operand
    result.flags &= Int32(DCN_OPERAND_ABSENT)
    if operand.isAbsent { return result }
    let halves = [Int32(DCN_ELEMENT_F16), Int32(DCN_ELEMENT_BF16)]
    let type =
      halves.contains(operand.tensor.element_type) ? .float32 : ElementType(rawValue: operand.tensor.element_type)
    let shape = operand.tensor.shape
    result.tensor = dcn_tensor(
      elementType: type ?? .float32, shape: shape, strides: Tensor.contiguousStrides(shape), buffer: nil)
    return result
  }

  /// - Parameters:
  ///   - inputs: the tensors of a run without packed ones, as the contract orders them.
  ///   - outputs: those of the run; only their shapes are read.
  /// - Returns: the outputs of every node, nil where absent.
  func run(
    _ inputs: [dcn_tensor], outputs: [dcn_tensor], _ context: dcn_run_context
  ) throws -> [[Tensor?]] {
    var results: [[Tensor?]] = []
    var internalValues: [Int32: Tensor] = [:]
    var (input, output) = (0, 0)
    for step in steps {
      var kept: [Tensor] = []
      let read = try step.node.inputOperands.map { operand -> dcn_tensor in
        if operand.isInternal {
          guard let made = internalValues[operand.value] else {
            throw EngineError(.internal, "The chain reads a value before it is made.")
          }
          return dcn_tensor(made)
        }
        defer { input += 1 }
        guard inputs[input].isPresent, !inputs[input].isRowMajor else { return inputs[input] }
        kept.append(try inputs[input].dense())
        return dcn_tensor(kept[kept.count - 1])
      }
      let made = try step.node.outputOperands.map { operand -> Tensor? in
        var shape = operand.tensor.shape
        if operand.isInternal {
          shape[0] = batch(of: shape[0], outputs)
        } else {
          defer { output += 1 }
          guard outputs[output].isPresent else { return nil }
          shape = outputs[output].shape
        }
        return try Tensor(zeros: shape, ElementType(rawValue: operand.tensor.element_type) ?? .float32)
      }
      try withExtendedLifetime((kept, internalValues)) { try run(step, read, made, context) }
      for (operand, tensor) in zip(step.node.outputOperands, made) where operand.isInternal {
        internalValues[operand.value] = tensor
      }
      results.append(made)
    }
    return results
  }

  /// Rows of a value inside the chain: as many as the results have, where it was planned with as many.
  private func batch(of planned: Int, _ outputs: [dcn_tensor]) -> Int {
    let last = copies.chain[copies.chain.count - 1]
    let results = zip(last.outputOperands, outputs.suffix(last.outputOperands.count))
    guard let (final, written) = results.first(where: { !$0.isAbsent && $1.isPresent }),
      final.tensor.dimension(0) == planned
    else { return planned }
    return written.dimension(0)
  }

  private func run(_ step: Step, _ inputs: [dcn_tensor], _ made: [Tensor?], _ context: dcn_run_context) throws {
    guard let kernel = step.kernel else {
      if let source = inputs.first?.start, let target = made.first ?? nil {
        target.bytes.copyMemory(from: source, byteCount: target.byteCount)
      }
      return
    }
    let outputs = made.map { $0.map { dcn_tensor($0) } ?? .absent }
    var context = context
    context.workspace = nil
    context.lane_workspace = nil
    context.lane_workspace_size = 0
    try Backend.call("reference", step.node.layerName) { message, capacity in
      table.pointee.run(
        kernel, inputs, Int32(inputs.count), outputs, Int32(outputs.count), &context, message, capacity)
    }
  }
}

extension Backend {
  /// A kernel of one node.
  fileprivate func makeKernel(_ node: dcn_node) throws -> OpaquePointer {
    var made: OpaquePointer?
    var info = dcn_kernel_info()
    info.struct_size = UInt32(MemoryLayout<dcn_kernel_info>.size)
    try withUnsafePointer(to: node) { node in
      try Backend.call(self.info.name, "kernel_create") { message, capacity in
        table.pointee.kernel_create(instance, node, 1, &made, &info, message, capacity)
      }
    }
    guard let made else { throw EngineError(.internal, "'\(self.info.name)' made no kernel.") }
    return made
  }
}
