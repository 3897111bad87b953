import DecoupledBase
import FoundationEssentials

/// The refinements there are, and how users name them.
public enum Refinements {
  public static let all: [any Refinement.Type] = [
    GuidedRefinement.self
  ]

  /// Of a name and settings; those left out have their defaults.
  /// - Throws: `invalidArgument` for a name or setting that does not exist, or a value out of its range.
  static func make(_ name: String, _ settings: [String: Double]) throws -> any Refinement {
    guard let type = all.first(where: { $0.name == name }) else {
      throw EngineError(
        .invalidArgument, "There is no refinement '\(name)'; there is \(all.map { $0.name }.joined(separator: ", ")).")
    }
    return type.init(try RefinementValues(settings, of: type))
  }

  /// Of a text such as `guided:radius=8,epsilon=0.01`.
  /// - Throws: as `make`, and for a setting without a number.
  public static func parse(_ text: String) throws -> RefinementChoice {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    var settings: [String: Double] = [:]
    for setting in parts.dropFirst().flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
      let pair = setting.split(separator: "=", omittingEmptySubsequences: false)
      guard pair.count == 2, let value = Double(pair[1]), value.isFinite else {
        throw EngineError(
          .invalidArgument, "'\(setting)' of the refinement '\(text)' is no setting; write name=number.")
      }
      settings[String(pair[0])] = value
    }
    return try RefinementChoice(String(parts[0]), settings)
  }

  /// Of a JSON list: each entry a name, or an object of `name` and settings.
  /// - Throws: `invalidArgument` when it is something else, and as `make`.
  public static func decode(json: String) throws -> [RefinementChoice] {
    do {
      return try JSONDecoder().decode([RefinementChoice].self, from: Data(json.utf8))
    } catch let error as EngineError {
      throw error
    } catch {
      throw EngineError(
        .invalidArgument,
        #"'\#(json)' is no list of refinements; write it as [{"name": "guided", "radius": 8}] or ["guided"]."#)
    }
  }

  /// A line for each refinement and setting, for help texts.
  public static var help: String {
    all.map { type in
      "\(type.name): \(type.summary)"
        + type.settings.map {
          " \($0.name): \($0.summary), \($0.text($0.range.lowerBound)) to \($0.text($0.range.upperBound)), default "
            + "\($0.text($0.standard))."
        }.joined()
    }.joined(separator: "\n")
  }
}
