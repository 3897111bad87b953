import DecoupledBase

/// What a gradient rule sees and uses: the node it differentiates, and the graph it appends to.
public struct GradientContext {
  public var graph: Graph
  public let node: Node
  /// Gradient of each output, nil where none arrives.
  public let outputGradients: [ValueID?]
  /// Whether the gradient of each input is wanted.
  public let wanted: [Bool]
  /// Where the gradient has other rows than the forward pass: row r belongs to image `rowToImage[r]`.
  public let rowToImage: ValueID?

  public func type(ofInput index: Int) throws -> ValueType {
    guard let id = node.inputs[index] else { throw EngineError(.internal, "\(node.name): input \(index) is absent.") }
    return graph[id].type
  }

  /// The gradient that arrives at output `index`.
  public func arriving(_ index: Int = 0) throws -> ValueID {
    guard let id = outputGradients[index] else {
      throw EngineError(.unsupported, "\(node.name): no gradient arrives at output \(index).")
    }
    return id
  }

  /// row_to_image as a further operand, none where rows are images.
  public var rowOperand: [ValueID?] { rowToImage.map { [$0] } ?? [] }

  /// Appends a gradient node and returns its outputs.
  public mutating func add(_ operation: any Operator, _ inputs: [ValueID?], _ suffix: String) throws -> [ValueID] {
    let name = graph.freeName("\(node.name)/\(suffix)")
    return try graph.add(operation, inputs, name: name, isGradient: true)
  }

  public mutating func add1(_ operation: any Operator, _ inputs: [ValueID?], _ suffix: String) throws -> ValueID {
    try add(operation, inputs, suffix)[0]
  }

  /// For rules that read forward values row by row and have no way to map rows to images.
  public func refuseRows() throws {
    if rowToImage != nil {
      throw EngineError(.unsupported, "\(node.name): its gradient cannot be taken for label rows.")
    }
  }
}

extension Graph {
  /// Appends the backward nodes and returns the gradient of `target` with respect to each of `sources`, nil where
  /// `target` does not depend on a source.
  ///
  /// - Parameters:
  ///   - seed: the gradient that arrives at `target`, of its shape (the batch may be another, see `rowToImage`).
  ///   - rowToImage: int32 [rows]; the seed's row r back-propagates through the forward pass of that image.
  ///   - recomputing: compute normalisations, the ReLUs on them and unpoolings once more where the backward pass reads
  ///     them, rather than keep them until then: little work, and less than half of the memory of a decoder.
  ///
  /// Equation (3) of the paper, the class-specific saliency, is this call on the class score; training is this call on
  /// the loss. Parts that no path from a source reaches cost nothing.
  public mutating func gradient(
    of target: ValueID, withRespectTo sources: [ValueID], seed: ValueID, rowToImage: ValueID? = nil,
    recomputing: Bool = false
  ) throws -> [ValueID?] {
    let expected = self[target].type
    let given = self[seed].type
    guard given.shape.dropFirst() == expected.shape.dropFirst(), given.shape.count == expected.shape.count else {
      throw EngineError(
        .invalidArgument, "The gradient of \(self[target].name) needs a seed of type \(expected), not \(given).")
    }
    let influenced = influence(of: sources)
    var gradients: [ValueID: ValueID] = [target: seed]
    var recomputed = RecomputedValues()
    for index in nodes.indices.reversed() {
      let node = nodes[index]
      guard node.outputs.contains(where: { gradients[$0] != nil && influenced.contains($0) }) else { continue }
      if node.isGradient {
        throw EngineError(
          .unsupported,
          "\(node.name) is itself a gradient; gradients of gradients are not offered: keep the value it comes from fixed."
        )
      }
      let wanted = node.inputs.map { $0.map { influenced.contains($0) } ?? false }
      let source = recomputing ? try recomputed.source(of: node, in: &self) : node
      var context = GradientContext(
        graph: self, node: source, outputGradients: node.outputs.map { gradients[$0] }, wanted: wanted,
        rowToImage: rowToImage)
      let inputGradients = try node.operation.gradient(&context)
      self = context.graph
      for (input, gradient) in zip(node.inputs, inputGradients) {
        guard let input, let gradient, influenced.contains(input) else { continue }
        if let earlier = gradients[input] {
          let name = freeName("\(self[input].name)/gradient-sum")
          gradients[input] = try add(Add(), [earlier, gradient], name: name, isGradient: true)[0]
        } else {
          gradients[input] = gradient
        }
      }
    }
    return sources.map { gradients[$0] }
  }

  /// The sources and every value that depends on one of them.
  func influence(of sources: [ValueID]) -> Set<ValueID> {
    var reached = Set(sources)
    for node in nodes where node.inputs.contains(where: { $0.map(reached.contains) ?? false }) {
      reached.formUnion(node.outputs)
    }
    return reached
  }
}
