// BatchNormalization with the statistics of the batch or given ones, and its gradient.

/// y = scale * (x - m) / sqrt(v + epsilon) + shift for each channel.
struct BatchNormalization: RealOperator {
  private let epsilon: Double
  private let training: Bool

  init(_ attributes: Attributes) throws {
    epsilon = try attributes.real("epsilon", default: 1e-5)
    training = try attributes.flag("training_mode")
  }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x")
    try operands.require(x.count >= 2, "x has rank \(x.count), not at least 2")
    try operands.expect(.input(1), "scale", [x[1]])
    try operands.expect(.input(2), "shift", [x[1]])
    if training {
      try operands.require(
        !operands.has(.input(3)) && !operands.has(.input(4)), "mean and variance are given, yet training_mode is 1")
      try operands.expectOptional(.output(1), "batch_mean", [x[1]])
      try operands.expectOptional(.output(2), "batch_variance", [x[1]])
    } else {
      try operands.require(
        !operands.has(.output(1)) && !operands.has(.output(2)), "batch statistics are asked for, yet training_mode is 0"
      )
      try operands.expect(.input(3), "mean", [x[1]])
      try operands.expect(.input(4), "variance", [x[1]])
    }
    try operands.expect(.output(0), "y", x)
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let scale = try operands.view(.input(1), as: T.self)
    let shift = try operands.view(.input(2), as: T.self)
    let givenMean = try operands.optionalView(.input(3), as: T.self)
    let givenVariance = try operands.optionalView(.input(4), as: T.self)
    let y = try operands.view(.output(0), as: T.self)
    let batchMean = try operands.optionalView(.output(1), as: T.self)
    let batchVariance = try operands.optionalView(.output(2), as: T.self)

    try operands.parallelFor(x.dims[1]) { c in
      let input = x.selecting(1, c)
      let output = y.selecting(1, c)
      let mean: Double
      let variance: Double
      if let givenMean, let givenVariance {
        mean = givenMean.line(c)[0].double
        variance = givenVariance.line(c)[0].double
      } else {
        mean = input.mean { $0 }
        variance = input.mean { ($0 - mean) * ($0 - mean) }
        batchMean?.line(c)[0] = T(mean)
        batchVariance?.line(c)[0] = T(variance)
      }
      let factor = scale.line(c)[0].double / (variance + epsilon).squareRoot()
      let offset = shift.line(c)[0].double
      for index in 0..<input.lineCount() {
        let (from, to) = (input.line(index), output.line(index))
        for i in 0..<from.count { to[i] = T((from[i].double - mean) * factor + offset) }
      }
    }
  }
}

extension View where T: Scalar {
  /// The mean of a function of all elements.
  @inline(__always)
  fileprivate func mean(_ function: (Double) -> Double) -> Double {
    var sum = 0.0
    for index in 0..<lineCount() {
      let line = line(index)
      for i in 0..<line.count { sum += function(line[i].double) }
    }
    return sum / Double(dims.reduce(1, *))
  }
}

/// With xhat = (x - mean) / sqrt(variance + epsilon): dscale = sum dy*xhat, dshift = sum dy, and
/// dx = scale / sqrt(variance + epsilon) * (dy - mean(dy) - xhat*mean(dy*xhat)), without the means when they are constants.
struct BatchNormalizationGradient: RealOperator {
  private let epsilon: Double
  private let training: Bool
  private let isMapped: Bool

  init(_ attributes: Attributes) throws {
    epsilon = try attributes.real("epsilon", default: 1e-5)
    training = try attributes.flag("training_mode")
    isMapped = try attributes.flag("mapped")
    if isMapped && training { throw attributes.failure("rows mapped to images have no statistics of the batch") }
  }

  func check(_ operands: Operands) throws {
    let dy = try operands.shape(.input(0), "dy")
    try operands.require(dy.count >= 2, "dy has rank \(dy.count), not at least 2")
    try operands.requireMap(.input(5), isMapped: isMapped)
    try operands.expectPerImage(.input(1), "x", dy, rowToImage: .input(5))
    for (index, name) in ["scale", "mean", "variance"].enumerated() {
      try operands.expect(.input(2 + index), name, [dy[1]])
    }
    try operands.expectOptional(.output(0), "dx", dy)
    try operands.expectOptional(.output(1), "dscale", [dy[1]])
    try operands.expectOptional(.output(2), "dshift", [dy[1]])
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let dy = try operands.view(.input(0), as: T.self)
    let x = try operands.rows(.input(1), by: .input(5), as: T.self)
    let scale = try operands.view(.input(2), as: T.self)
    let means = try operands.view(.input(3), as: T.self)
    let variances = try operands.view(.input(4), as: T.self)
    let dx = try operands.optionalView(.output(0), as: T.self)
    let dscale = try operands.optionalView(.output(1), as: T.self)
    let dshift = try operands.optionalView(.output(2), as: T.self)

    try operands.parallelFor(x.dims[1]) { c in
      let arriving = dy.selecting(1, c)
      let input = x.selecting(1, c)
      let mean = means.line(c)[0].double
      let inverse = 1 / (variances.line(c)[0].double + epsilon).squareRoot()
      var sum = 0.0
      var product = 0.0
      for index in 0..<input.lineCount() {
        let (dy, x) = (arriving.line(index), input.line(index))
        for i in 0..<x.count {
          sum += dy[i].double
          product += dy[i].double * ((x[i].double - mean) * inverse)
        }
      }
      dscale?.line(c)[0] = T(product)
      dshift?.line(c)[0] = T(sum)

      guard let leaving = dx?.selecting(1, c) else { return }
      let factor = scale.line(c)[0].double * inverse
      let count = Double(input.dims.reduce(1, *))
      // Constant statistics leave x out of the formula, whatever it holds.
      let (meanOfDy, meanOfProduct) = training ? (sum / count, product / count) : (0, 0)
      for index in 0..<input.lineCount() {
        let (dy, x, dx) = (arriving.line(index), input.line(index), leaving.line(index))
        for i in 0..<x.count {
          let xhat = training ? (x[i].double - mean) * inverse : 0
          dx[i] = T(factor * (dy[i].double - meanOfDy - xhat * meanOfProduct))
        }
      }
    }
  }
}
