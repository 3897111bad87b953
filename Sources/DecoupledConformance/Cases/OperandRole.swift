import CDecoupled
import DecoupledBackendKit
import DecoupledCore

/// What an operand of an operator means, which decides what numbers it is filled with.
struct OperandRole {
  enum Fill: Equatable {
    case within(ClosedRange<Double>)
    /// 0 or 1.
    case bit
    /// A place of the window's own cells in a plane of the first result, or else of the first input.
    case place(inResult: Bool)
    /// A row of the per-image operands.
    case image
    /// A row of the first input.
    case item
    /// A class of the input at that place, or the ignored one.
    case label(scores: Int)
    case seed

    /// Whether a value outside of what it may be must fail the run.
    var isIndex: Bool {
      switch self {
      case .place, .image, .item, .label: true
      case .within, .bit, .seed: false
      }
    }

    static let real = Fill.within(-1...1)
    /// Variances and the like.
    static let positive = Fill.within(0.5...1.5)
    /// Results of Sigmoid and Softmax.
    static let probability = Fill.within(0...1)
  }

  let name: String
  let fill: Fill
  private let traits: OperatorSignature.Operand.Traits
  /// What the case's element type does not decide.
  let integerType: ElementType?

  init(_ operand: OperatorSignature.Operand, _ fill: Fill? = nil) {
    (name, traits) = (operand.name, operand.traits)
    self.fill = fill ?? (name == Self.rowMapName ? .image : .real)
    integerType = operand.elementType.flatMap { ElementType(rawValue: $0) }
  }

  private static let rowMapName = "row_to_image"
  static let rowToImage = OperandRole(.init(rowMapName, [.batched, .optional], Int32(DCN_ELEMENT_I32)))

  /// Whether a model keeps it as a parameter.
  var isParameter: Bool { traits.contains(.parameter) }
  /// Whether a model may keep it in half precision.
  var isWeight: Bool { traits.contains(.weight) }
  /// Whether it holds one row per image where row_to_image is given.
  var isPerImage: Bool { traits.contains(.perImage) }
  /// Whether it counts rows of the batch along axis 0.
  var isBatched: Bool { traits.contains(.batched) }
}

extension NodeSpec {
  /// Roles of the inputs, in their order.
  var inputRoles: [OperandRole] { kind.entry.roles(self) }

  /// Element type of an output that does not have the case's.
  func integerType(ofOutput index: Int) -> ElementType? {
    kind.signature.outputs[index].elementType.flatMap { ElementType(rawValue: $0) }
  }

  /// Whether an input counts rows of the batch along axis 0, so that a run may bring fewer of them.
  func isBatched(_ input: Int) -> Bool {
    let roles = inputRoles
    guard roles.indices.contains(input) else { return false }
    return roles[input].isBatched && !(roles[input].isPerImage && hasRowMap)
  }

  var hasRowMap: Bool {
    guard let place = inputRoles.firstIndex(where: { $0.fill == .image }), inputs.indices.contains(place) else {
      return false
    }
    return inputs[place] != .absent
  }
}
