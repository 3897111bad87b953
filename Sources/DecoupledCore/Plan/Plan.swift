import CDecoupled

/// A part of a graph compiled for a backend: kernels in order, and a place in memory for every value between them.
///
/// Immutable; several threads may run it, each with its own `Execution`.
public final class Plan: @unchecked Sendable {
  /// Where a run finds a value.
  enum Place {
    /// In the arena, at a byte offset.
    case arena(Int)
    /// Handed in or taken out by the caller.
    case external
    /// Part of another value's memory: its root, and an element offset into it.
    case view(of: ValueID, elementOffset: Int)
  }

  public let graph: Graph
  public let feeds: [ValueID]
  public let fetches: [ValueID]
  public let backend: Backend
  let kernels: [PlanKernel]
  let places: [ValueID: Place]
  let strides: [ValueID: [Int]]
  /// Bytes of the values between kernels, for the largest batch.
  public let arenaByteCount: Int
  let workspaceByteCount: Int
  let laneWorkspaceByteCount: Int
  /// Parameters that a run reads.
  public let parameters: [ValueID]

  /// Compiles what `fetches` need, given `feeds`. Any value may be fed, so that a graph can be cut anywhere; nodes whose
  /// results nobody needs are dropped.
  /// - Throws: when something that is needed is neither fed, a parameter nor computed, or a backend fails.
  public init(_ graph: Graph, feeds: [ValueID], fetches: [ValueID], backend: Backend) throws {
    let selection = try NodeSelection(graph, feeds: feeds, fetches: fetches)
    let views = ValueViews(graph, selection)
    let reference = try Plan.referenceBackend(beside: backend)
    var kernels: [PlanKernel] = []
    var position = 0
    let computing = selection.nodes.filter { !views.resolves(node: $0) }
    while position < computing.count {
      var chain = selection.chain(from: position, in: computing, views: views)
      func written(_ chain: [Int]) -> ContractNodes {
        let internalValues = selection.internalValues(of: chain, views: views)
        return ContractNodes(
          graph, chain: chain, isInternal: internalValues.contains, isUsed: selection.isUsed, view: views.descriptor)
      }
      var nodes = written(chain)
      let supported = backend.supported(nodes.nodes.baseAddress!, chain.count)
      var chosen = backend
      if supported == 0 {
        let node = graph.nodes[chain[0]]
        Log.writeOnce(
          .info, "The backend '\(backend.info.name)' declines \(node.operation.operatorName); it runs on 'reference'.")
        chosen = reference
      }
      if max(supported, 1) != chain.count {
        chain = Array(chain.prefix(max(supported, 1)))
        nodes = written(chain)
        if supported > 0, backend.supported(nodes.nodes.baseAddress!, chain.count) != chain.count {
          throw EngineError(
            .backend,
            "The backend '\(backend.info.name)' took \(chain.count) nodes from \(graph.nodes[chain[0]].name) on, then declined them."
          )
        }
      }
      kernels.append(try PlanKernel(graph, chain: chain, written: nodes, backend: chosen))
      position += chain.count
    }

    self.graph = graph
    self.feeds = feeds
    self.fetches = fetches
    self.backend = backend
    self.kernels = kernels
    parameters = selection.parameters
    let layout = Plan.place(kernels, graph, external: Set(feeds + fetches), fetches: fetches, views: views)
    places = layout.places
    strides = views.strides
    arenaByteCount = layout.byteCount
    workspaceByteCount = kernels.map(\.workspaceSize).max() ?? 0
    laneWorkspaceByteCount = kernels.map(\.laneWorkspaceSize).max() ?? 0
  }

  /// What runs the nodes that a backend declines.
  private static func referenceBackend(beside backend: Backend) throws -> Backend {
    backend.info.name == "reference" ? backend : try Backend(.reference)
  }

  private static func place(
    _ kernels: [PlanKernel], _ graph: Graph, external: Set<ValueID>, fetches: [ValueID], views: ValueViews
  ) -> (places: [ValueID: Place], byteCount: Int) {
    var lives: [ValueID: (first: Int, last: Int)] = [:]
    for (step, kernel) in kernels.enumerated() {
      for value in kernel.inputs + kernel.outputs {
        guard let value else { continue }
        let root = views.root(of: value)
        lives[root] = (lives[root]?.first ?? step, step)
      }
    }
    // A fetched view is copied out of its root when all kernels have run.
    for fetch in fetches where views.root(of: fetch) != fetch {
      let root = views.root(of: fetch)
      lives[root] = (lives[root]?.first ?? 0, kernels.count)
    }
    var places = views.places
    var buffers: [ValueID] = []
    for (root, _) in lives.sorted(by: { $0.key.index < $1.key.index }) {
      if external.contains(root) || graph[root].role == .parameter {
        places[root] = .external
      } else {
        buffers.append(root)
      }
    }
    let layout = ArenaLayout(
      buffers.map { root in
        let type = graph[root].type
        return ArenaLayout.Request(
          byteCount: type.shape.reduce(1, *) * type.elementType.byteCount, firstStep: lives[root]!.first,
          lastStep: lives[root]!.last)
      })
    for (root, offset) in zip(buffers, layout.offsets) { places[root] = .arena(offset) }
    return (places, layout.byteCount)
  }
}
