import DecoupledCore

/// What an operand of an operator means, which decides what numbers it is filled with.
struct OperandRole {
  enum Fill {
    /// -1...1.
    case real
    /// 0.5...1.5, variances and the like.
    case positive
    /// 0...1, results of Sigmoid and Softmax.
    case probability
    /// 0 or 1.
    case bit
    /// A place of the window's own cells in a plane that the attributes or another operand give.
    case place
    /// A row of the images.
    case image
    /// A class, or the ignored one.
    case label
    case seed
  }

  let name: String
  var fill = Fill.real
  /// Whether a model keeps it as a parameter.
  var isParameter = false
  /// Whether it holds one row per image where row_to_image is given.
  var isPerImage = false
  var isOptional = false

  /// What the case's element type does not decide.
  var integerType: ElementType? {
    switch fill {
    case .place, .image, .label: .int32
    case .seed: .int64
    case .real, .positive, .probability, .bit: nil
    }
  }

  static func parameter(_ name: String, _ fill: Fill = .real, optional: Bool = false) -> OperandRole {
    OperandRole(name: name, fill: fill, isParameter: true, isOptional: optional)
  }

  static func perImage(_ name: String, _ fill: Fill = .real) -> OperandRole {
    OperandRole(name: name, fill: fill, isPerImage: true)
  }

  static let rowToImage = OperandRole(name: "row_to_image", fill: .image, isOptional: true)
}

extension NodeSpec {
  /// Roles of the inputs, in their order.
  var inputRoles: [OperandRole] {
    func real(_ names: String...) -> [OperandRole] { names.map { OperandRole(name: $0) } }
    switch kind {
    case .conv, .convTranspose: return real("x") + [.parameter("w"), .parameter("b", optional: true)]
    case .convWeightGradient: return real("x", "dy")
    case .maxUnpool: return real("x") + [.perImage("indices", .place), .rowToImage]
    case .maxUnpoolGradient: return real("dy") + [.perImage("indices", .place), .rowToImage]
    case .reluGradient: return real("dy") + [.perImage("y"), .rowToImage]
    case .sigmoidGradient, .softmaxGradient: return real("dy") + [.perImage("y", .probability), .rowToImage]
    case .batchNormalization:
      return real("x") + [
        .parameter("scale", .positive), .parameter("shift"), .parameter("mean", optional: true),
        .parameter("variance", .positive, optional: true),
      ]
    case .batchNormalizationGradient:
      return real("dy") + [
        .perImage("x"), .parameter("scale", .positive), OperandRole(name: "mean"),
        OperandRole(name: "variance", fill: .positive), .rowToImage,
      ]
    case .concat:
      let flags = integers("mapped") ?? []
      let count = flags.isEmpty ? inputs.count : flags.count
      let joined = (0..<count).map { index in
        OperandRole(name: "x\(index)", isPerImage: !flags.isEmpty && flags[index] == 1)
      }
      return flags.isEmpty ? joined : joined + [.rowToImage]
    case .mul, .add: return real("a") + [.perImage("b"), .rowToImage]
    case .gemm: return real("A") + [.parameter("B"), .parameter("C", optional: true)]
    case .dropout: return real("x") + [OperandRole(name: "seed", fill: .seed)]
    case .sigmoidCrossEntropy: return real("x") + [OperandRole(name: "t", fill: .bit)]
    case .sigmoidCrossEntropyGradient: return real("dloss", "x") + [OperandRole(name: "t", fill: .bit)]
    case .softmaxCrossEntropy: return real("x") + [OperandRole(name: "t", fill: .label)]
    case .softmaxCrossEntropyGradient: return real("dloss", "x") + [OperandRole(name: "t", fill: .label)]
    case .gather: return real("x") + [OperandRole(name: "indices", fill: .image)]
    case .reduceSum, .maxPool, .averagePool, .averageUnpool, .relu, .sigmoid, .softmax, .slice, .resize,
      .resizeGradient, .scale, .convert:
      return real("x")
    }
  }

  /// Element type of an output that does not have the case's.
  func integerType(ofOutput index: Int) -> ElementType? { kind == .maxPool && index == 1 ? .int32 : nil }

  /// Whether an input counts rows of the batch along axis 0, so that a run may bring fewer of them.
  func isBatched(_ input: Int) -> Bool {
    let roles = inputRoles
    guard roles.indices.contains(input), !roles[input].isParameter else { return false }
    switch kind {
    case .dropout: return input == 0
    case .sigmoidCrossEntropyGradient, .softmaxCrossEntropyGradient: return input > 0
    case .batchNormalizationGradient: return input == 0 || input == 5 || input == 1 && !hasRowMap
    case .gather: return input == 1
    default: return !(roles[input].isPerImage && hasRowMap)
    }
  }

  var hasRowMap: Bool {
    guard let place = inputRoles.firstIndex(where: { $0.fill == .image }), inputs.indices.contains(place) else {
      return false
    }
    return inputs[place] != .absent
  }
}
