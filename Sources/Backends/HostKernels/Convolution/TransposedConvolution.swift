/// ConvTranspose, with the BatchNormalization (inference form) and Relu that may follow it. Two ways, chosen by shape:
///
/// - Stride 1 and weights of moderate size: it is a convolution with flipped weights. They are turned round into the
///   workspace at each run, which costs a small part of the product. 1x1 kernels are used in place.
/// - Otherwise: the product of the transposed weights with the image gives the window matrix of the result, whose rows are
///   added to their places. Each task owns a block of output channels, so no two tasks write to the same plane, and the
///   weights are read in place, once for all images that fit side by side.
import CDecoupled
import DecoupledBackendKit

enum TransposedConvolution {
  static func kernel(_ readers: [NodeReader]) throws -> any SwiftKernel {
    let parts = try TransposedParts(readers)
    let weights = parts.weights
    let moderate = weights.elementCount <= 1 << 22
    if parts.geometry.strideY == 1, parts.geometry.strideX == 1, moderate, parts.geometry.kernelSize > 1 {
      return FlippedConvolution(parts)
    }
    if parts.geometry.isPointwise, parts.x.planeLength >= 192 { return FlippedConvolution(parts) }
    return ScatteredConvolution(parts)
  }
}

/// What both ways read from the node.
struct TransposedParts {
  let x: Operand
  let weights: Operand
  /// Geometry of the convolution from the result to x.
  let geometry: ConvolutionGeometry
  let epilogue: EpilogueOperands
  let groups: Int
  /// Channels of each group.
  let inputChannels: Int
  let outputChannels: Int

  init(_ readers: [NodeReader]) throws {
    let node = readers[0]
    x = try node.input(0, rank: 4...4)
    weights = try node.input(1, rank: 4...4)
    let bias = try node.optionalInput(2, rank: 1...1)
    let y = try node.output(0, rank: 4...4)
    groups = try node.group()
    inputChannels = weights.shape[0] / groups
    outputChannels = weights.shape[1]
    try node.require(
      x.shape[1] == weights.shape[0] && inputChannels * groups == x.shape[1],
      "\(x.shape[1]) channels meet weights \(weights.shape) in \(groups) groups")
    let channels = outputChannels * groups
    try node.require(y.shape[0] == x.shape[0] && y.shape[1] == channels, "the result has shape \(y.shape)")
    try node.require(bias == nil || bias?.shape == [channels], "the bias does not fit weights \(weights.shape)")
    geometry = try ConvolutionGeometry(
      node, image: Array(y.shape[2...]), kernel: Array(weights.shape[2...]), result: Array(x.shape[2...]),
      outputPadding: try node.list("output_padding", count: 2, default: 0))
    epilogue = try EpilogueOperands(readers, bias: bias, shape: y.shape)
  }
}

/// Stride 1: a convolution with the weights turned round.
private final class FlippedConvolution: SwiftKernel {
  private let parts: TransposedParts
  private let method: ConvolutionMethod
  private let turnsWeights: Bool
  let workspaceSize: Int
  let laneWorkspaceSize: Int

  init(_ parts: TransposedParts) {
    self.parts = parts
    turnsWeights = !parts.geometry.isPointwise
    method = ConvolutionMethod(
      parts.geometry.flipped(), channels: parts.inputChannels, outputChannels: parts.outputChannels,
      groups: parts.groups, transposedWeights: !turnsWeights)
    let turned = turnsWeights ? parts.weights.elementCount : 0
    workspaceSize = (parts.epilogue.workspaceCount + turned + method.workspaceCount(batch: parts.x.rows)) * 4
    laneWorkspaceSize = method.laneWorkspaceCount * 4
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(parts.x)
    let weights: Rows<Float> = try call.parameter(parts.weights)
    let y: Rows<Float> = try call.output(parts.epilogue.output)
    try call.requireBatch(x.count, y.count, layer: parts.x.layer)
    let workspace = call.workspace?.assumingMemoryBound(to: Float.self)
    let epilogue = try parts.epilogue.prepared(call, workspace)
    let rest = workspace.map { $0 + parts.epilogue.workspaceCount }
    guard turnsWeights, let turned = rest else {
      return try method.run(call, x, weights.base, weights.stride, epilogue, y, workspace: rest)
    }
    try turn(call, weights, into: turned)
    try method.run(
      call, x, turned, parts.inputChannels * parts.geometry.kernelSize, epilogue, y,
      workspace: turned + parts.weights.elementCount)
  }

  /// [C, M, kh, kw] -> [M, C, kh, kw] for each group, with each kernel reversed.
  private func turn(_ call: KernelCall, _ weights: Rows<Float>, into turned: UnsafeMutablePointer<Float>) throws {
    let size = parts.geometry.kernelSize
    let (inputs, outputs) = (parts.inputChannels, parts.outputChannels)
    let block = 16
    let blocks = (outputs + block - 1) / block
    try call.parallelFor(parts.groups * blocks) { index, _ in
      let (group, block) = (index / blocks, block)
      let range = index % blocks * block..<min(outputs, (index % blocks + 1) * block)
      for first in stride(from: 0, to: inputs, by: block) {
        for output in range {
          for input in first..<min(inputs, first + block) {
            let source = weights[group * inputs + input] + output * size
            let target = turned + ((group * outputs + output) * inputs + input) * size
            for i in 0..<size { target[i] = source[size - 1 - i] }
          }
        }
      }
    }
  }
}

/// Any stride and any size of weights: product, then additions to the places of the window matrix.
private final class ScatteredConvolution: SwiftKernel {
  private let parts: TransposedParts
  /// Images whose pixels stand side by side; 1 = one image at a time, read in place.
  private let groupImages: Int
  private let tilePixels: Int
  private let blockChannels: Int
  /// Of each group.
  private let blockCount: Int
  private let columnStep: Int
  private let gatherCount: Int
  let workspaceSize: Int
  let laneWorkspaceSize: Int

  init(_ parts: TransposedParts) {
    self.parts = parts
    let pixels = parts.x.planeLength
    let size = parts.geometry.kernelSize
    groupImages = pixels >= 192 ? 1 : 512 / pixels
    tilePixels = groupImages == 1 ? min(pixels, 1024) : pixels
    columnStep = groupImages == 1 ? paddedStep(tilePixels) : paddedStep(groupImages * pixels)
    // Rows of the weights are read in pieces of blockChannels * size floats: long enough to stream, a block small enough
    // to keep its window matrix in the cache.
    let wanted = max(1, (groupImages == 1 ? 256 : 512) / size)
    let blocks = max(min(8, parts.outputChannels), (parts.outputChannels + wanted - 1) / wanted)
    blockChannels = (parts.outputChannels + blocks - 1) / blocks
    blockCount = (parts.outputChannels + blockChannels - 1) / blockChannels
    gatherCount = groupImages == 1 ? 0 : parts.x.shape[1] * columnStep
    workspaceSize = (parts.epilogue.workspaceCount + gatherCount) * 4
    laneWorkspaceSize = blockChannels * size * columnStep * 4
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(parts.x)
    let weights: Rows<Float> = try call.parameter(parts.weights)
    let y: Rows<Float> = try call.output(parts.epilogue.output)
    try call.requireBatch(x.count, y.count, layer: parts.x.layer)
    let workspace = call.workspace?.assumingMemoryBound(to: Float.self)
    let epilogue = try parts.epilogue.prepared(call, workspace)
    if groupImages == 1 {
      let tasks = parts.groups * blockCount
      try call.parallelFor(x.count * tasks) { index, lane in
        let image = index / tasks
        runBlock(
          index % tasks, weights, x[image], parts.x.planeLength, images: image..<image + 1, epilogue, y,
          call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self))
      }
      return
    }
    guard let workspace else { return }
    let gathered = workspace + parts.epilogue.workspaceCount
    for first in stride(from: 0, to: x.count, by: groupImages) {
      let images = first..<min(first + groupImages, x.count)
      gather(x, images, into: gathered)
      try call.parallelFor(parts.groups * blockCount) { index, lane in
        runBlock(
          index, weights, gathered, columnStep, images: images, epilogue, y,
          call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self))
      }
    }
  }

  /// [N, C, pixels] -> [C, N, pixels]
  private func gather(_ x: Rows<Float>, _ images: Range<Int>, into gathered: UnsafeMutablePointer<Float>) {
    let pixels = parts.x.planeLength
    for channel in 0..<parts.x.shape[1] {
      for image in images {
        let source = x[image] + channel * pixels
        let target = gathered + (channel * columnStep + (image - images.lowerBound) * pixels)
        for i in 0..<pixels { target[i] = source[i] }
      }
    }
  }

  /// Makes the output channels of one block for `images`, whose pixels are the columns of `input`.
  private func runBlock(
    _ index: Int, _ weights: Rows<Float>, _ input: UnsafePointer<Float>, _ inputStep: Int, images: Range<Int>,
    _ epilogue: Epilogue, _ y: Rows<Float>, _ columns: UnsafeMutablePointer<Float>
  ) {
    let geometry = parts.geometry
    let size = geometry.kernelSize
    let (group, part) = (index / blockCount, index % blockCount)
    // Output channels, first within the group, and the input channels of the group.
    let first = min(parts.outputChannels, part * blockChannels)
    let count = min(parts.outputChannels, first + blockChannels) - first
    let block = group * parts.outputChannels + first..<group * parts.outputChannels + first + count
    let inputs = group * parts.inputChannels
    let plane = geometry.inputPixels
    let pixels = geometry.outputPixels
    for image in images {
      epilogue.start(y[image] + block.lowerBound * plane, step: plane, channels: block, count: plane)
    }
    for start in stride(from: 0, to: pixels, by: tilePixels) {
      let range = start..<min(pixels, start + tilePixels)
      // A product for each image, so that its bits do not depend on its place among the others; the weights of a few
      // input channels stay in the cache meanwhile.
      for from in stride(from: 0, to: parts.inputChannels, by: 384) {
        for image in 0..<images.count {
          Product.run(
            m: block.count * size, n: range.count, k: min(384, parts.inputChannels - from),
            weights[inputs + from] + first * size, weights.stride, transposedA: true,
            input + ((inputs + from) * inputStep + start + image * pixels), inputStep, columns + image * pixels,
            columnStep,
            beta: from == 0 ? 0 : 1)
        }
      }
      for image in images {
        for channel in block {
          geometry.scatter(
            columns + ((channel - block.lowerBound) * size * columnStep + (image - images.lowerBound) * pixels),
            step: columnStep, pixels: range, to: y[image] + channel * plane)
        }
      }
    }
    for image in images {
      for channel in block {
        let row = y[image] + channel * plane
        epilogue.finish(row, channel: channel, count: plane, to: row)
      }
    }
  }
}
