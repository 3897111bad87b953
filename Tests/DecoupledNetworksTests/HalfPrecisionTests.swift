import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import Glibc
import Testing

/// Models whose weights are stored in half precision.
struct HalfPrecisionTests {
  private func stored(_ model: Model) throws -> (whole: String, half: String) {
    let path = "/tmp/decoupled-test-\(UInt32.random(in: 0 ... .max))"
    try ModelFile.write(model, to: path + "-whole.safetensors")
    try ModelFile.write(model, to: path + "-half.safetensors", half: true)
    return (path + "-whole.safetensors", path + "-half.safetensors")
  }

  private func remove(_ paths: (whole: String, half: String)) {
    for path in [paths.whole, paths.half] { unlink(path) }
  }

  @Test(arguments: Golden.backends)
  func predictsAlmostTheSame(backend: String) throws {
    let model = try SavingsTests.model(.paper)
    let paths = try stored(model)
    defer { remove(paths) }
    let half = try ModelFile.open(paths.half)
    #expect(half.parameters["fc6.weight"]?.elementType == .float16)
    #expect(half.parameters["fc6.bias"]?.elementType == .float32)
    let image = SavingsTests.photo(seed: 5)
    let expected = try SavingsTests.predict(model, [image], labels: [[0, 1]], plain: false, backend: backend)[0]
    let found = try SavingsTests.predict(half, [image], labels: [[0, 1]], plain: false, backend: backend)[0]
    #expect(found.scores != expected.scores)
    #expect(zip(found.scores, expected.scores).allSatisfy { abs($0 - $1) < 2e-3 })
    let (whole, small) = (try FileAccess.read(paths.whole).count, try FileAccess.read(paths.half).count)
    #expect(Double(small) < 0.65 * Double(whole))
  }

  /// Kernels that widen weights on the way compute with the very values that are stored.
  @Test(arguments: ["openblas"] + Golden.cpuVariants)
  func computesWithWhatIsStored(backend: String) throws {
    let paths = try stored(SavingsTests.model(.paper))
    defer { remove(paths) }
    let (half, widened) = try (ModelFile.open(paths.half), ModelFile.open(paths.half))
    for name in widened.parameters.halfNames {
      widened.parameters[name] = try #require(widened.parameters[name]).asFloat32()
    }
    let image = SavingsTests.photo(seed: 6)
    let expected = try SavingsTests.predict(widened, [image], labels: [[0, 2]], plain: false, backend: backend)[0]
    let found = try SavingsTests.predict(half, [image], labels: [[0, 2]], plain: false, backend: backend)[0]
    #expect(zip(found.scores, expected.scores).allSatisfy { abs($0 - $1) < 1e-6 })
    for (one, other) in zip(found.foregroundMaps, expected.foregroundMaps) {
      #expect(zip(one.values, other.values).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  /// Training begins from widened copies.
  @Test func canBeTrainedFurther() throws {
    let shapes = try ShapesFixture()
    let model = try ShapesFixture.model()
    try model.fill(.classification, seed: 2)
    let paths = try stored(model)
    defer { remove(paths) }
    let trainer = try Trainer(
      "classification", ModelFile.open(paths.half), dataset: shapes.dataset,
      settings: ShapesFixture.classification(ShapesFixture.solver(iterations: 1)),
      backend: BackendSearch.open("reference"), control: RunControl(threads: 1))
    #expect(try !trainer.train().wasCancelled)
    #expect(trainer.model.parameters["fc6.weight"]?.elementType == .float32)
  }
}
