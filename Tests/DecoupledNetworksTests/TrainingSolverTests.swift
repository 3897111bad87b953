import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import FoundationEssentials
import Testing

/// Learning rates, multipliers, accumulation and the settings' own rules.
struct TrainingSolverTests {
  @Test func learningRates() {
    var settings = SolverSettings()
    settings.baseLearningRate = 0.01
    settings.maximumIterations = 100
    settings.policy = .step(gamma: 0.1, stepSize: 40)
    #expect(abs(settings.learningRate(iteration: 39) - 0.01) < 1e-15)
    #expect(abs(settings.learningRate(iteration: 40) - 0.001) < 1e-15)
    #expect(abs(settings.learningRate(iteration: 80) - 0.0001) < 1e-15)
    settings.policy = .poly(power: 2)
    #expect(abs(settings.learningRate(iteration: 50) - 0.0025) < 1e-15)
    #expect(settings.learningRate(iteration: 100) == 0)
    settings.policy = .fixed
    settings.warmUpIterations = 4
    #expect((0..<5).map { settings.learningRate(iteration: $0) } == [0.0025, 0.005, 0.0075, 0.01, 0.01])
  }

  @Test func multiplierRules() {
    var settings = SolverSettings()
    #expect(settings.multipliers(for: "fc6.weight", .weight) == Multipliers(learningRate: 1, decay: 1))
    #expect(settings.multipliers(for: "fc6.bias", .bias) == Multipliers(learningRate: 2, decay: 0))
    #expect(settings.multipliers(for: "pool5_bn.bias", .shift) == Multipliers(learningRate: 1, decay: 1))
    settings.multiplierRules = [
      MultiplierRule("conv*", learningRate: 0), MultiplierRule("*5_*s", learningRate: 3),
      MultiplierRule("conv5_*.bias", decay: 7),
    ]
    #expect(settings.isFrozen("conv1_1.weight"))
    #expect(settings.isFrozen("conv5_1.weight"))
    #expect(!settings.isFrozen("fc6.weight"))
    #expect(settings.multipliers(for: "conv5_1.bias", .bias) == Multipliers(learningRate: 3, decay: 7))
  }

  @Test func settingsFromJSON() throws {
    let text =
      #"{"policy": {"name": "step", "step_size": 7}, "iter_size": 2, "multipliers": [{"pattern": "a*", "learning_rate": 0}]}"#
    let settings = try JSONDecoder().decode(SolverSettings.self, from: Data(text.utf8))
    #expect(settings.policy == .step(gamma: 0.1, stepSize: 7))
    #expect(settings.iterSize == 2 && settings.momentum == 0.9)
    #expect(settings.multiplierRules == [MultiplierRule("a*", learningRate: 0)])
    let again = try JSONDecoder().decode(SolverSettings.self, from: JSONEncoder().encode(settings))
    #expect(again == settings)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(SolverSettings.self, from: Data(#"{"learning_rate": 1}"#.utf8))
    }
  }

  @Test func impossibleSettings() {
    let changes: [(inout SolverSettings) -> Void] = [
      { $0.baseLearningRate = 0 }, { $0.momentum = 1 }, { $0.iterSize = 0 }, { $0.gradientClipping = -1 },
      { $0.weightDecay = .nan }, { $0.policy = .step(gamma: 0.1, stepSize: 0) },
    ]
    for change in changes {
      var settings = SolverSettings()
      change(&settings)
      #expect {
        try settings.validate()
      } throws: {
        ($0 as? EngineError)?.status == .invalidArgument
      }
    }
  }

  /// One step from known numbers: V = 0.9 V + lr (g + wd w).
  @Test func updateRule() throws {
    var settings = ShapesFixture.solver(iterations: 10, rate: 0.5)
    settings.weightDecay = 0.1
    settings.multiplierRules = [MultiplierRule("a", learningRate: 2, decay: 3)]
    let pool = RunControl(threads: 1).pool
    let solver = try MomentumSolver(settings, parameters: [("a", [11], .weight)], pool: pool)
    let store = ParameterStore()
    store["a"] = try Tensor([Float](repeating: 2, count: 11), shape: [11])
    let gradient = try Tensor([Float](repeating: 4, count: 11), shape: [11])
    let norm = try solver.apply(gradients: ["a": gradient], parameters: store, iteration: 0)
    #expect(abs(norm - (11 * 16.0).squareRoot()) < 1e-9)
    // V = 1 * (4 + 0.3 * 2) = 4.6, then 0.9 * 4.6 + 1 * (4 + 0.3 * -2.6).
    #expect(try store["a"]?.array(Float.self).allSatisfy { abs($0 - (2 - 4.6)) < 1e-6 } == true)
    try solver.apply(gradients: ["a": gradient], parameters: store, iteration: 1)
    #expect(try store["a"]?.array(Float.self).allSatisfy { abs($0 - (-2.6 - (4.14 + 3.22))) < 1e-5 } == true)
  }

  @Test func clippingScalesTheGradient() throws {
    var settings = ShapesFixture.solver(iterations: 10, rate: 1)
    settings.weightDecay = 0
    settings.gradientClipping = 1
    let solver = try MomentumSolver(settings, parameters: [("a", [2], .weight)], pool: RunControl(threads: 1).pool)
    let store = ParameterStore()
    store["a"] = try Tensor([Float(0), 0], shape: [2])
    try solver.apply(gradients: ["a": Tensor([Float(30), 40], shape: [2])], parameters: store, iteration: 0)
    let moved = try #require(store["a"]).array(Float.self)
    #expect(abs(moved[0] + 0.6) < 1e-6 && abs(moved[1] + 0.8) < 1e-6)
  }

  @Test func infiniteGradientsChangeNothing() throws {
    let solver = try MomentumSolver(
      ShapesFixture.solver(iterations: 10), parameters: [("a", [1], .weight)], pool: RunControl(threads: 1).pool)
    let store = ParameterStore()
    store["a"] = try Tensor([Float(1)], shape: [1])
    #expect {
      try solver.apply(gradients: ["a": Tensor([Float.nan], shape: [1])], parameters: store, iteration: 4)
    } throws: { error in
      (error as? EngineError)?.status == .numeric && "\(error)".contains("iteration 5")
    }
    #expect(try store["a"]?.array(Float.self) == [1])
  }
}
