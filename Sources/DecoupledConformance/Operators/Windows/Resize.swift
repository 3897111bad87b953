import DecoupledBackendKit
import DecoupledCore

struct ResizeEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec { Self.node(.resize, &numbers) }

  static func node(_ kind: OperatorKind, _ numbers: inout Numbers) -> NodeSpec {
    let size = [numbers.int(1...19), numbers.int(1...19)]
    var attributes: [Attribute] = [.integers("output_shape", size)]
    let mode = numbers.int(0...2)
    if mode > 0 || numbers.chance(0.5) { attributes.append(.integer("mode", mode)) }
    if mode == 2, numbers.chance(0.5) { attributes.append(.real("cubic_coefficient", -0.75)) }
    if mode > 0, numbers.chance(0.4) { attributes.append(.flag("antialias", true)) }
    if numbers.chance(0.3) { attributes.append(.integer("border", 1)) }
    return NodeSpec(kind, [.tensor(numbers.image())], attributes)
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    [Array(try inputs(0, rank: 4)[..<2]) + (try node.required("output_shape", 2))]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) throws -> (any Operator)? {
    Resize(
      outputSize: try node.required("output_shape", 2),
      Interpolation(
        Interpolation.Mode(rawValue: node.integer("mode")) ?? .nearest,
        cubicCoefficient: node.real("cubic_coefficient"), antialias: node.flag("antialias"),
        border: Interpolation.Border(rawValue: node.integer("border")) ?? .clamp))
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    typealias Excluded = OnnxVector.Excluded
    let x = try reader.image()
    let (outputs, texts) = (reader.outputs, reader.node.texts)
    let size = Array(outputs[0].shape[2...])
    guard outputs[0].shape.prefix(2) == x.shape.prefix(2) else { throw Excluded("other axes than rows and columns") }
    let mode = texts["mode"] ?? "nearest"
    let transform = texts["coordinate_transformation_mode"] ?? "half_pixel"
    guard (texts["keep_aspect_ratio_policy"] ?? "stretch") == "stretch" else { throw Excluded("an aspect policy") }
    guard reader.integer("exclude_outside", 0) == 0 else { throw Excluded("exclude_outside") }
    if mode == "nearest" {
      guard transform == "asymmetric", texts["nearest_mode"] == "floor" else {
        throw Excluded("another rounding of nearest")
      }
    } else if transform != "half_pixel" {
      throw Excluded("other coordinates than half-pixel centres")
    }
    if let scales = reader.operand(2)?.values, !scales.isEmpty {
      // ONNX maps coordinates by the given scale, the contract by the ratio of the sizes.
      let trailing = scales.suffix(2)
      guard zip(trailing, zip(size, x.shape[2...])).allSatisfy({ abs($0 * Double($1.1) - Double($1.0)) < 1e-5 }) else {
        throw Excluded("a scale that is not the ratio of the sizes")
      }
    }
    guard let number = ["nearest": 0, "linear": 1, "cubic": 2][mode] else { throw Excluded("mode \(mode)") }
    return reader.made(
      .resize, [x],
      [
        .integers("output_shape", size), .integer("mode", number),
        .real("cubic_coefficient", reader.real("cubic_coeff_a", -0.75)),
        .flag("antialias", reader.integer("antialias", 0) != 0),
      ])
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .withinImage }

  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? {
    guard shape.count == 4 else { return nil }
    return NodeSpec(
      .resize, [.previous(0)], [.integers("output_shape", [2 * shape[2], 2 * shape[3]]), .integer("mode", 1)])
  }
}

struct ResizeGradientEntry: GradientEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec { ResizeEntry.node(.resizeGradient, &numbers) }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    try ResizeEntry().outputShapes(node, inputs)
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .withinImage }
}
