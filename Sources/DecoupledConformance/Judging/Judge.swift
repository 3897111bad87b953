import CDecoupled
import DecoupledBackendKit
import DecoupledBase
import DecoupledCore

/// A result as it should be: in double precision, of all channels or of a sample of them.
struct Judged {
  var shape: [Int]
  var values: [Double]
  /// The axis along which only some indices were computed, and which.
  var sample: (axis: Int, indices: [Int])?

  /// The part of a full result that was computed here.
  func part(of full: [Double], shape fullShape: [Int]) -> [Double] {
    guard let sample else { return full }
    return Judge.taking(full, fullShape, sample.axis, sample.indices)
  }
}

/// Computes what a case should give with the `reference` backend in double precision, node by node.
final class Judge: @unchecked Sendable {
  private let reference: OpenBackend
  private let control: RunControl
  /// Multiply-adds above which convolutions are judged by a sample of their output channels.
  private static let sampledAbove = 60_000_000
  private static let sampledChannels = 3

  init(threads: Int) throws {
    reference = try OpenBackend(.reference)
    control = RunControl(threads: threads)
  }

  /// - Parameter subject: with the batch of the run bound.
  /// - Returns: every output of every node.
  func results(of subject: Case, _ values: CaseValues) throws -> [[Judged]] {
    let shapes = try subject.shapes()
    let products = subject.nodes.filter { $0.kind.signature.precision($0.flag) == .product }.count
    var results: [[Judged]] = []
    for (index, node) in subject.nodes.enumerated() {
      var inputs: [Judged?] = node.inputs.indices.map { place in
        switch node.inputs[place] {
        case .absent: nil
        case .tensor(let shape): Judged(shape: shape, values: values.inputs[index][place])
        case .previous(let output): results[index - 1][output]
        }
      }
      var sample = inputs.lazy.compactMap { $0?.sample }.first
      if let known = sample {
        inputs = inputs.map { Self.followed($0, known) }
      } else if products == 1,
        let channels = node.kind.entry.channels(node),
        let chosen = Self.sample(node, channels, shapes.inputs[index], shapes.outputs[index][0], subject.seed)
      {
        inputs = inputs.enumerated().map { place, operand in
          guard let operand, let axis = channels.inputs[place] else { return operand }
          return Self.cut(operand, axis, chosen)
        }
        sample = (channels.axis, chosen)
      }
      results.append(
        try outputs(of: node, inputs, subject.seed).map { output in
          var output = output
          output.sample = sample
          return output
        })
    }
    return results
  }

  /// The output channels by which a large convolution is judged, nil for all.
  private static func sample(
    _ node: NodeSpec, _ sample: ChannelSample, _ inputs: [[Int]?], _ output: [Int], _ seed: UInt64
  ) -> [Int]? {
    let channels = output[sample.axis]
    guard node.kind.multiplyAdds(inputs, result: output) > sampledAbove, channels > sampledChannels else { return nil }
    var numbers = Numbers(seed, -1)
    var chosen: Set<Int> = [0, channels - 1]
    while chosen.count < sampledChannels { chosen.insert(numbers.int(0...(channels - 1))) }
    return chosen.sorted()
  }

  /// An operand of a node behind a sampled one: per-channel parameters and full tensors lose the other channels.
  private static func followed(_ operand: Judged?, _ sample: (axis: Int, indices: [Int])) -> Judged? {
    guard let operand, operand.sample == nil else { return operand }
    switch operand.shape.count {
    case 1: return cut(operand, 0, sample.indices)
    case 4: return cut(operand, sample.axis, sample.indices)
    default: return operand
    }
  }

  private static func cut(_ operand: Judged, _ axis: Int, _ indices: [Int]) -> Judged {
    var shape = operand.shape
    shape[axis] = indices.count
    return Judged(shape: shape, values: taking(operand.values, operand.shape, axis, indices))
  }

  static func taking(_ values: [Double], _ shape: [Int], _ axis: Int, _ indices: [Int]) -> [Double] {
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    var result: [Double] = []
    result.reserveCapacity(outer * indices.count * inner)
    for block in 0..<outer {
      for index in indices {
        let start = (block * shape[axis] + index) * inner
        result += values[start..<start + inner]
      }
    }
    return result
  }

  private func outputs(of node: NodeSpec, _ inputs: [Judged?], _ seed: UInt64) throws -> [Judged] {
    var alone = NodeSpec(
      node.kind, inputs.map { $0.map { .tensor($0.shape) } ?? .absent }, node.attributes)
    // What a backend may leave out is computed all the same: later nodes are judged by it.
    alone.absentOutputs = []
    var subject = Case([alone])
    subject.elementType = .float64
    subject.hasConstants = false
    let shapes = try subject.shapes()
    let layouts = reference.layouts(subject, shapes)
    let nodes = NodeMemory(subject, shapes: shapes, layouts: layouts)
    guard try reference.supported(nodes) == 1 else {
      throw EngineError(.unsupported, "The reference backend does not run \(node).")
    }
    let kernel = try OpenKernel(reference, subject, nodes, shapes, layouts)
    let operands = try kernel.inputs.map { input in
      try inputs[input.place].map {
        try GuardedTensor(
          subject.type(node: 0, input: input.place), $0.shape, layout: 0, like: subject, values: $0.values)
      }
    }
    let results = try kernel.outputs.map {
      try GuardedTensor(
        subject.type(node: 0, output: $0.place), shapes.outputs[0][$0.place], layout: 0, like: subject, values: nil)
    }
    let (status, message) = try withExtendedLifetime(operands) {
      try kernel.run(operands.map { $0?.descriptor ?? dcn_tensor.absent }, results.map(\.descriptor), control)
    }
    guard status == Int32(DCN_STATUS_OK) else { throw EngineError(.invalidArgument, message) }
    return results.enumerated().map { Judged(shape: shapes.outputs[0][$0.offset], values: $0.element.values()) }
  }
}
