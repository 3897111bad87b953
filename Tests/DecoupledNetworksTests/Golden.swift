import DecoupledCore
import DecoupledNetworks
import Glibc
import Testing

/// A network with reference tensors, computed in float64 by an implementation that shares no code with the engine.
struct GoldenNetwork: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let tensors: String
  /// Largest deviation of torch's float32 run from the float64 values, by tensor or group.
  let deviationTable: String
  let description: NetworkDescription
  /// Whether a ReLU of a training step lies so near 0 that rounding decides it, see `TrainingGoldenTests`.
  let hasKnifeEdges: Bool

  func file() throws -> SafetensorsReader { try SafetensorsReader(path: tensors) }

  func deviations() throws -> [String: Double] {
    var result: [String: Double] = [:]
    for line in try String(readingFile: deviationTable).split(separator: "\n") where !line.hasPrefix("#") {
      let fields = line.split(separator: " ")
      if fields.count >= 2, let value = Double(fields[1]) { result[String(fields[0])] = value }
    }
    return result
  }
}

/// Reference tensors: of a tiny network, in Tests/golden, and of a larger one in ../shared where that is there.
enum Golden {
  private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

  static let networks = [tiny] + (access(large.tensors, R_OK) == 0 ? [large] : [])

  private static let tiny = GoldenNetwork(
    testDescription: "tiny", tensors: root + "/Tests/golden/tiny.safetensors",
    deviationTable: root + "/Tests/golden/tiny.deviation.txt",
    description: (try? NetworkDescription.read(root + "/Tests/golden/tiny.json")) ?? NetworkDescription(),
    hasKnifeEdges: false)

  private static let large = GoldenNetwork(
    testDescription: "A", tensors: root + "/../shared/golden/A.safetensors",
    deviationTable: root + "/../shared/golden/torch_f32_deviation.txt", description: largeDescription,
    hasKnifeEdges: true)

  static let backends = ["reference", "openblas"] + cpuVariants

  /// Every variant of the cpu plugin that runs on this processor, by the path of its shared object: what a user gets from
  /// "cpu" is only the best of them.
  static let cpuVariants = BackendSearch.available().libraries
    .filter { $0.info.name == "cpu" && $0.info.score > 0 }.compactMap(\.info.path).sorted()

  static func isCPU(_ backend: String) -> Bool { cpuVariants.contains(backend) }

  /// How many times the listed deviation of a float32 engine is allowed. Winograd's transforms lose a digit or more;
  /// `DECOUPLED_CPU_PRECISE=1` turns them off.
  static func allowed(_ backend: String) -> Double {
    isCPU(backend) && getenv("DECOUPLED_CPU_PRECISE") == nil ? 100 : 5
  }

  private static let largeDescription: NetworkDescription = {
    var description = NetworkDescription()
    description.name = "golden A"
    description.classes = 4
    description.inputSize = 128
    description.stageChannels = [8, 16, 24, 32, 32]
    description.fc6Kernel = 3
    description.fcWidth = 64
    description.segmentationFcWidth = 48
    description.batchNormalizationEpsilon = 1e-5
    description.saliency = .released
    return description
  }()

  static func parameters(_ file: SafetensorsReader) -> ParameterStore {
    let store = ParameterStore()
    for (name, tensor) in file.tensors where name.hasPrefix("weights.") {
      store[String(name.dropFirst("weights.".count))] = tensor
    }
    return store
  }

  /// max |a - b| / max |b|.
  static func deviation(_ a: Tensor, _ b: Tensor) throws -> Double {
    let (x, y) = (try a.array(Float.self), try b.array(Float.self))
    try #require(x.count == y.count, "\(a.shape) against \(b.shape)")
    var (difference, largest) = (0.0, 0.0)
    for (p, q) in zip(x, y) {
      difference = max(difference, abs(Double(p) - Double(q)))
      if !p.isFinite { return .infinity }
      largest = max(largest, abs(Double(q)))
    }
    return difference / max(largest, .leastNormalMagnitude)
  }
}

extension String {
  init(readingFile path: String) throws {
    let file = try #require(fopen(path, "r"), "\(path)")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    self = String(decoding: bytes, as: UTF8.self)
  }
}
