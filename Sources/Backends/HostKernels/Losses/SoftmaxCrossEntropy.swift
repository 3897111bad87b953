/// SoftmaxCrossEntropy, the loss of pixel masks, and its gradient. Images are cut into pieces of pixels; each piece leaves
/// its sum, its number of labelled pixels and its first bad target in the workspace, and these are added in order.
import CDecoupled
import DecoupledBackendKit
import Glibc

/// What both operators read, and how they are cut.
private struct PixelLoss {
  let x: Operand
  let targets: Operand
  let classes: Int
  let pixels: Int
  let ignored: Int
  let piece = 4096

  init(_ node: NodeReader, x: Operand, targets: Operand) throws {
    self.x = x
    self.targets = targets
    classes = x.shape[1]
    pixels = x.planeLength
    ignored = node.node.integer("ignore_index", default: 255)
    try node.require(
      targets.shape == [x.shape[0]] + x.shape[2...], "targets of shape \(targets.shape) for scores of shape \(x.shape)")
  }

  var pieces: Int { (pixels + piece - 1) / piece }
  var workspaceSize: Int { x.rows * pieces * MemoryLayout<Partial>.stride }

  struct Partial {
    var sum = 0.0
    var labelled = 0
    var bad = -1
  }

  func partials(_ call: KernelCall) -> UnsafeMutablePointer<Partial> {
    call.workspace!.assumingMemoryBound(to: Partial.self)
  }

  func range(_ index: Int) -> (image: Int, pixels: Range<Int>) {
    let first = index % pieces * piece
    return (index / pieces, first..<min(pixels, first + piece))
  }

  @inline(__always) func isValid(_ target: Int32) -> Bool { target >= 0 && Int(target) < classes }

  func total(_ partials: UnsafeMutablePointer<Partial>, _ targets: Rows<Int32>, images: Int) throws -> Partial {
    var total = Partial()
    for index in 0..<images * pieces {
      if partials[index].bad >= 0 {
        let image = index / pieces
        throw BackendFailure(
          status: Int32(DCN_STATUS_INVALID_ARGUMENT),
          "layer \(x.layer): the target \(targets[image][partials[index].bad]) at pixel \(partials[index].bad) of image "
            + "\(image) is neither one of \(classes) classes nor the ignored \(ignored)")
      }
      total.sum += partials[index].sum
      total.labelled += partials[index].labelled
    }
    return total
  }

  /// Counts the labelled pixels of a piece and looks for bad targets.
  func count(_ targets: UnsafePointer<Int32>, _ range: Range<Int>) -> Partial {
    var result = Partial()
    for pixel in range where Int(targets[pixel]) != ignored {
      result.labelled += 1
      if !isValid(targets[pixel]), result.bad < 0 { result.bad = pixel }
    }
    return result
  }
}

final class SoftmaxCrossEntropy: SwiftKernel {
  private let parts: PixelLoss
  private let loss: Operand
  var workspaceSize: Int { parts.workspaceSize }

  init(_ node: NodeReader) throws {
    parts = try PixelLoss(
      node, x: node.input(0, rank: 2...8), targets: node.input(1, rank: 1...7, type: Int(DCN_ELEMENT_I32)))
    loss = try node.output(0)
    try node.require(loss.shape == [1], "the loss has shape \(loss.shape)")
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(parts.x)
    let targets: Rows<Int32> = try call.input(parts.targets)
    let loss: Rows<Float> = try call.output(self.loss)
    try call.requireBatch(x.count, targets.count, layer: parts.x.layer)
    let partials = parts.partials(call)
    try call.parallelFor(x.count * parts.pieces) { index, _ in
      let (image, range) = parts.range(index)
      var partial = parts.count(targets[image], range)
      if partial.bad < 0 { partial.sum = sum(x[image], targets[image], range) }
      partials[index] = partial
    }
    let total = try parts.total(partials, targets, images: x.count)
    loss.base[0] = total.labelled > 0 ? Float(total.sum / Double(total.labelled)) : 0
  }

  private func sum(_ x: UnsafePointer<Float>, _ targets: UnsafePointer<Int32>, _ range: Range<Int>) -> Double {
    let (classes, pixels) = (parts.classes, parts.pixels)
    var sum = 0.0
    let first = range.lowerBound
    vectors(range.count) { i in
      let scores = x + (first + i)
      var largest = load8(scores)
      for k in 1..<max(1, classes) {
        let value = load8(scores + k * pixels)
        largest.replace(with: value, where: value .> largest)
      }
      var weights = SIMD8<Float>()
      for k in 0..<classes { weights += exponential(load8(scores + k * pixels) - largest) }
      for lane in 0..<8 {
        let target = Int(targets[first + i + lane])
        if target == parts.ignored { continue }
        sum += Double(logf(weights[lane])) - (Double(scores[target * pixels + lane]) - Double(largest[lane]))
      }
    } rest: { i in
      let target = Int(targets[first + i])
      if target == parts.ignored { return }
      let scores = x + (first + i)
      var largest = scores[0]
      for k in 1..<max(1, classes) where scores[k * pixels] > largest { largest = scores[k * pixels] }
      var weight: Float = 0
      for k in 0..<classes { weight += exponential(scores[k * pixels] - largest) }
      sum += Double(logf(weight)) - (Double(scores[target * pixels]) - Double(largest))
    }
    return sum
  }
}

final class SoftmaxCrossEntropyGradient: SwiftKernel {
  private let parts: PixelLoss
  private let dloss: Operand
  private let dx: Operand
  var workspaceSize: Int { parts.workspaceSize }

  init(_ node: NodeReader) throws {
    dloss = try node.input(0)
    parts = try PixelLoss(
      node, x: node.input(1, rank: 2...8), targets: node.input(2, rank: 1...7, type: Int(DCN_ELEMENT_I32)))
    dx = try node.output(0)
    try node.require(dloss.shape == [1], "the gradient of the loss has shape \(dloss.shape)")
    try node.require(dx.shape == parts.x.shape, "the gradient has shape \(dx.shape)")
  }

  func run(_ call: KernelCall) throws {
    let dloss: Rows<Float> = try call.input(self.dloss)
    let x: Rows<Float> = try call.input(parts.x)
    let targets: Rows<Int32> = try call.input(parts.targets)
    let dx: Rows<Float> = try call.output(self.dx)
    try call.requireBatch(x.count, targets.count, dx.count, layer: parts.x.layer)
    let partials = parts.partials(call)
    try call.parallelFor(x.count * parts.pieces) { index, _ in
      let (image, range) = parts.range(index)
      partials[index] = parts.count(targets[image], range)
    }
    let total = try parts.total(partials, targets, images: x.count)
    let factor = total.labelled > 0 ? Float(Double(dloss.base[0]) / Double(total.labelled)) : 0
    try call.parallelFor(x.count * parts.pieces) { index, _ in
      let (image, range) = parts.range(index)
      fill(x[image], targets[image], dx[image], range, factor)
    }
  }

  private func fill(
    _ x: UnsafePointer<Float>, _ targets: UnsafePointer<Int32>, _ dx: UnsafeMutablePointer<Float>, _ range: Range<Int>,
    _ factor: Float
  ) {
    let (classes, pixels) = (parts.classes, parts.pixels)
    let first = range.lowerBound
    vectors(range.count) { i in
      let scores = x + (first + i)
      let result = dx + (first + i)
      var largest = load8(scores)
      for k in 1..<max(1, classes) {
        let value = load8(scores + k * pixels)
        largest.replace(with: value, where: value .> largest)
      }
      var weights = SIMD8<Float>()
      for k in 0..<classes {
        let value = exponential(load8(scores + k * pixels) - largest)
        weights += value
        store8(value, result + k * pixels)
      }
      let target = UnsafeRawPointer(targets + (first + i)).loadUnaligned(as: SIMD8<Int32>.self)
      let ignored = target .== Int32(truncatingIfNeeded: parts.ignored)
      for k in 0..<classes {
        var value = load8(result + k * pixels) / weights
        value.replace(with: value - 1, where: target .== Int32(truncatingIfNeeded: k))
        value *= factor
        value.replace(with: 0, where: ignored)
        store8(value, result + k * pixels)
      }
    } rest: { i in
      let scores = x + (first + i)
      let result = dx + (first + i)
      let target = Int(targets[first + i])
      var largest = scores[0]
      for k in 1..<max(1, classes) where scores[k * pixels] > largest { largest = scores[k * pixels] }
      var weight: Float = 0
      for k in 0..<classes {
        let value = exponential(scores[k * pixels] - largest)
        weight += value
        result[k * pixels] = value
      }
      for k in 0..<classes {
        let value = result[k * pixels] / weight
        result[k * pixels] = target == parts.ignored ? 0 : (k == target ? value - 1 : value) * factor
      }
    }
  }
}
