public import DecoupledBackendKit
import DecoupledBase

/// x -> the sum over `axes`, which leave the shape.
public struct ReduceSum: Operator {
  public var axes: [Int]
  public init(axes: [Int]) { self.axes = axes }

  public var kind: OperatorKind? { .reduceSum }
  public var attributes: [Attribute] { [.integers("axes", axes)] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let x = try required(inputs, 0)
    guard axes.allSatisfy(x.shape.indices.contains) else {
      throw EngineError(.invalidArgument, "ReduceSum over axes \(axes) of \(x), which has no such axes.")
    }
    let kept = x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] }
    return [ValueType(x.elementType, kept.isEmpty ? [1] : kept, batch: axes.contains(0) ? nil : x.batch)]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let x = try context.type(ofInput: 0).shape
    let kept = x.indices.filter { !axes.contains($0) }
    guard kept.first == 0, kept == Array(0..<kept.count) else {
      throw EngineError(
        .unsupported, "\(context.node.name): only a sum over the last axes has a gradient, not one over \(axes).")
    }
    // Each sum goes back to all elements that were added: a pixel that is resized to an image.
    let size = x.count == 4 && kept.count == 2 ? Array(x[2...]) : [1, x[kept.count...].reduce(1, *)]
    let pixel = try context.add1(
      Reshape(trailing: [x[1..<kept.count].reduce(1, *), 1, 1]), [try context.arriving()], "pixel")
    let spread = try context.add1(Resize(outputSize: size, Interpolation(.nearest)), [pixel], "gradient")
    return [try context.add1(Reshape(trailing: Array(x.dropFirst())), [spread], "gradient")]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    let sum = context.add(
      "ReduceSum", [try context.operand(0), context.result.constant(axes)], [("keepdims", .integer(0))])
    return [context.reshape(sum, context.type(ofOutput: 0).shape)]
  }
}

/// A [m,k], B [k,n], C optional -> alpha * A' * B' + beta * C, A' and B' transposed on request.
public struct Gemm: Operator {
  public var transA: Bool
  public var transB: Bool
  public var alpha: Double
  public var beta: Double

  public init(transA: Bool = false, transB: Bool = false, alpha: Double = 1, beta: Double = 1) {
    self.transA = transA
    self.transB = transB
    self.alpha = alpha
    self.beta = beta
  }

  public var kind: OperatorKind? { .gemm }
  public var attributes: [Attribute] {
    [.flag("transA", transA), .flag("transB", transB), .real("alpha", alpha), .real("beta", beta)]
  }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (a, b) = (try required(inputs, 0), try required(inputs, 1))
    guard a.shape.count == 2, b.shape.count == 2, a.shape[transA ? 0 : 1] == b.shape[transB ? 1 : 0] else {
      throw EngineError(.invalidArgument, "Gemm cannot multiply \(a) by \(b).")
    }
    return [
      ValueType(a.elementType, [a.shape[transA ? 1 : 0], b.shape[transB ? 0 : 1]], batch: transA ? nil : a.batch)
    ]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    // For label rows: with respect to the rows of A, through a B that is the same for all of them.
    let isShared = try context.type(ofInput: 1).batch == nil
    if transA || !isShared || context.wanted.dropFirst().contains(true) { try context.refuseRows() }
    let dy = try context.arriving()
    let (a, b) = (context.node.inputs[0], context.node.inputs[1])
    var result: [ValueID?] = [nil, nil, nil]
    if context.wanted[0] {
      result[0] =
        transA
        ? try context.add1(Gemm(transA: transB, transB: true, alpha: alpha), [b, dy], "left-gradient")
        : try context.add1(Gemm(transB: !transB, alpha: alpha), [dy, b], "left-gradient")
    }
    if context.wanted[1] {
      result[1] =
        transB
        ? try context.add1(Gemm(transA: true, transB: transA, alpha: alpha), [dy, a], "right-gradient")
        : try context.add1(Gemm(transA: !transA, alpha: alpha), [a, dy], "right-gradient")
    }
    if context.wanted.count > 2, context.wanted[2] {
      guard try context.type(ofInput: 2).shape.count == 1 else {
        throw EngineError(.unsupported, "\(context.node.name): only a C of rank 1 has a gradient.")
      }
      let sum = try context.add1(ReduceSum(axes: [0]), [dy], "bias-gradient")
      result[2] = beta == 1 ? sum : try context.add1(Scale(beta), [sum], "bias-gradient")
    }
    return Array(result.prefix(context.node.inputs.count))
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    [
      context.add(
        "Gemm", context.operands,
        [
          ("transA", .integer(transA ? 1 : 0)), ("transB", .integer(transB ? 1 : 0)), ("alpha", .real(alpha)),
          ("beta", .real(beta)),
        ])
    ]
  }
}
