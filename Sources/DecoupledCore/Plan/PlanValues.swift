import CDecoupled

/// The values that kernels of a plan read and write: those of the graph, and copies of some in another layout.
///
/// A copy has an identifier behind those of the graph. Values that callers hand in or take out are row-major, unless they
/// are carried to another plan of the same backend; the others lie as their kernel writes them.
struct PlanValues {
  let graph: Graph
  let views: ValueViews
  private let backend: Backend
  private let external: Set<ValueID>
  private let carried: Set<ValueID>
  private let sliced: Set<ValueID>
  /// Parameters that are stored in half precision, and what kernels that take them so read.
  private let halfParameters: Set<ValueID>
  private var halves: [ValueID: ValueID] = [:]
  /// Where a value can be read, by layout.
  private var places: [ValueID: [Layout: ValueID]] = [:]
  /// What each identifier behind the graph's is a copy of.
  private var copies: [ValueID] = []
  private(set) var layouts: [ValueID: Layout] = [:]
  /// Copies that were asked for and that no kernel makes yet.
  private(set) var conversions: [(source: ValueID, target: ValueID)] = []

  /// - Parameters:
  ///   - external: what callers hand in and take out.
  ///   - carried: those of them that come from, or go to, another plan of the backend.
  ///   - sliced: carried values that go there in parts of the batch.
  ///   - halfParameters: names of the parameters that are stored in half precision.
  init(
    _ graph: Graph, views: ValueViews, backend: Backend, feeds: [ValueID], external: Set<ValueID>,
    carried: Set<ValueID>, sliced: Set<ValueID>,
    halfParameters: Set<String>
  ) {
    self.graph = graph
    self.views = views
    self.backend = backend
    self.external = external
    self.carried = carried
    self.sliced = sliced
    self.halfParameters = Set(graph.parameters.filter { halfParameters.contains(graph[$0].name) })
    for feed in feeds {
      let layout = externalLayout(feed)
      places[feed] = [layout: feed]
      layouts[feed] = layout
    }
  }

  /// The value of the graph that a value of the plan stands for.
  func original(_ id: ValueID) -> ValueID {
    id.index < graph.values.count ? id : copies[id.index - graph.values.count]
  }

  func type(of id: ValueID) -> ValueType {
    let type = graph[original(id)].type
    return isHalf(id) ? type.with(elementType: .float16) : type
  }

  /// Whether a value of the plan is a parameter, or a part of one, as it is stored in half precision.
  func isHalf(_ id: ValueID) -> Bool { id.index >= graph.values.count && halves[original(id)] == id }

  func isStoredHalf(_ value: ValueID) -> Bool { halfParameters.contains(views.root(of: value)) }

  func name(of id: ValueID) -> String { graph[original(id)].name }

  func isParameter(_ id: ValueID) -> Bool { id.index < graph.values.count && graph[id].role == .parameter }

  func layout(of id: ValueID) -> Layout { layouts[id] ?? .nchw }

  func strides(of id: ValueID, shape: [Int]) -> [Int] {
    views.strides[original(id)] ?? layout(of: id).strides(shape)
  }

  private func externalLayout(_ value: ValueID) -> Layout {
    guard carried.contains(value) else { return .nchw }
    let layout = preferred(value)
    // Where the rows of a layout lie that only the backend knows is its secret.
    return sliced.contains(value) && layout != .nhwc ? .nchw : layout
  }

  /// The backend's own layout for a value. Weights, and memory that is seen in two shapes, stay row-major.
  private func preferred(_ value: ValueID) -> Layout {
    let type = graph[value].type
    guard type.shape.count == 4, graph[value].role != .parameter, !views.isShared(value) else { return .nchw }
    return backend.preferredLayout(type)
  }

  private func placed(_ id: ValueID) -> PlacedValue {
    let type = type(of: id)
    return PlacedValue(
      id: id,
      tensor: dcn_tensor(
        elementType: type.elementType, shape: type.shape, strides: strides(of: id, shape: type.shape),
        layout: layout(of: id), buffer: nil))
  }

  private mutating func copy(of value: ValueID, _ layout: Layout) -> ValueID {
    let id = ValueID(index: graph.values.count + copies.count)
    copies.append(value)
    layouts[id] = layout
    places[value, default: [:]][layout] = id
    return id
  }

  /// How the values of one kernel lie.
  enum Form {
    /// As the backend prefers, but results for the caller as the caller wants them.
    case preferred
    /// As the backend prefers; results for the caller are converted afterwards.
    case allPreferred
    case rowMajor
  }

  /// The value from which a kernel reads; a copy is asked for where none exists in that layout.
  /// - Parameter half: read parameters as they are stored.
  mutating func reading(_ value: ValueID, _ form: Form, half: Bool) -> PlacedValue {
    if half, isStoredHalf(value) {
      if let known = halves[value] { return placed(known) }
      let id = ValueID(index: graph.values.count + copies.count)
      copies.append(value)
      halves[value] = id
      return placed(id)
    }
    let wanted = form == .rowMajor ? .nchw : preferred(value)
    guard let known = places[value] else { return placed(value) }
    if let found = known[wanted] { return placed(found) }
    guard let source = known.values.min(by: { $0.index < $1.index }) else { return placed(value) }
    let target = copy(of: value, wanted)
    conversions.append((source, target))
    return placed(target)
  }

  /// The value to which a kernel writes.
  mutating func writing(_ value: ValueID, _ form: Form) -> PlacedValue {
    let wanted: Layout =
      switch form {
      case .rowMajor: .nchw
      case .preferred: external.contains(value) ? externalLayout(value) : preferred(value)
      case .allPreferred: preferred(value)
      }
    if let known = places[value]?[wanted] { return placed(known) }
    if external.contains(value), externalLayout(value) != wanted {
      let source = copy(of: value, wanted)
      return placed(source)
    }
    places[value, default: [:]][wanted] = value
    layouts[value] = wanted
    return placed(value)
  }

  /// Asks for the conversions that bring a written value to its caller.
  mutating func deliver(_ value: ValueID) {
    guard external.contains(value), let known = places[value], known[externalLayout(value)] == nil,
      let source = known.values.min(by: { $0.index < $1.index })
    else { return }
    let layout = externalLayout(value)
    places[value]?[layout] = value
    layouts[value] = layout
    conversions.append((source, value))
  }

  mutating func takeConversions() -> [(source: PlacedValue, target: PlacedValue)] {
    defer { conversions = [] }
    return conversions.map { (placed($0.source), placed($0.target)) }
  }
}
