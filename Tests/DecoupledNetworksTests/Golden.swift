import DecoupledCore
import DecoupledNetworks
import Glibc
import Testing

/// The reference tensors beside the project, computed in float64 by an independent implementation.
enum Golden {
  /// Path of ../shared, nil when it is not there.
  static let shared: String? = {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let path = "/\(root)/../shared"
    return access(path + "/golden/A.safetensors", R_OK) == 0 ? path : nil
  }()

  static let absent: Comment = "the reference tensors in ../shared are absent"

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

  static func file() throws -> SafetensorsReader {
    try SafetensorsReader(path: try #require(shared) + "/golden/A.safetensors")
  }

  /// The network of the vectors, as golden/README.md describes it.
  static let description: NetworkDescription = {
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

  /// Largest deviation of torch's float32 run from the float64 values, by tensor or group.
  static func deviations() throws -> [String: Double] {
    let text = try String(readingFile: try #require(shared) + "/golden/torch_f32_deviation.txt")
    var result: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let fields = line.split(separator: " ")
      if fields.count >= 2, let value = Double(fields[1]) { result[String(fields[0])] = value }
    }
    return result
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
