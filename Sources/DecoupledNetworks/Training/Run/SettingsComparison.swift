import DecoupledBase
import FoundationEssentials

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
