import DecoupledBase

/// The nodes that a plan runs, and who reads what.
struct NodeSelection {
  let graph: Graph
  let feeds: Set<ValueID>
  let fetches: Set<ValueID>
  /// Indices in running order.
  let nodes: [Int]
  let parameters: [ValueID]
  /// Selected nodes that read a value.
  private let readers: [ValueID: [Int]]

  init(_ graph: Graph, feeds: [ValueID], fetches: [ValueID]) throws {
    self.graph = graph
    self.feeds = Set(feeds)
    self.fetches = Set(fetches)
    var needed = Set<Int>()
    var seen = Set<ValueID>()
    var parameters = Set<ValueID>()
    var open = fetches
    while let value = open.popLast() {
      guard seen.insert(value).inserted, !self.feeds.contains(value) else { continue }
      switch graph[value].role {
      case .input:
        throw EngineError(.invalidArgument, "The run needs the input '\(graph[value].name)', which is not given.")
      case .parameter: parameters.insert(value)
      case .result(let node, _):
        if needed.insert(node).inserted { open += graph.nodes[node].inputs.compactMap { $0 } }
      }
    }
    nodes = needed.sorted()
    for node in nodes {
      if let fed = graph.nodes[node].outputs.first(where: self.feeds.contains) {
        throw EngineError(
          .unsupported,
          "'\(graph[fed].name)' is given, but another result of '\(graph.nodes[node].name)' is needed; give both.")
      }
    }
    self.parameters = parameters.sorted { $0.index < $1.index }
    var readers: [ValueID: [Int]] = [:]
    for node in nodes {
      for input in graph.nodes[node].inputs.compactMap({ $0 }) { readers[input, default: []].append(node) }
    }
    self.readers = readers
  }

  func isUsed(_ value: ValueID) -> Bool { readers[value] != nil || fetches.contains(value) }

  /// The longest run of consecutive nodes from `position` on in which each reads a result of the one before it that
  /// nobody else needs.
  func chain(from position: Int, in order: [Int], views: ValueViews) -> [Int] {
    var chain = [order[position]]
    while position + chain.count < order.count {
      let next = order[position + chain.count]
      guard graph.nodes[chain[chain.count - 1]].outputs.contains(where: { onlyReader(of: $0, views) == next }) else {
        break
      }
      chain.append(next)
    }
    return chain
  }

  /// The values made by one node of the chain and read by the next one only.
  func internalValues(of chain: [Int], views: ValueViews) -> Set<ValueID> {
    var result = Set<ValueID>()
    for (node, next) in zip(chain, chain.dropFirst()) {
      result.formUnion(graph.nodes[node].outputs.filter { onlyReader(of: $0, views) == next })
    }
    return result
  }

  private func onlyReader(of value: ValueID, _ views: ValueViews) -> Int? {
    guard !fetches.contains(value), !feeds.contains(value), let readers = readers[value], let first = readers.first
    else { return nil }
    // A value that is seen through a view has readers that this list does not name.
    return readers.allSatisfy { $0 == first } && !views.resolves(node: first) ? first : nil
  }
}
