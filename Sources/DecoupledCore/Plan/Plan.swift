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
  let values: PlanValues
  /// Where the workspace of each kernel stands in the arena.
  let workspaceOffsets: [Int]
  /// Bytes of the values between kernels and of the workspaces, for the largest batch.
  public let arenaByteCount: Int
  let laneWorkspaceByteCount: Int
  /// Whether packed weights stay for later runs.
  let keepsPackedWeights: Bool
  /// Parameters that a run reads.
  let parameters: [ValueID]
  /// Parameters that a run reads in half precision.
  let parametersAsStored: [ValueID]

  /// Compiles what `fetches` need, given `feeds`. Any value may be fed, so that a graph can be cut anywhere; nodes whose
  /// results nobody needs are dropped.
  /// - Parameter carried: fetches that only go to other plans of this backend, and feeds that only come from there. They
  ///   stay in the backend's own layout; every other tensor of a caller is row-major.
  /// - Parameter sliced: carried values that other plans get in parts of the batch (`Tensor.rows`).
  /// - Parameter halfParameters: names of parameters that are stored in half precision; kernels that can read them as they
  ///   are, others get a widened copy.
  /// - Parameter keepsPackedWeights: whether the forms into which the backend packs weights are kept for later runs. Training
  ///   changes the weights between runs: it packs them before each use, one layer at a time, in a tenth of the memory.
  /// - Throws: when something that is needed is neither fed, a parameter nor computed, or a backend fails.
  public init(
    _ graph: Graph, feeds: [ValueID], fetches: [ValueID], carried: Set<ValueID> = [],
    sliced: Set<ValueID> = [], halfParameters: Set<String> = [], keepsPackedWeights: Bool = true, backend: Backend
  ) throws {
    let selection = try NodeSelection(graph, feeds: feeds, fetches: fetches)
    let views = ValueViews(graph, selection)
    var compiler = PlanCompiler(
      selection, backend: backend, reference: try Plan.referenceBackend(beside: backend),
      values: PlanValues(
        graph, views: views, backend: backend, feeds: feeds, external: Set(feeds + fetches), carried: carried,
        sliced: sliced, halfParameters: halfParameters))
    try compiler.compile(selection.nodes.filter { !views.resolves(node: $0) })
    self.graph = graph
    self.feeds = feeds
    self.fetches = fetches
    self.backend = backend
    self.keepsPackedWeights = keepsPackedWeights
    kernels = compiler.kernels
    let values = compiler.values
    self.values = values
    let read = compiler.kernels.flatMap(\.inputs).compactMap { $0 }
    let asStored = Set(read.filter(values.isHalf).map { values.views.root(of: values.original($0)) })
    let asComputed = Set(
      read.filter { !values.isHalf($0) }.map(values.views.root(of:)) + fetches.map(values.views.root(of:)))
    parameters = selection.parameters.filter(asComputed.contains)
    parametersAsStored = selection.parameters.filter(asStored.contains)
    let layout = Plan.place(kernels, values, external: Set(feeds + fetches), fetches: fetches)
    places = layout.places
    workspaceOffsets = layout.workspaces
    arenaByteCount = layout.byteCount
    laneWorkspaceByteCount = kernels.map(\.laneWorkspaceSize).max() ?? 0
  }

  /// Names of the backends that run the kernels, in order.
  package var kernelBackends: [String] { kernels.map(\.backend.info.name) }

  /// What runs the nodes that a backend declines.
  private static func referenceBackend(beside backend: Backend) throws -> Backend {
    backend.info.name == "reference" ? backend : try Backend(backend.fallback)
  }

  private static func place(
    _ kernels: [PlanKernel], _ values: PlanValues, external: Set<ValueID>, fetches: [ValueID]
  ) -> (places: [ValueID: Place], workspaces: [Int], byteCount: Int) {
    let views = values.views
    var lives: [ValueID: (first: Int, last: Int)] = [:]
    for (step, kernel) in kernels.enumerated() {
      for value in kernel.inputs + kernel.outputs {
        guard let value, !values.isHalf(value) else { continue }
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
      if external.contains(root) || values.isParameter(root) {
        places[root] = .external
      } else {
        buffers.append(root)
      }
    }
    let layout = ArenaLayout(
      buffers.map { root in
        let type = values.type(of: root)
        return ArenaLayout.Request(
          byteCount: type.shape.reduce(1, *) * type.elementType.byteCount, firstStep: lives[root]!.first,
          lastStep: lives[root]!.last)
      }
        + kernels.enumerated().map { step, kernel in
          ArenaLayout.Request(byteCount: kernel.workspaceSize, firstStep: step, lastStep: step)
        })
    for (root, offset) in zip(buffers, layout.offsets) { places[root] = .arena(offset) }
    return (places, Array(layout.offsets.dropFirst(buffers.count)), layout.byteCount)
  }
}
