public import DecoupledBackendKit
import DecoupledBase

/// How Resize weighs the pixels around a position.
public struct Interpolation: Sendable, Hashable {
  public enum Mode: Int, Sendable {
    case nearest = 0
    case linear = 1
    case cubic = 2
  }
  public enum Border: Int, Sendable {
    case clamp = 0
    case reflect = 1
  }

  public var mode: Mode
  /// Keys' coefficient of the cubic kernel.
  public var cubicCoefficient: Double
  /// Whether the kernel widens when shrinking.
  public var antialias: Bool
  public var border: Border

  public init(_ mode: Mode, cubicCoefficient: Double = -0.5, antialias: Bool = false, border: Border = .clamp) {
    self.mode = mode
    self.cubicCoefficient = cubicCoefficient
    self.antialias = antialias
    self.border = border
  }

  var attributes: [Attribute] {
    [
      .integer("mode", mode.rawValue), .real("cubic_coefficient", cubicCoefficient), .flag("antialias", antialias),
      .integer("border", border.rawValue),
    ]
  }
}

/// x [N,C,H,W] -> y [N,C,OH,OW] with half-pixel centres.
public struct Resize: Operator {
  public var outputSize: [Int]
  public var interpolation: Interpolation

  public init(outputSize: [Int], _ interpolation: Interpolation) {
    self.outputSize = outputSize
    self.interpolation = interpolation
  }

  public var kind: OperatorKind? { .resize }
  public var attributes: [Attribute] { [.integers("output_shape", outputSize)] + interpolation.attributes }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let x = try image(inputs, 0)
    guard outputSize.count == 2, outputSize.allSatisfy({ $0 > 0 }) else {
      throw EngineError(.invalidArgument, "Resize needs a height and width above 0, not \(outputSize).")
    }
    return [x.with(shape: Array(x.shape[..<2]) + outputSize)]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let x = try context.type(ofInput: 0)
    let rule = ResizeGradient(inputSize: Array(x.shape[2...]), interpolation)
    return [try context.add1(rule, [try context.arriving()], "gradient")]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    if interpolation.antialias {
      throw context.noForm(because: "kernels that widen when an image shrinks exist from operator set 18 on")
    }
    if interpolation.border == .reflect {
      throw context.noForm(because: "ONNX repeats the border of an image and cannot mirror it")
    }
    let attributes: [(String, ONNXGraph.Attribute)] =
      switch interpolation.mode {
      case .nearest:
        [
          ("mode", .text("nearest")), ("coordinate_transformation_mode", .text("asymmetric")),
          ("nearest_mode", .text("floor")),
        ]
      case .linear: [("mode", .text("linear"))]
      case .cubic: [("mode", .text("cubic")), ("cubic_coeff_a", .real(interpolation.cubicCoefficient))]
      }
    let sizes = context.result.constant(context.type(ofOutput: 0).shape)
    return [context.add("Resize", [try context.operand(0), "", "", sizes], attributes)]
  }
}

/// dy [N,C,OH,OW] -> dx [N,C,H,W], the transpose of Resize.
public struct ResizeGradient: Operator {
  public var inputSize: [Int]
  public var interpolation: Interpolation

  public init(inputSize: [Int], _ interpolation: Interpolation) {
    self.inputSize = inputSize
    self.interpolation = interpolation
  }

  public var kind: OperatorKind? { .resizeGradient }
  public var attributes: [Attribute] { [.integers("output_shape", inputSize)] + interpolation.attributes }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let dy = try image(inputs, 0)
    return [dy.with(shape: Array(dy.shape[..<2]) + inputSize)]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] { throw context.isOfTraining }
}
