/// SigmoidCrossEntropy, the loss of image-level labels, and its gradient. These are a few numbers an image: one thread,
/// in double.
import CDecoupled
import DecoupledBackendKit
import Glibc

final class SigmoidCrossEntropy: SwiftKernel {
  private let x: Operand
  private let targets: Operand
  private let loss: Operand

  init(_ node: NodeReader) throws {
    x = try node.input(0)
    targets = try node.input(1)
    loss = try node.output(0)
    try node.require(x.shape == targets.shape, "shapes \(x.shape) and \(targets.shape) differ")
    try node.require(loss.shape == [1], "the loss has shape \(loss.shape)")
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let targets: Rows<Float> = try call.input(self.targets)
    let loss: Rows<Float> = try call.output(self.loss)
    try call.requireBatch(x.count, targets.count, layer: self.x.layer)
    var sum = 0.0
    for row in 0..<x.count {
      for i in 0..<x.length {
        let value = Double(x[row][i])
        let positive = value < 0 ? 0 : value
        sum += positive - value * Double(targets[row][i]) + log1p(exp(-abs(value)))
      }
    }
    loss.base[0] = Float(sum / Double(x.count))
  }
}

final class SigmoidCrossEntropyGradient: SwiftKernel {
  private let dloss: Operand
  private let x: Operand
  private let targets: Operand
  private let dx: Operand

  init(_ node: NodeReader) throws {
    dloss = try node.input(0)
    x = try node.input(1)
    targets = try node.input(2)
    dx = try node.output(0)
    try node.require(dloss.shape == [1], "the gradient of the loss has shape \(dloss.shape)")
    try node.require(
      x.shape == targets.shape && dx.shape == x.shape, "shapes \(x.shape), \(targets.shape), \(dx.shape) differ")
  }

  func run(_ call: KernelCall) throws {
    let dloss: Rows<Float> = try call.input(self.dloss)
    let x: Rows<Float> = try call.input(self.x)
    let targets: Rows<Float> = try call.input(self.targets)
    let dx: Rows<Float> = try call.output(self.dx)
    try call.requireBatch(x.count, targets.count, dx.count, layer: self.x.layer)
    let factor = Double(dloss.base[0]) / Double(x.count)
    for row in 0..<x.count {
      for i in 0..<x.length {
        let probability = 1 / (1 + exp(-Double(x[row][i])))
        dx[row][i] = Float(factor * (probability - Double(targets[row][i])))
      }
    }
  }
}
