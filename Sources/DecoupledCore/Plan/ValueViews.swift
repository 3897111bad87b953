import CDecoupled

/// Values that are parts of another value's memory: reshapes, and slices of parameters.
struct ValueViews {
  private let graph: Graph
  private let viewNodes: Set<Int>
  private var sources: [ValueID: (root: ValueID, elementOffset: Int)] = [:]
  private let roots: Set<ValueID>
  /// Strides of the views that are not contiguous.
  private(set) var strides: [ValueID: [Int]] = [:]

  init(_ graph: Graph, _ selection: NodeSelection) {
    self.graph = graph
    var viewNodes = Set<Int>()
    for index in selection.nodes {
      let node = graph.nodes[index]
      guard let input = node.inputs.first ?? nil, let output = node.outputs.first,
        !selection.feeds.contains(output)
      else { continue }
      if node.operation is Reshape, strides[input] == nil {
        viewNodes.insert(index)
        sources[output] = sources[input] ?? (input, 0)
      } else if let slice = node.operation as? Slice, graph[input].role == .parameter,
        !selection.fetches.contains(output)
      {
        viewNodes.insert(index)
        let parent = Tensor.contiguousStrides(graph[input].type.shape)
        sources[output] = (input, slice.range.lowerBound * parent[slice.axis])
        strides[output] = parent
      }
    }
    self.viewNodes = viewNodes
    roots = Set(sources.values.map(\.root))
  }

  func resolves(node: Int) -> Bool { viewNodes.contains(node) }

  func root(of value: ValueID) -> ValueID { sources[value]?.root ?? value }

  var places: [ValueID: Plan.Place] {
    sources.mapValues { .view(of: $0.root, elementOffset: $0.elementOffset) }
  }

  /// Whether a value's memory is seen in more than one shape.
  func isShared(_ value: ValueID) -> Bool { sources[value] != nil || roots.contains(value) }
}
