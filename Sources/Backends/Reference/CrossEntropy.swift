import CDecoupled
import Glibc

// The two losses of training and their gradients.

/// loss = sum(max(x,0) - x*t + log(1 + exp(-|x|))) / N.
struct SigmoidCrossEntropy: RealOperator {
  init(_ attributes: Attributes) {}

  func check(_ operands: Operands) throws {
    try operands.expect(.input(1), "t", try operands.shape(.input(0), "x"))
    try operands.expect(.output(0), "loss", [1])
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let t = try operands.view(.input(1), as: T.self)
    var sum = 0.0
    for index in 0..<x.lineCount() {
      let (x, t) = (x.line(index), t.line(index))
      for i in 0..<x.count {
        let (x, t) = (x[i].double, t[i].double)
        sum += max(x, 0) - x * t + log1p(exp(-abs(x)))
      }
    }
    try operands.view(.output(0), as: T.self).base[0] = T(sum / Double(x.dims[0]))
  }
}

/// dx = dloss * (sigmoid(x) - t) / N.
struct SigmoidCrossEntropyGradient: RealOperator {
  init(_ attributes: Attributes) {}

  func check(_ operands: Operands) throws {
    try operands.expect(.input(0), "dloss", [1])
    let x = try operands.shape(.input(1), "x")
    try operands.expect(.input(2), "t", x)
    try operands.expect(.output(0), "dx", x)
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let factor = try operands.view(.input(0), as: T.self).base[0].double
    let x = try operands.view(.input(1), as: T.self)
    let t = try operands.view(.input(2), as: T.self)
    let dx = try operands.view(.output(0), as: T.self)
    let count = Double(x.dims[0])
    for index in 0..<x.lineCount() {
      let (x, t, dx) = (x.line(index), t.line(index), dx.line(index))
      for i in 0..<x.count { dx[i] = T(factor * (1 / (1 + exp(-x[i].double)) - t[i].double) / count) }
    }
  }
}

/// loss = mean of -log softmax(x)[t] over the pixels that count, 0 when there are none.
struct SoftmaxCrossEntropy: RealOperator {
  private let ignored: Int32

  init(_ attributes: Attributes) throws { ignored = try ignoredIndex(attributes) }

  func check(_ operands: Operands) throws {
    try checkTargets(operands, .input(0), .input(1))
    try operands.expect(.output(0), "loss", [1])
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let targets = try operands.view(.input(1), as: Int32.self)
    let count = try countedPixels(operands, targets, classes: x.dims[1], ignored)
    let (rows, width) = (targets.lineCount(), x.dims[3])
    var sums = [Double](repeating: 0, count: rows)
    try sums.withUnsafeMutableBufferPointer { sums in
      let sums = sums
      try operands.parallelFor(rows) { row in
        let targets = targets.line(row)
        for column in 0..<width where targets[column] != ignored {
          let scores = x.line(row * width + column, along: 1)
          let (largest, sum) = scores.exponentials
          sums[row] += largest - scores[Int(targets[column])].double + log(sum)
        }
      }
    }
    let sum = sums.reduce(0, +)
    try operands.view(.output(0), as: T.self).base[0] = count == 0 ? 0 : T(sum / Double(count))
  }
}

/// dx = dloss * (softmax(x) - onehot(t)) / count, 0 at ignored pixels.
struct SoftmaxCrossEntropyGradient: RealOperator {
  private let ignored: Int32

  init(_ attributes: Attributes) throws { ignored = try ignoredIndex(attributes) }

  func check(_ operands: Operands) throws {
    try operands.expect(.input(0), "dloss", [1])
    try checkTargets(operands, .input(1), .input(2))
    try operands.expect(.output(0), "dx", try operands.shape(.input(1), "x"))
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let dloss = try operands.view(.input(0), as: T.self).base[0].double
    let x = try operands.view(.input(1), as: T.self)
    let targets = try operands.view(.input(2), as: Int32.self)
    let dx = try operands.view(.output(0), as: T.self)
    let count = try countedPixels(operands, targets, classes: x.dims[1], ignored)
    let width = x.dims[3]
    try operands.parallelFor(targets.lineCount()) { row in
      let targets = targets.line(row)
      for column in 0..<width {
        let scores = x.line(row * width + column, along: 1)
        let leaving = dx.line(row * width + column, along: 1)
        let counts = targets[column] != ignored
        let (largest, sum) = scores.exponentials
        for k in 0..<scores.count {
          let target = k == Int(targets[column]) ? 1.0 : 0.0
          let probability = exp(scores[k].double - largest) / sum
          leaving[k] = counts ? T(dloss * (probability - target) / Double(count)) : 0
        }
      }
    }
  }
}

private func ignoredIndex(_ attributes: Attributes) throws -> Int32 {
  Int32(try attributes.integer("ignore_index", in: Int(Int32.min)...Int(Int32.max), default: 255))
}

private func checkTargets(_ operands: Operands, _ scores: Operands.Place, _ targets: Operands.Place) throws {
  let x = try operands.shape(scores, "x", rank: 4)
  try operands.expect(targets, "t", [x[0], x[2], x[3]], type: Int(DCN_ELEMENT_I32))
}

/// How many pixels have a target; fails at one that is no class.
private func countedPixels(
  _ operands: Operands, _ targets: View<Int32>, classes: Int, _ ignored: Int32
) throws -> Int {
  var count = 0
  for row in 0..<targets.lineCount() {
    let line = targets.line(row)
    for column in 0..<line.count where line[column] != ignored {
      let target = Int(line[column])
      try operands.require(0..<classes ~= target, "target \(target) is none of the classes 0 to \(classes - 1)")
      count += 1
    }
  }
  return count
}

extension Line where T: Scalar {
  /// The maximum of x and sum(exp(x - maximum)), which does not overflow.
  fileprivate var exponentials: (largest: Double, sum: Double) {
    var largest = -Double.infinity
    for k in 0..<count { largest = max(largest, self[k].double) }
    var sum = 0.0
    for k in 0..<count { sum += exp(self[k].double - largest) }
    return (largest, sum)
  }
}
