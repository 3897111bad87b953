/// Resize and its transpose: for each row, the rows it is made of are added up first, then the columns.
import CDecoupled
import DecoupledBackendKit

/// What both operators read.
private struct ResizePlan {
  let input: Operand
  let output: Operand
  let vertical: ResizeWeights
  let horizontal: ResizeWeights

  /// - Parameter transposed: whether the node's output is the input of the Resize.
  init(_ node: NodeReader, transposed: Bool) throws {
    input = try node.input(0, rank: 4...4)
    output = try node.output(0, rank: 4...4)
    try node.require(
      Array(output.shape[2...]) == node.requiredList("output_shape", count: 2)
        && input.shape[0...1] == output.shape[0...1],
      "shapes \(input.shape) and \(output.shape) do not fit")
    let mode = try ResizeWeights.Mode(node)
    let (from, to) = transposed ? (output.shape, input.shape) : (input.shape, output.shape)
    vertical = ResizeWeights(from: from[2], to: to[2], mode)
    horizontal = ResizeWeights(from: from[3], to: to[3], mode)
  }

  /// Calls `body(source plane, target plane, lane workspace)` for each plane.
  func eachPlane(
    _ call: KernelCall,
    _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) throws {
    let x: Rows<Float> = try call.input(input)
    let y: Rows<Float> = try call.output(output)
    try call.requireBatch(x.count, y.count, layer: input.layer)
    let channels = input.shape[1]
    let tasks = PlaneTasks(images: x.count, channels: channels, pixels: max(input.planeLength, output.planeLength))
    try call.parallelFor(tasks.count) { index, lane in
      let space = call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self)
      for plane in tasks.planes(index) {
        let (image, channel) = (plane / channels, plane % channels)
        body(x[image] + channel * input.planeLength, y[image] + channel * output.planeLength, space)
      }
    }
  }
}

final class Resize: SwiftKernel {
  private let plan: ResizePlan
  let laneWorkspaceSize: Int

  init(_ node: NodeReader) throws {
    plan = try ResizePlan(node, transposed: false)
    laneWorkspaceSize = plan.input.shape[3] * 4
  }

  func run(_ call: KernelCall) throws {
    let width = plan.input.shape[3]
    let (height, outWidth) = (plan.output.shape[2], plan.output.shape[3])
    let (vertical, horizontal) = (plan.vertical, plan.horizontal)
    try plan.eachPlane(call) { source, target, row in
      for y in 0..<height {
        for i in 0..<width { row[i] = 0 }
        for tap in vertical.starts[y]..<vertical.starts[y + 1] {
          let line = source + vertical.places[tap] * width
          let weight = vertical.weights[tap]
          for i in 0..<width { row[i] += weight * line[i] }
        }
        for x in 0..<outWidth {
          var sum: Float = 0
          for tap in horizontal.starts[x]..<horizontal.starts[x + 1] {
            sum += horizontal.weights[tap] * row[horizontal.places[tap]]
          }
          target[y * outWidth + x] = sum
        }
      }
    }
  }
}

final class ResizeGradient: SwiftKernel {
  private let plan: ResizePlan
  let laneWorkspaceSize: Int

  init(_ node: NodeReader) throws {
    plan = try ResizePlan(node, transposed: true)
    laneWorkspaceSize = plan.output.shape[3] * 4
  }

  func run(_ call: KernelCall) throws {
    let (height, outWidth) = (plan.input.shape[2], plan.input.shape[3])
    let width = plan.output.shape[3]
    let (vertical, horizontal) = (plan.vertical, plan.horizontal)
    let pixels = plan.output.planeLength
    try plan.eachPlane(call) { source, target, row in
      for i in 0..<pixels { target[i] = 0 }
      for y in 0..<height {
        for i in 0..<width { row[i] = 0 }
        for x in 0..<outWidth {
          let value = source[y * outWidth + x]
          for tap in horizontal.starts[x]..<horizontal.starts[x + 1] {
            row[horizontal.places[tap]] += horizontal.weights[tap] * value
          }
        }
        for tap in vertical.starts[y]..<vertical.starts[y + 1] {
          let line = target + vertical.places[tap] * width
          let weight = vertical.weights[tap]
          for i in 0..<width { line[i] += weight * row[i] }
        }
      }
    }
  }
}
