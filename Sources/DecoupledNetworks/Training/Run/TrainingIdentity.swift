import DecoupledBase
import DecoupledCore
import DecoupledVision
import FoundationEssentials

/// Everything that fixes the bits of a run, kept in its state: a run resumes only with the same.
struct TrainingIdentity<Settings: Codable>: Codable {
  var phase: String
  var network: NetworkDescription
  var class_names: [String]
  var settings: Settings
  /// Of the data set's ids, labels and masks.
  var data: String
  /// Of the weights that the phase reads and does not train.
  var fixed_weights: String
  /// What the weights were before the first iteration, nil when the caller made the model.
  var origin: TrainingOrigin?

  func json() throws -> String {
    try JSONText.of(self, pretty: true)
  }
}

/// Where the weights of a run came from before its first iteration.
public struct TrainingOrigin: Codable, Sendable {
  /// Names of the files, without their folders, which may move.
  public var weights: String?
  public var preprocessing: String?
  public var extended: String?
  public var start: StartingPoint

  public init(
    weights: String? = nil, preprocessing: String? = nil, extended: String? = nil, start: StartingPoint = .init()
  ) {
    func name(_ path: String?) -> String? { path.flatMap { $0.split(separator: "/").last.map(String.init) } }
    self.weights = name(weights)
    self.preprocessing = preprocessing
    self.extended = name(extended)
    self.start = start
  }
}

/// Short texts that change when what they are made of changes.
enum Fingerprint {
  /// Of a data set: ids, labels, which items have a mask, and the windows of a list. Not of the pixels.
  static func of(_ dataset: Dataset) -> String {
    var hash: UInt64 = 0
    for item in dataset.items {
      let labels = item.imageLabels.map { $0.map { $0 ? "1" : "0" }.joined() } ?? "-"
      hash = CounterRandom.hash("\(item.id)\n\(labels)\n\(item.maskPath == nil ? 0 : 1)", seed: hash)
    }
    if let crops = dataset.crops {
      for number in 0..<crops.count { hash = CounterRandom.hash("\(crops[number])", seed: hash) }
    }
    return String(CounterRandom.hash(dataset.classes.names.joined(separator: "\n"), seed: hash), radix: 16)
  }

  /// Of weights: names, shapes and all values.
  static func of(_ tensors: [(name: String, tensor: Tensor)]) -> String {
    var hash: UInt64 = 0
    for (name, tensor) in tensors {
      hash = CounterRandom.hash("\(name) \(tensor.shape)", seed: hash)
      let words = UnsafeRawBufferPointer(start: tensor.bytes, count: tensor.byteCount)
      for offset in stride(from: 0, to: words.count - words.count % 4, by: 4) {
        hash = (hash ^ UInt64(words.loadUnaligned(fromByteOffset: offset, as: UInt32.self))) &* 0x100_0000_01B3
      }
    }
    return String(hash, radix: 16)
  }
}

/// Compares the settings of a run with those it is to be resumed with.
enum SettingsComparison {
  /// A JSON value as far as comparing needs it.
  private enum Value: Decodable {
    case object([String: Value])
    case list([Value])
    case scalar(String)

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        self = .scalar("null")
      } else if let bool = try? value.decode(Bool.self) {
        self = .scalar("\(bool)")
      } else if let number = try? value.decode(UInt64.self) {
        self = .scalar("\(number)")
      } else if let number = try? value.decode(Double.self) {
        self = .scalar("\(number)")
      } else if let text = try? value.decode(String.self) {
        self = .scalar("'\(text)'")
      } else if let list = try? value.decode([Value].self) {
        self = .list(list)
      } else {
        self = .object(try value.decode([String: Value].self))
      }
    }

    func flatten(_ path: String, into result: inout [String: String]) {
      switch self {
      case .scalar(let text): result[path] = text
      case .list(let values):
        result[path + ".count"] = "\(values.count)"
        for (index, value) in values.enumerated() { value.flatten("\(path)[\(index)]", into: &result) }
      case .object(let members):
        for (key, value) in members { value.flatten(path.isEmpty ? key : "\(path).\(key)", into: &result) }
      }
    }
  }

  /// A setting that differs, by its path, with both values.
  struct Difference: Equatable {
    let setting: String
    let saved: String
    let wanted: String
  }

  /// The settings that differ, sorted.
  static func differences(saved: String, wanted: String) throws -> [Difference] {
    let (a, b) = (try flattened(saved), try flattened(wanted))
    return Set(a.keys).union(b.keys).sorted().compactMap { key in
      let (old, new) = (a[key] ?? "not set", b[key] ?? "not set")
      return old == new ? nil : Difference(setting: key, saved: old, wanted: new)
    }
  }

  private static func flattened(_ json: String) throws -> [String: String] {
    var result: [String: String] = [:]
    do { try JSONDecoder().decode(Value.self, from: Data(json.utf8)).flatten("", into: &result) } catch {
      throw EngineError(.format, "The settings in the training state are damaged; start the training anew.")
    }
    return result
  }

  /// Refuses to resume with other settings. `maximum_iterations` may grow.
  static func check(saved: String, wanted: String, iteration: Int, in path: String) throws {
    for difference in try differences(saved: saved, wanted: wanted) {
      switch difference.setting {
      case "settings.solver.maximum_iterations":
        guard let new = Int(difference.wanted), new >= iteration else {
          throw EngineError(
            .invalidArgument,
            "The run in '\(path)' has finished \(iteration) iterations; maximum_iterations can only grow, not become \(difference.wanted)."
          )
        }
        if saved.contains("\"poly\"") {
          Log.write(.warning, "With policy poly another maximum_iterations changes the learning rate from here on.")
        }
      case "fixed_weights":
        throw EngineError(
          .invalidArgument,
          "The run in '\(path)' began with other fixed weights; resume it with the model it began with, or start a new run."
        )
      case let name where name.hasPrefix("origin"):
        // Whoever hands over a model of their own says nothing of its origin.
        guard difference.saved != "not set" || difference.wanted != "not set", saved.contains("\"origin\""),
          wanted.contains("\"origin\"")
        else { continue }
        throw EngineError(
          .invalidArgument,
          "The run in '\(path)' began with \(name) = \(difference.saved), not \(difference.wanted); resume it with the weights it began with, or start a new run."
        )
      case "data":
        throw EngineError(
          .invalidArgument,
          "The run in '\(path)' began with another training set; resume it with the same images, labels and masks, or start a new run."
        )
      default:
        throw EngineError(
          .invalidArgument,
          "The run in '\(path)' began with \(difference.setting) = \(difference.saved), not \(difference.wanted); resume it with the same settings or start a new run."
        )
      }
    }
  }
}
