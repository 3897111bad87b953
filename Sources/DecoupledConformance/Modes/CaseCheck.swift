import CDecoupled
import DecoupledCore
import Synchronization

/// Runs one case on a backend in every way that a host may, and compares.
final class CaseCheck {
  private let backend: OpenBackend
  private let judge: Judge
  /// Sessions of one and of several threads.
  private let single = RunControl(threads: 1)
  private let several = RunControl(threads: 3)
  /// Bytes of operands above which a case runs on one caller's thread only.
  private static let concurrentBelow = 4 << 20

  init(_ backend: OpenBackend, judge: Judge) {
    self.backend = backend
    self.judge = judge
  }

  func check(_ whole: Case) -> CaseResult {
    var result = CaseResult(verdict: .passed)
    do {
      guard let kernel = try offer(whole) else { return CaseResult(verdict: .declined) }
      result.nodes = kernel.subject.nodes.count
      result.tolerance = Tolerance.of(kernel.subject, nodes: result.nodes)
      if whole.contents == .misplaced { try refusal(kernel) } else { result.error = try runs(kernel) }
    } catch let fault as Fault {
      result.verdict = .failed(fault.clause)
    } catch {
      result.verdict = .failed("cannot be judged: \(error)")
    }
    return result
  }

  /// Offers the chain as a plan does and makes the kernel, nil when the backend declines.
  func offer(_ whole: Case) throws -> OpenKernel? {
    var subject = whole
    var shapes = try subject.shapes()
    var layouts = backend.layouts(subject, shapes)
    var nodes = NodeMemory(subject, shapes: shapes, layouts: layouts)
    let count = try backend.supported(nodes)
    guard count > 0 else { return nil }
    if count < subject.nodes.count {
      // The host offers what was taken once more, because its last result is now read from outside.
      subject = subject.prefix(count)
      shapes = try subject.shapes()
      layouts = layouts.prefix(count)
      nodes = NodeMemory(subject, shapes: shapes, layouts: layouts)
    }
    let again = try backend.supported(nodes)
    guard again == count else {
      throw Fault("takes \(count) nodes of the chain when it is offered, and then \(again) of those \(count)")
    }
    return try OpenKernel(backend, subject, nodes, shapes, layouts)
  }

  /// What a kernel makes of given numbers, by output; nil for one that is left out.
  func results(_ kernel: OpenKernel, _ values: CaseValues) throws -> [[Double]?] {
    let operands = try operands(
      kernel, kernel.subject, kernel.shapes, values, constants: kernel.packing.map { _ in nil })
    try run(kernel, operands, several)
    return operands.outputs.map { $0?.values() }
  }

  // MARK: - Times

  /// The median of several runs in seconds, after one that is not counted.
  func times(_ kernel: OpenKernel, _ control: RunControl, runs: ClosedRange<Int>, seconds: Double) throws -> Double {
    let values = CaseValues(kernel.subject, shapes: kernel.shapes)
    let constants = try pack(kernel, kernel.subject, kernel.shapes, values)
    let operands = try operands(kernel, kernel.subject, kernel.shapes, values, constants: constants)
    try run(kernel, operands, control)
    let workspaces = try kernel.workspaces(control)
    var taken: [Double] = []
    let clock = ContinuousClock()
    while taken.count < runs.lowerBound || taken.count < runs.upperBound && taken.reduce(0, +) < seconds {
      let elapsed = try clock.measure {
        let (status, message) = try withExtendedLifetime(operands) {
          try kernel.run(operands.given, operands.made, control, workspaces)
        }
        guard status == Int32(DCN_STATUS_OK) else { throw Fault("fails in run: \(message)") }
      }
      taken.append(elapsed / .seconds(1))
    }
    return taken.sorted()[taken.count / 2]
  }

  // MARK: - Runs

  /// Operands of one run.
  private final class Operands {
    var inputs: [GuardedTensor?] = []
    var outputs: [GuardedTensor?] = []
    var constants: [OpenConstant?] = []

    /// What `run` is given as inputs: a packed constant stands in place of its tensor.
    var given: [dcn_tensor] {
      inputs.enumerated().map { index, tensor in
        guard let tensor else { return .absent }
        guard let constant = constants[index] else { return tensor.descriptor }
        var packed = tensor.descriptor
        packed.layout = Int32(DCN_LAYOUT_PACKED)
        packed.buffer = UnsafeMutableRawPointer(constant.handle)
        packed.byte_offset = 0
        return packed
      }
    }

    var made: [dcn_tensor] { outputs.map { $0?.descriptor ?? .absent } }

    func damage() -> String? {
      (inputs + outputs).lazy.compactMap { $0?.damage() }.first
    }

    var bits: [[UInt8]] { outputs.map { $0?.bits() ?? [] } }
  }

  private func operands(
    _ kernel: OpenKernel, _ bound: Case, _ shapes: Case.Shapes, _ values: CaseValues, constants: [OpenConstant?]
  ) throws -> Operands {
    let result = Operands()
    result.constants = constants
    result.inputs = try kernel.inputs.map { input in
      guard let shape = shapes.inputs[input.node][input.place] else { return nil }
      return try GuardedTensor(
        bound.type(node: input.node, input: input.place), shape, layout: kernel.layouts.inputs[input.node][input.place],
        like: bound, values: values.inputs[input.node][input.place])
    }
    result.outputs = try kernel.outputs.map { output in
      guard !bound.nodes[output.node].absentOutputs.contains(output.place) else { return nil }
      return try GuardedTensor(
        bound.type(node: output.node, output: output.place), shapes.outputs[output.node][output.place],
        layout: kernel.layouts.outputs[output.node][output.place], like: bound, values: nil)
    }
    return result
  }

  /// Runs once and checks the traces.
  private func run(_ kernel: OpenKernel, _ operands: Operands, _ control: RunControl) throws {
    let (status, message) = try withExtendedLifetime(operands) {
      try kernel.run(operands.given, operands.made, control)
    }
    guard status == Int32(DCN_STATUS_OK) else {
      throw Fault("takes the case and then fails in run with status \(status)\(message.isEmpty ? "" : ": \(message)")")
    }
    if let damage = operands.damage() { throw Fault(damage) }
  }

  /// - Returns: the worst error.
  private func runs(_ kernel: OpenKernel) throws -> Double {
    let bound = kernel.subject.bound()
    let shapes = try bound.shapes()
    let values = CaseValues(bound, shapes: shapes)
    let expected = try judge.results(of: bound, values)
    let constants = try pack(kernel, bound, shapes, values)

    let first = try operands(kernel, bound, shapes, values, constants: constants)
    try run(kernel, first, single)
    var worst = 0.0
    for (tensor, output) in zip(first.outputs, kernel.outputs) {
      guard let tensor else { continue }
      switch Comparison.compare(
        tensor.values(), shape: shapes.outputs[output.node][output.place], with: expected, node: output.node,
        output: output.place, of: bound)
      {
      case .agrees(let error): worst = max(worst, error)
      case .differs(let sentence): throw Fault(sentence)
      }
    }
    let bits = first.bits
    func expectSame(_ other: Operands, _ when: String) throws {
      if other.bits != bits { throw Fault("gives other bits \(when)") }
    }
    let second = try operands(kernel, bound, shapes, values, constants: constants)
    try run(kernel, second, several)
    try expectSame(second, "on three lanes than on one")

    guard bound.bytes(shapes) < Self.concurrentBelow else { return worst }
    let third = try operands(kernel, bound, shapes, values, constants: constants)
    try Concurrently.run([{ try self.run(kernel, third, self.several) }, { try self.run(kernel, second, self.single) }])
    try expectSame(third, "when two threads run the kernel at once")
    try expectSame(second, "when its memory is used again")
    try otherInstance(kernel, third, bits)
    try cancellation(kernel, third)
    return worst
  }

  /// The packed parameters that the kernel wants: made from other numbers and then updated, so that both are tried.
  private func pack(
    _ kernel: OpenKernel, _ bound: Case, _ shapes: Case.Shapes, _ values: CaseValues
  ) throws -> [OpenConstant?] {
    guard kernel.packing.contains(where: { $0 != 0 }) else { return kernel.packing.map { _ in nil } }
    let others = CaseValues(bound, shapes: shapes, variant: 1)
    return try zip(kernel.inputs, kernel.packing).map { input, form in
      guard form != 0, let shape = shapes.inputs[input.node][input.place] else { return nil }
      func tensor(_ values: CaseValues) throws -> GuardedTensor {
        try GuardedTensor(
          bound.type(node: input.node, input: input.place), shape,
          layout: kernel.layouts.inputs[input.node][input.place], like: bound,
          values: values.inputs[input.node][input.place])
      }
      // The tensors are gone before the run: a constant may not point into them.
      let early = try tensor(others)
      let constant = try OpenConstant(backend, form: form, early.descriptor, several)
      let late = try tensor(values)
      try constant.update(late.descriptor, single)
      if let damage = early.damage() ?? late.damage() { throw Fault("in packing a constant " + damage) }
      return constant
    }
  }

  /// A second opened device takes the same case, makes a kernel of its own, and reads the same constants.
  private func otherInstance(_ kernel: OpenKernel, _ operands: Operands, _ bits: [[UInt8]]) throws {
    let other = try OpenBackend(backend.library, configuration: backend.configuration)
    let nodes = NodeMemory(kernel.subject, shapes: kernel.shapes, layouts: kernel.layouts)
    guard try other.supported(nodes) == kernel.subject.nodes.count else {
      throw Fault("declines on a second opened device what it takes on the first")
    }
    let twin = try OpenKernel(other, kernel.subject, nodes, kernel.shapes, kernel.layouts)
    guard twin.packing == kernel.packing else { throw Fault("asks for other packed forms on a second opened device") }
    try run(twin, operands, several)
    if operands.bits != bits { throw Fault("gives other bits on a second opened device") }
  }

  private func cancellation(_ kernel: OpenKernel, _ operands: Operands) throws {
    let control = RunControl(threads: 2)
    control.cancel()
    let (status, _) = try withExtendedLifetime(operands) { try kernel.run(operands.given, operands.made, control) }
    guard [Int32(DCN_STATUS_OK), Int32(DCN_STATUS_CANCELLED)].contains(status) else {
      throw Fault("fails with status \(status) when the run is cancelled, instead of \(DCN_STATUS_CANCELLED)")
    }
    if let damage = operands.damage() { throw Fault("in a cancelled run " + damage) }
  }

  /// A run with an index that is none must fail with a sentence and write nothing it may not.
  private func refusal(_ kernel: OpenKernel) throws {
    let bound = kernel.subject.bound()
    let shapes = try bound.shapes()
    let values = CaseValues(bound, shapes: shapes)
    for capacity in [Call.capacity, 12] {
      let operands = try operands(
        kernel, bound, shapes, values, constants: kernel.packing.map { _ in nil })
      let (status, message) = try withExtendedLifetime(operands) {
        try kernel.run(operands.given, operands.made, several, capacity: capacity)
      }
      if let damage = operands.damage() { throw Fault("given an index outside of its range " + damage) }
      guard status != Int32(DCN_STATUS_OK) else { throw Fault("accepts an index outside of its range") }
      guard !message.isEmpty else { throw Fault("fails on an index outside of its range without a sentence") }
    }
  }
}
