public import DecoupledBackendKit
import DecoupledBase

/// Inputs of equal shape but for `axis`, joined along it. Operands flagged in `perImage` hold one row per image; the
/// last input is then row_to_image.
public struct Concat: Operator {
  public var axis: Int
  /// One flag per joined operand, empty when none is per image.
  public var perImage: [Bool]

  public init(axis: Int = 1, perImage: [Bool] = []) {
    self.axis = axis
    self.perImage = perImage.contains(true) ? perImage : []
  }

  public var kind: OperatorKind? { .concat }
  public var attributes: [Attribute] {
    [.integer("axis", axis)] + (perImage.isEmpty ? [] : [.integers("mapped", perImage.map { $0 ? 1 : 0 })])
  }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let joined = try (0..<(perImage.isEmpty ? inputs.count : perImage.count)).map { try required(inputs, $0) }
    guard let leading = joined.indices.first(where: { perImage.isEmpty || !perImage[$0] }), axis > 0,
      joined[leading].shape.indices.contains(axis)
    else { throw EngineError(.invalidArgument, "Concat along axis \(axis) has no operand that fixes the batch.") }
    var result = joined[leading]
    result.shape[axis] = 0
    for (index, operand) in joined.enumerated() {
      var expected = result
      expected.shape[axis] = operand.shape.indices.contains(axis) ? operand.shape[axis] : -1
      if perImage.isEmpty {
        guard operand.shape == expected.shape else {
          throw EngineError(.invalidArgument, "Concat joins \(joined[leading]) with \(operand), whose shapes differ.")
        }
      } else {
        try checkRows(expected, perImage: operand, map: perImage[index] ? optional(inputs, perImage.count) : nil)
      }
      result.shape[axis] += operand.shape[axis]
    }
    return [result]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    guard perImage.isEmpty else {
      throw EngineError(.unsupported, "\(context.node.name): a per-image operand has no gradient.")
    }
    let dy = try context.arriving()
    var start = 0
    var result: [ValueID?] = []
    for index in context.node.inputs.indices {
      let size = try context.type(ofInput: index).shape[axis]
      result.append(
        context.wanted[index]
          ? try context.add1(Slice(axis: axis, start..<(start + size)), [dy], "gradient-\(index)") : nil)
      start += size
    }
    return result
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    let joined = try (0..<(perImage.isEmpty ? context.operands.count : perImage.count)).map { index in
      perImage.isEmpty || !perImage[index]
        ? try context.operand(index) : try context.rows(index, map: perImage.count)
    }
    return [context.add("Concat", joined, [("axis", .integer(axis))])]
  }
}

/// x -> x[..., range, ...] along `axis`.
public struct Slice: Operator {
  public var axis: Int
  public var range: Range<Int>

  public init(axis: Int, _ range: Range<Int>) {
    self.axis = axis
    self.range = range
  }

  public var kind: OperatorKind? { .slice }
  public var attributes: [Attribute] {
    [.integer("axis", axis), .integer("start", range.lowerBound), .integer("end", range.upperBound)]
  }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    var x = try required(inputs, 0)
    guard x.shape.indices.contains(axis), range.lowerBound >= 0, range.upperBound <= x.shape[axis], !range.isEmpty,
      !(axis == 0 && x.batch != nil)
    else { throw EngineError(.invalidArgument, "Slice takes \(range) along axis \(axis) of \(x).") }
    x.shape[axis] = range.count
    return [x]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    let bounds = [range.lowerBound, range.upperBound, axis].map { context.result.constant([$0]) }
    return [context.add("Slice", context.operands + bounds)]
  }
}

/// x [images,...], indices int32 [rows] -> y [rows,...].
public struct Gather: Operator {
  public init() {}
  public var kind: OperatorKind? { .gather }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (x, indices) = (try required(inputs, 0), try required(inputs, 1))
    guard indices.elementType == .int32, indices.shape.count == 1 else {
      throw EngineError(.invalidArgument, "Gather needs int32 indices of rank 1, not \(indices).")
    }
    return [ValueType(x.elementType, indices.shape + x.shape.dropFirst(), batch: indices.batch)]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] { [try context.rows(0, map: 1)] }
}

/// The same elements with another shape. Resolved by the plan as a view: no work at run time.
public struct Reshape: Operator {
  /// Shape behind the batch dimension.
  public var trailing: [Int]
  public init(trailing: [Int]) { self.trailing = trailing }

  public var kind: OperatorKind? { nil }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let x = try required(inputs, 0)
    guard x.shape.dropFirst().reduce(1, *) == trailing.reduce(1, *) else {
      throw EngineError(.invalidArgument, "\(x) cannot be viewed as \(trailing) behind the batch.")
    }
    return [x.with(shape: [x.shape[0]] + trailing)]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let x = try context.type(ofInput: 0)
    return [try context.add1(Reshape(trailing: Array(x.shape.dropFirst())), [try context.arriving()], "gradient")]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    [context.reshape(try context.operand(0), context.type(ofOutput: 0).shape)]
  }
}
