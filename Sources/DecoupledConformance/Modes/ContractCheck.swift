import CDecoupled
import DecoupledBackendKit
import DecoupledCore

/// What the contract asks of a plugin besides right results.
enum ContractCheck: String, CaseIterable, Sendable {
  case namesAndScore = "names and score"
  case unknownOperators = "unknown operators are declined"
  case unknownAttributes = "unknown attributes are declined"
  case unknownTypes = "unknown element types and layouts are declined"
  case impossibleShapes = "shapes that do not fit are declined"
  case devices = "devices that do not exist are refused"
  case opening = "devices open and close"
  case layouts = "preferred layouts"

  func run(_ backend: OpenBackend) -> CaseResult {
    do {
      switch self {
      case .namesAndScore: try namesAndScore(backend)
      case .unknownOperators: try unknownOperators(backend)
      case .unknownAttributes: try unknownAttributes(backend)
      case .unknownTypes: try unknownTypes(backend)
      case .impossibleShapes: try impossibleShapes(backend)
      case .devices: try devices(backend)
      case .opening: try opening(backend)
      case .layouts: try layouts(backend)
      }
      return CaseResult(verdict: .passed)
    } catch let fault as Fault {
      return CaseResult(verdict: .failed(fault.clause))
    } catch {
      return CaseResult(verdict: .failed("cannot be judged: \(error)"))
    }
  }

  private func namesAndScore(_ backend: OpenBackend) throws {
    let info = backend.library.info
    let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
    guard !info.name.isEmpty, info.name.allSatisfy(letters.contains) else {
      throw Fault("has the name '\(info.name)', which is not made of letters, digits and '-'")
    }
    guard !info.version.isEmpty else { throw Fault("has no version") }
    guard let score = backend.table.score, Int(score()) == info.score else {
      throw Fault("does not give the same score twice")
    }
  }

  /// A node of each kind that the backend takes.
  private func taken(_ backend: OpenBackend) throws -> [(subject: Case, shapes: Case.Shapes, layouts: CaseLayouts)] {
    var result: [(Case, Case.Shapes, CaseLayouts)] = []
    for kind in OperatorKind.allCases {
      var numbers = Numbers(1, Int(kind.rawValue))
      for _ in 0..<4 {
        let subject = Case([kind.entry.node(&numbers)])
        let shapes = try subject.shapes()
        let layouts = backend.layouts(subject, shapes)
        let nodes = NodeMemory(subject, shapes: shapes, layouts: layouts)
        if try backend.supported(nodes) == 1 {
          result.append((subject, shapes, layouts))
          break
        }
      }
    }
    return result
  }

  private func unknownOperators(_ backend: OpenBackend) throws {
    for (subject, shapes, layouts) in try taken(backend).prefix(3) {
      for kind in [Int32(-1), 0, 9999, Int32(DCN_OPERATOR_PRIVATE) + 7] {
        let nodes = NodeMemory(subject, shapes: shapes, layouts: layouts)
        nodes.nodes[0].kind = kind
        guard try backend.supported(nodes) == 0 else { throw Fault("takes an operator of the unknown kind \(kind)") }
      }
    }
  }

  private func unknownAttributes(_ backend: OpenBackend) throws {
    for (subject, shapes, layouts) in try taken(backend) {
      for extra in [Attribute.integer("groups", 2), .real("slope", 0.5)] {
        let nodes = NodeMemory(subject, shapes: shapes, layouts: layouts, extra: [extra])
        guard try backend.supported(nodes) == 0 else {
          throw Fault("takes \(subject.operators) with the attribute '\(extra.name)', which it cannot know")
        }
      }
    }
  }

  private func unknownTypes(_ backend: OpenBackend) throws {
    for (subject, shapes, layouts) in try taken(backend) {
      let other = NodeMemory(subject, shapes: shapes, layouts: layouts)
      other.change { $0.tensor.element_type = 99 }
      guard try backend.supported(other) == 0 else { throw Fault("takes \(subject.operators) of element type 99") }
      let strange = NodeMemory(subject, shapes: shapes, layouts: layouts)
      strange.change { $0.tensor.layout = 77 }
      guard try backend.supported(strange) == 0 else { throw Fault("takes \(subject.operators) in layout 77") }
    }
  }

  /// An output that is larger than the operator makes it must not be taken: a kernel that goes by it would read behind its
  /// inputs, and one that does not would leave it unwritten.
  private func impossibleShapes(_ backend: OpenBackend) throws {
    for (subject, shapes, layouts) in try taken(backend) {
      let nodes = NodeMemory(subject, shapes: shapes, layouts: layouts)
      let node = nodes.nodes[0]
      guard let outputs = node.outputs.map({ UnsafeMutablePointer(mutating: $0) }),
        outputs[0].flags & Int32(DCN_OPERAND_ABSENT) == 0
      else { continue }
      outputs[0].tensor.dims.0 += 1
      guard try backend.supported(nodes) == 0 else {
        throw Fault("takes \(subject) with a first result of one row more than it has")
      }
    }
  }

  private func devices(_ backend: OpenBackend) throws {
    let table = backend.table
    let count = table.device_count.map { Int($0()) } ?? 1
    guard count >= 1 else { throw Fault("has \(count) devices") }
    for device in [Int32(-1), 9999] {
      var opened: OpaquePointer?
      let (status, message) = try Call.plain { table.create(device, &opened, $0, $1) }
      guard status != Int32(DCN_STATUS_OK) else {
        if let opened { table.destroy(opened) }
        throw Fault("opens device \(device), which does not exist")
      }
      guard !message.isEmpty else { throw Fault("refuses device \(device) without a sentence") }
    }
  }

  private func opening(_ backend: OpenBackend) throws {
    for _ in 0..<20 {
      let others = try (0..<3).map { _ in
        try OpenBackend(backend.library, configuration: backend.configuration)
      }
      guard Set(others.map(\.instance)).count == others.count else {
        throw Fault("opens the same instance twice")
      }
    }
  }

  private func layouts(_ backend: OpenBackend) throws {
    let known = [Int32(DCN_LAYOUT_NCHW), Int32(DCN_LAYOUT_NHWC)]
    for type in [ElementType.float32, .float64, .float16, .int32] {
      for shape in [[7], [3, 5], [2, 3, 4], [1, 3, 8, 9], [2, 64, 20, 20]] {
        let layout = backend.preferredLayout(type, shape)
        guard known.contains(layout) || layout >= Int32(DCN_LAYOUT_PRIVATE) else {
          throw Fault("prefers layout \(layout), which is none")
        }
        guard shape.count == 4 || layout != Int32(DCN_LAYOUT_NHWC) else {
          throw Fault("prefers NHWC for a tensor of rank \(shape.count)")
        }
      }
    }
  }
}
