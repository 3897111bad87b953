import CDecoupled
import DecoupledCore

/// A kernel of a plugin, made for the nodes of a case.
final class OpenKernel: @unchecked Sendable {
  let backend: OpenBackend
  let subject: Case
  let shapes: Case.Shapes
  let layouts: CaseLayouts
  private let handle: OpaquePointer
  private let workspaceSize: Int
  private let laneWorkspaceSize: Int
  /// Which inputs of which nodes stand in the list of `run`.
  let inputs: [(node: Int, place: Int)]
  let outputs: [(node: Int, place: Int)]
  /// For each input of the run the packed form in which it is wanted, 0 for the tensor.
  let packing: [UInt64]

  init(_ backend: OpenBackend, _ subject: Case, _ nodes: NodeMemory, _ shapes: Case.Shapes, _ layouts: CaseLayouts)
    throws
  {
    self.backend = backend
    self.subject = subject
    self.shapes = shapes
    self.layouts = layouts
    var made: OpaquePointer?
    var info = dcn_kernel_info()
    // As an older host asks: what it does not have must not be written.
    info.struct_size = UInt32(MemoryLayout<dcn_kernel_info>.offset(of: \.algorithm)!)
    info.work_share = -1
    let table = backend.table
    try Call.checked("kernel_create") {
      table.kernel_create(
        backend.instance, nodes.nodes.baseAddress, Int32(nodes.nodes.count), &made, &info, $0, $1)
    }
    guard let made else { throw Fault("reports success in kernel_create but makes no kernel") }
    handle = made
    guard info.algorithm == nil, info.work_share == -1 else {
      table.kernel_destroy(made)
      throw Fault("writes behind the end of a dcn_kernel_info of \(info.struct_size) bytes in kernel_create")
    }
    let largest: UInt64 = 1 << 36
    guard info.workspace_size < largest, info.lane_workspace_size < largest else {
      table.kernel_destroy(made)
      throw Fault("asks for a workspace of \(max(info.workspace_size, info.lane_workspace_size)) bytes")
    }
    workspaceSize = Int(info.workspace_size)
    laneWorkspaceSize = (Int(info.lane_workspace_size) + 63) & ~63
    let nodeList = subject.nodes
    inputs = nodeList.indices.flatMap { node in
      nodeList[node].inputs.indices.compactMap { place in
        if case .previous = nodeList[node].inputs[place] { return nil }
        return (node, place)
      }
    }
    outputs = nodeList.indices.flatMap { node in
      shapes.outputs[node].indices.compactMap { place in
        subject.isInternal(node: node, output: place) ? nil : (node, place)
      }
    }
    packing = inputs.enumerated().map { index, input in
      let roles = nodeList[input.node].inputRoles
      guard subject.hasConstants, roles.indices.contains(input.place), roles[input.place].isParameter,
        nodeList[input.node].inputs[input.place] != .absent, backend.library.table.reaches(\.packing),
        let ask = table.packing
      else { return 0 }
      return ask(made, Int32(index))
    }
  }

  deinit { backend.table.kernel_destroy(handle) }

  /// The memory in which one run works.
  final class Workspaces {
    let shared: GuardedMemory
    let lanes: GuardedMemory

    init(_ sharedSize: Int, _ laneSize: Int) throws {
      shared = try GuardedMemory(byteCount: sharedSize)
      lanes = try GuardedMemory(byteCount: laneSize)
    }
  }

  func workspaces(_ control: RunControl) throws -> Workspaces {
    try Workspaces(workspaceSize, laneWorkspaceSize * control.pool.lanes)
  }

  /// One run in fresh memory.
  /// - Returns: the status and the sentence.
  /// - Throws: `Fault` when the run leaves traces where it may not.
  func run(
    _ inputs: [dcn_tensor], _ outputs: [dcn_tensor], _ control: RunControl, capacity: Int = Call.capacity
  ) throws -> (status: Int32, message: String) {
    let workspaces = try workspaces(control)
    let result = try run(inputs, outputs, control, workspaces, capacity: capacity)
    guard workspaces.shared.damage(beside: workspaceSize) == nil else { throw Fault("writes outside of its workspace") }
    guard workspaces.lanes.damage(beside: laneWorkspaceSize * control.pool.lanes) == nil else {
      throw Fault("writes outside of its lanes' workspace")
    }
    return result
  }

  /// One run in memory that is there.
  func run(
    _ inputs: [dcn_tensor], _ outputs: [dcn_tensor], _ control: RunControl, _ workspaces: Workspaces,
    capacity: Int = Call.capacity
  ) throws -> (status: Int32, message: String) {
    try withExtendedLifetime((control, workspaces)) {
      var context = dcn_run_context(control)
      context.workspace = workspaceSize == 0 ? nil : workspaces.shared.start
      context.lane_workspace = laneWorkspaceSize == 0 ? nil : workspaces.lanes.start
      context.lane_workspace_size = UInt64(laneWorkspaceSize)
      return try Call.plain(capacity: capacity) {
        backend.table.run(
          handle, inputs, Int32(inputs.count), outputs, Int32(outputs.count), &context, $0, $1)
      }
    }
  }
}

/// A packed parameter.
final class OpenConstant: @unchecked Sendable {
  private let backend: OpenBackend
  let handle: OpaquePointer

  init(_ backend: OpenBackend, form: UInt64, _ tensor: dcn_tensor, _ control: RunControl) throws {
    self.backend = backend
    var made: OpaquePointer?
    let table = backend.table
    guard let create = table.constant_create, table.constant_destroy != nil else {
      throw Fault("asks for a packed constant but has no constant_create or no constant_destroy")
    }
    try Self.withContext(control) { context in
      try withUnsafePointer(to: tensor) { tensor in
        try Call.checked("constant_create") { create(backend.instance, form, tensor, context, &made, $0, $1) }
      }
    }
    guard let made else { throw Fault("reports success in constant_create but makes no constant") }
    handle = made
  }

  deinit { backend.table.constant_destroy?(handle) }

  func update(_ tensor: dcn_tensor, _ control: RunControl) throws {
    guard let update = backend.table.constant_update else { throw Fault("packs constants but has no constant_update") }
    try Self.withContext(control) { context in
      try withUnsafePointer(to: tensor) { tensor in
        try Call.checked("constant_update") { update(handle, tensor, context, $0, $1) }
      }
    }
  }

  private static func withContext(
    _ control: RunControl, _ body: (UnsafePointer<dcn_run_context>) throws -> Void
  ) throws {
    try withExtendedLifetime(control) {
      var context = dcn_run_context(control)
      try body(&context)
    }
  }
}
