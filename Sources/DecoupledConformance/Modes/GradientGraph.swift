import DecoupledBase
import DecoupledCore

/// A case as a graph of the engine, with the gradients of its first result appended.
struct GradientGraph {
  let graph: Graph
  /// Inputs of the case by node and place, and the tensor type of each.
  let operands: [(node: Int, place: Int, id: ValueID)]
  /// Those that are differentiated, with their gradients.
  private(set) var sources: [(operand: Int, gradient: ValueID)] = []
  let result: ValueID
  let seed: ValueID
  /// What tells on which side of a kink a result lies: places of maxima.
  private(set) var places: ValueID?

  /// - Throws: `EngineError` where the engine has no such operator, or no gradient of it.
  init(_ subject: Case) throws {
    let shapes = try subject.shapes()
    var graph = Graph()
    var operands: [(node: Int, place: Int, id: ValueID)] = []
    var made: [[ValueID]] = []
    for (index, node) in subject.nodes.enumerated() {
      let roles = node.inputRoles
      let inputs = try node.inputs.indices.map { place -> ValueID? in
        switch node.inputs[place] {
        case .absent: return nil
        case .previous(let output): return made[index - 1][output]
        case .tensor(let shape):
          let name = "\(index).\(roles[place].name)"
          let type = subject.type(node: index, input: place)
          let id =
            roles[place].isParameter
            ? try graph.addParameter(name, shape) : try graph.addInput(name, ValueType(type, shape))
          operands.append((index, place, id))
          return id
        }
      }
      let operation = try Self.operation(node, shapes.inputs[index])
      let outputs = try graph.add(operation, inputs, name: "layer\(index)")
      guard outputs.map({ graph[$0].type.shape }) == Array(shapes.outputs[index].prefix(outputs.count)) else {
        throw EngineError(.unsupported, "The engine's \(node.kind.name) has other shapes.")
      }
      made.append(outputs)
    }
    result = made[made.count - 1][0]
    if subject.nodes[subject.nodes.count - 1].kind == .maxPool { places = made[made.count - 1][1] }
    seed = try graph.addInput("seed", graph[result].type)
    let wanted = operands.indices.filter { index in
      let (node, place, id) = operands[index]
      guard graph[id].type.elementType == .float32 else { return false }
      return Self.isDifferentiable(subject.nodes[node], place)
    }
    let gradients = try graph.gradient(of: result, withRespectTo: wanted.map { operands[$0].id }, seed: seed)
    sources = zip(wanted, gradients).compactMap { index, gradient in gradient.map { (index, $0) } }
    self.graph = graph
    self.operands = operands
    guard !sources.isEmpty else { throw EngineError(.unsupported, "\(subject) has nothing to differentiate.") }
  }

  /// Targets, statistics that are given, and operands that rows share have no gradient.
  private static func isDifferentiable(_ node: NodeSpec, _ place: Int) -> Bool {
    switch node.kind {
    case .batchNormalization: place < 3
    case .sigmoidCrossEntropy, .softmaxCrossEntropy: place == 0
    case .mul, .add: place == 0 || !node.hasRowMap
    case .gemm: place < 2 || node.inputs[2] == .absent || Self.rank(node.inputs[2]) == 1
    default: true
    }
  }

  private static func rank(_ input: InputSpec) -> Int {
    if case .tensor(let shape) = input { shape.count } else { 0 }
  }

  private static func operation(_ node: NodeSpec, _ shapes: [[Int]?]) throws -> any Operator {
    func real(_ name: String, _ standard: Double) -> Double {
      guard case .reals(let values)? = node.attributes.first(where: { $0.name == name })?.content else {
        return standard
      }
      return values[0]
    }
    func window(_ kernel: [Int]) throws -> SlidingWindow {
      let (strides, pads, dilations) = try node.geometry()
      return SlidingWindow(kernel: kernel, strides: strides, pads: pads, dilations: dilations)
    }
    let kernel = node.integers("kernel_shape") ?? [1, 1]
    let size = node.integers("output_shape") ?? [1, 1]
    switch node.kind {
    case .conv: return Conv(try window(Array(shapes[1]![2...])), group: node.integer("group", default: 1))
    case .convTranspose:
      return ConvTranspose(
        try window(Array(shapes[1]![2...])), outputPadding: node.integers("output_padding") ?? [0, 0],
        group: node.integer("group", default: 1))
    case .reduceSum: return ReduceSum(axes: node.integers("axes") ?? [])
    case .maxPool: return MaxPool(try window(kernel), ceilMode: node.flag("ceil_mode"))
    case .maxUnpool where !node.flag("accumulate"): return MaxUnpool(outputSize: size)
    case .averagePool where !node.flag("count_include_pad"): return AveragePool(try window(kernel))
    case .averageUnpool where !node.flag("count_include_pad"):
      return AverageUnpool(try window(kernel), outputSize: size)
    case .relu: return Relu()
    case .sigmoid: return Sigmoid()
    case .softmax: return Softmax(axis: node.integer("axis", default: 1))
    case .batchNormalization:
      return BatchNormalization(epsilon: real("epsilon", 1e-5), training: node.flag("training_mode"))
    case .concat where node.integers("mapped") == nil: return Concat(axis: node.integer("axis", default: 1))
    case .mul: return Mul(broadcast: node.flag("broadcast"))
    case .add: return Add(broadcast: node.flag("broadcast"))
    case .gemm:
      return Gemm(
        transA: node.flag("transA"), transB: node.flag("transB"), alpha: real("alpha", 1), beta: real("beta", 1))
    case .dropout: return Dropout(ratio: real("ratio", 0.5))
    case .resize:
      return Resize(
        outputSize: size,
        Interpolation(
          Interpolation.Mode(rawValue: node.integer("mode", default: 0)) ?? .nearest,
          cubicCoefficient: real("cubic_coefficient", -0.5), antialias: node.flag("antialias"),
          border: Interpolation.Border(rawValue: node.integer("border", default: 0)) ?? .clamp))
    case .sigmoidCrossEntropy: return SigmoidCrossEntropy()
    case .softmaxCrossEntropy: return SoftmaxCrossEntropy(ignoreIndex: node.integer("ignore_index", default: 255))
    case .scale: return Scale(real("factor", 1))
    default: throw EngineError(.unsupported, "The engine does not differentiate \(node).")
    }
  }
}
