import DecoupledBase
import DecoupledCore

extension Model {
  /// The same model with copies of some of its weights, so that training them changes nobody else's (a model file is mapped).
  func withOwnCopies(of names: [String]) throws -> Model {
    let own = ParameterStore()
    for name in parameters.names { own[name] = parameters[name] }
    for name in names { own[name] = try parameters.ownCopy(of: name) }
    return try Model(description, classNames: classNames, parameters: own)
  }

  /// Weights that a graph reads and does not train.
  func fixedWeights(_ graph: TrainingGraph) -> [(name: String, tensor: Tensor)] {
    let trained = Set(graph.gradients.map(\.parameter))
    return graph.graph.parameters.filter { !trained.contains($0) }.compactMap { id in
      let name = graph.graph[id].name
      return parameters[name].map { (name, $0) }
    }
  }

  /// A model with classes added to the score layer: known classes keep their rows, new ones are drawn as the fillers say. All
  /// other weights are shared with this model; the segmentation network knows no classes and serves the new ones too.
  /// - Parameter newClassNames: added behind the known ones; names that are known are left out.
  public func extended(with newClassNames: [String], seed: UInt64) throws -> Model {
    try require(.classification)
    let added = newClassNames.filter { !classNames.contains($0) }
    guard !added.isEmpty else {
      throw EngineError(
        .invalidArgument, "The model knows all of these classes already: \(newClassNames.joined(separator: ", ")).")
    }
    var larger = description
    larger.classes += added.count
    let store = ParameterStore()
    let rows = try description.parameters([.score]).map(\.name)
    for name in parameters.names where !rows.contains(name) { store[name] = parameters[name] }
    let result = try Model(larger, classNames: classNames + added, parameters: store)
    try result.fill(.classification, seed: seed)
    for name in rows {
      guard let old = parameters[name], let new = store[name] else { continue }
      try new.slice(axis: 0, 0..<old.shape[0]).copyContents(from: old.asFloat32())
    }
    return result
  }
}
