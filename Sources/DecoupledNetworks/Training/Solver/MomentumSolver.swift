import DecoupledBase
import DecoupledCore

/// Caffe's SGD: V = momentum V + rate (g + decay W), W = W - V, with the multipliers of each parameter; or Adam, whose V
/// averages the gradients and which divides by the root of their averaged squares.
public final class MomentumSolver {
  public let settings: SolverSettings
  /// Trained parameters in the order of the gradients.
  public let names: [String]
  /// V of each trained parameter, by name; 0 at the start.
  public private(set) var momentum: [String: Tensor] = [:]
  /// Averaged squared gradients of Adam by name, empty for SGD.
  private var squares: [String: Tensor] = [:]
  private let multipliers: [Multipliers]
  private let blocks: ParameterBlocks
  private let pool: ThreadPool

  /// - Parameters:
  ///   - parameters: name, shape and role of what is trained.
  ///   - pool: the threads that steps run on.
  public init(
    _ settings: SolverSettings, parameters: [(name: String, shape: [Int], role: ParameterRole)], pool: ThreadPool
  ) throws {
    try settings.validate()
    self.settings = settings
    self.pool = pool
    names = parameters.map(\.name)
    multipliers = parameters.map { settings.multipliers(for: $0.name, $0.role) }
    blocks = ParameterBlocks(parameters.map { $0.shape.reduce(1, *) })
    for parameter in parameters {
      momentum[parameter.name] = try Tensor(zeros: parameter.shape)
      if settings.method == .adam { squares[parameter.name] = try Tensor(zeros: parameter.shape) }
    }
  }

  /// Everything a later run needs to go on: the momentum by parameter name, Adam's squares behind "squares.".
  public var state: [String: Tensor] {
    momentum.merging(squares.map { ("squares.\($0.key)", $0.value) }) { first, _ in first }
  }

  /// Takes over the state of an earlier run.
  /// - Throws: `format` when a parameter is missing or has another shape.
  public func restore(_ saved: [String: Tensor]) throws {
    for (name, own) in state {
      guard let tensor = saved[name], tensor.shape == own.shape else {
        throw EngineError(
          .format, "The training state has no momentum of the right shape for '\(name)'; start the training anew.")
      }
      try own.copyContents(from: tensor)
    }
  }

  /// One step.
  /// - Parameters:
  ///   - gradients: by parameter name, averaged over the passes of the iteration.
  ///   - rate: the learning rate, before multipliers; nil for that of the settings.
  ///   - iteration: counted from 0.
  /// - Returns: the Euclidean norm of all gradients before clipping.
  /// - Throws: `numeric` when a gradient or a new weight is not finite. Weights are untouched after the former only.
  @discardableResult
  public func apply(
    gradients: [String: Tensor], parameters: ParameterStore, rate given: Double? = nil, iteration: Int
  ) throws -> Double {
    let rate = given ?? settings.learningRate(iteration: iteration)
    guard rate > 0 || given == nil, rate.isFinite else {
      throw EngineError(.invalidArgument, "Solver: the learning rate must be above 0, not \(rate).")
    }
    let g = try ParameterValues(names.map { try found(gradients[$0], $0, "gradient") })
    let w = try ParameterValues(names.map { try found(parameters[$0], $0, "weights") })
    let v = try ParameterValues(names.map { try found(momentum[$0], $0, "momentum") })
    let norm = blocks.sum(pool) { Self.squares(g[$0], $0.range.count) }.squareRoot()
    guard norm.isFinite else {
      throw EngineError(
        .numeric,
        "The gradients of iteration \(iteration + 1) are not finite; use a lower learning rate than \(rate)."
      )
    }
    var scale = 1.0
    if let limit = settings.gradientClipping, norm > limit { scale = limit / norm }
    for name in names { parameters.noteChange(of: name) }
    // Caffe divides the whole step by iter_size, the decay with it.
    let weightDecay = settings.caffe ? settings.weightDecay / Double(settings.iterSize) : settings.weightDecay
    if settings.method == .adam {
      let s = try ParameterValues(names.map { try found(squares[$0], $0, "squares") })
      let failures = blocks.sum(pool) { block in
        let own = multipliers[block.tensor]
        return AdamStep(
          settings, rate: rate * own.learningRate, decay: weightDecay * own.decay, scale: scale, iteration: iteration
        ).apply(momentum: v[block], squares: s[block], weights: w[block], gradient: g[block], count: block.range.count)
      }
      try requireFinite(failures, rate, iteration)
      return norm
    }
    let failures = blocks.sum(pool) { block in
      let own = multipliers[block.tensor]
      return Self.step(
        v[block], w[block], g[block], block.range.count,
        Coefficients(
          momentum: Float(settings.momentum), gradient: Float(rate * own.learningRate * scale),
          decay: Float(rate * own.learningRate * weightDecay * own.decay)))
    }
    try requireFinite(failures, rate, iteration)
    return norm
  }

  private func requireFinite(_ failures: Double, _ rate: Double, _ iteration: Int) throws {
    guard failures == 0 else {
      throw EngineError(
        .numeric,
        "Weights became infinite in iteration \(iteration + 1); use a lower learning rate than \(rate).")
    }
  }

  private func found(_ tensor: Tensor?, _ name: String, _ what: String) throws -> Tensor {
    guard let tensor, tensor.elementCount == momentum[name]?.elementCount else {
      throw EngineError(.internal, "A training step has no \(what) of the right size for '\(name)'.")
    }
    return tensor
  }

  private struct Coefficients {
    let momentum: Float
    let gradient: Float
    let decay: Float
  }

  private typealias Vector = SIMD8<Float>

  /// The update of one block; returns how many of its values are not finite afterwards, 0 in a healthy run.
  private static func step(
    _ v: UnsafeMutablePointer<Float>, _ w: UnsafeMutablePointer<Float>, _ g: UnsafeMutablePointer<Float>, _ count: Int,
    _ c: Coefficients
  ) -> Double {
    let whole = count / Vector.scalarCount * Vector.scalarCount
    var difference = Vector.zero
    var rest: Float = 0
    for i in stride(from: 0, to: whole, by: Vector.scalarCount) {
      let weights = load(w + i)
      let next = c.momentum * load(v + i) + (c.gradient * load(g + i) + c.decay * weights)
      let moved = weights - next
      store(next, v + i)
      store(moved, w + i)
      // 0 where the value is finite, NaN elsewhere.
      difference += moved - moved
    }
    for i in whole..<count {
      v[i] = c.momentum * v[i] + (c.gradient * g[i] + c.decay * w[i])
      w[i] -= v[i]
      rest += w[i] - w[i]
    }
    return difference.sum() + rest == 0 ? 0 : 1
  }

  /// The sum of squares in double, in a fixed order.
  private static func squares(_ values: UnsafeMutablePointer<Float>, _ count: Int) -> Double {
    let whole = count / Vector.scalarCount * Vector.scalarCount
    var sums = SIMD8<Double>.zero
    for i in stride(from: 0, to: whole, by: Vector.scalarCount) {
      let x = SIMD8<Double>(load(values + i))
      sums += x * x
    }
    var sum = sums.sum()
    for i in whole..<count { sum += Double(values[i]) * Double(values[i]) }
    return sum
  }

  private static func load(_ address: UnsafeMutablePointer<Float>) -> Vector {
    UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
  }

  private static func store(_ value: Vector, _ address: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(address).storeBytes(of: value, as: Vector.self)
  }
}
