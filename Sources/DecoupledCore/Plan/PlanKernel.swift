import CDecoupled
import DecoupledBase

/// A kernel of a plan: the backend's handle and the values it reads and writes.
final class PlanKernel: @unchecked Sendable {
  /// Names of the nodes, for messages and timings.
  let name: String
  let operators: String
  let work: KernelWork?
  let backend: Backend
  let handle: OpaquePointer
  /// In the order of the contract; nil for an absent operand.
  let inputs: [ValueID?]
  let outputs: [ValueID?]
  /// For each input the packed form in which the backend wants it, 0 for the tensor as it is.
  let packing: [UInt64]
  let workspaceSize: Int
  let laneWorkspaceSize: Int
  /// What the backend says of it, for people: empty and 0 where it says nothing.
  let algorithm: String
  let workShare: Double
  /// Bytes of the constants, and of the other operands with the largest batch.
  private let constantBytes: Int
  private let operandBytes: Int

  convenience init(_ graph: Graph, chain: [Int], written: ContractNodes, backend: Backend) throws {
    let nodes = chain.map { graph.nodes[$0] }
    try self.init(
      nodes.count == 1 ? nodes[0].name : "\(nodes[0].name)…\(nodes[nodes.count - 1].name)",
      operators: nodes.map(\.operation.operatorName).joined(separator: "+"), written, backend: backend,
      work: KernelWork(graph, chain: chain))
  }

  init(
    _ name: String, operators: String, _ written: ContractNodes, backend: Backend, work: KernelWork? = nil
  ) throws {
    self.work = work
    self.name = name
    self.operators = operators
    self.backend = backend
    var made: OpaquePointer?
    var info = dcn_kernel_info()
    info.struct_size = UInt32(MemoryLayout<dcn_kernel_info>.size)
    try Backend.call(backend.info.name, "kernel_create for \(name)") { message, capacity in
      backend.table.pointee.kernel_create(
        backend.instance, written.nodes.baseAddress, Int32(written.nodes.count), &made, &info, message, capacity)
    }
    guard let made else {
      throw EngineError(.backend, "The backend '\(backend.info.name)' reported success but made no kernel for \(name).")
    }
    let largest = UInt64(TensorStorage.largest / 256)
    guard max(info.workspace_size, info.lane_workspace_size) <= largest else {
      backend.table.pointee.kernel_destroy(made)
      throw EngineError(
        .backend,
        "The backend '\(backend.info.name)' asks for a workspace of \(max(info.workspace_size, info.lane_workspace_size)) bytes for \(name), more than any machine has."
      )
    }
    workspaceSize = Int(info.workspace_size)
    laneWorkspaceSize = (Int(info.lane_workspace_size) + 63) & ~63
    handle = made
    algorithm = info.algorithm.map { String(cString: $0) } ?? ""
    workShare = info.work_share.isFinite ? max(0, info.work_share) : 0
    (constantBytes, operandBytes) = Self.bytes(written)
    func operands(_ list: UnsafePointer<dcn_operand>?, _ count: Int32) -> [ValueID?] {
      (0..<Int(count)).compactMap { position -> ValueID?? in
        let operand = list![position]
        if operand.flags & Int32(DCN_OPERAND_INTERNAL) != 0 { return nil }
        if operand.flags & Int32(DCN_OPERAND_ABSENT) != 0 { return .some(nil) }
        return .some(ValueID(index: Int(operand.value)))
      }
    }
    let inputs: [ValueID?] = written.nodes.flatMap { operands($0.inputs, $0.input_count) }
    self.inputs = inputs
    outputs = written.nodes.flatMap { operands($0.outputs, $0.output_count) }
    var constants = Set<Int>()
    for node in written.nodes {
      for position in 0..<Int(node.input_count) where node.inputs[position].flags & Int32(DCN_OPERAND_CONSTANT) != 0 {
        constants.insert(Int(node.inputs[position].value))
      }
    }
    packing = inputs.enumerated().map { place, id in
      guard let index = id?.index, constants.contains(index), backend.table.reaches(\.packing),
        let ask = backend.table.pointee.packing
      else { return 0 }
      return ask(made, Int32(place))
    }
  }

  /// Bytes that a run reads and writes at least, for these sizes of batches.
  func traffic(_ sizes: [BatchDimension: Int]) -> Int {
    constantBytes + (work?.share(of: operandBytes, sizes) ?? operandBytes)
  }

  private static func bytes(_ written: ContractNodes) -> (constants: Int, others: Int) {
    var (constants, others) = (0, 0)
    for node in written.nodes {
      let lists = [(node.inputs, node.input_count), (node.outputs, node.output_count)]
      for (list, count) in lists {
        for position in 0..<Int(count) {
          let operand = list![position]
          guard operand.flags & Int32(DCN_OPERAND_INTERNAL | DCN_OPERAND_ABSENT) == 0 else { continue }
          let size =
            operand.tensor.sizes.reduce(1, *) * (ElementType(rawValue: operand.tensor.element_type)?.byteCount ?? 0)
          if operand.flags & Int32(DCN_OPERAND_CONSTANT) != 0 { constants += size } else { others += size }
        }
      }
    }
    return (constants, others)
  }

  deinit { backend.table.pointee.kernel_destroy(handle) }
}
