import DecoupledBase
import DecoupledProposals

/// All settings with their defaults, for people and for programs.
struct SettingsList {
  /// Settings that are read from one place.
  struct Section {
    let title: String
    /// Where they are given.
    let place: String
    let entries: [SettingEntry]
  }

  static let sections = [
    Section(
      title: "Configurations",
      place: "Of a configuration file (--config) and of --set-value; C and Python take a section as JSON.",
      entries: Recipe.entries()),
    Section(
      title: "Edge Boxes",
      place: "Options of decoupled proposals (--min-score), members of dcn_proposer_options, arguments in Python.",
      entries: EdgeBoxesSettings.entries()),
    Section(
      title: "Structured forests",
      place: "Kept in a forest's file; decoupled train edges has options for some (--feature-share).",
      entries: ForestTrainingSettings.entries()),
  ]

  /// The entries whose path has a name, or several names with points between, in it.
  static func sections(with name: String) -> [Section] {
    let wanted = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    return sections.compactMap { section in
      let found = section.entries.filter { entry in
        let path = entry.path.map { $0.hasSuffix("[]") ? String($0.dropLast(2)) : $0 }
        return path.indices.contains { path[$0...].starts(with: wanted) }
      }
      return found.isEmpty ? nil : Section(title: section.title, place: section.place, entries: found)
    }
  }
}

extension SettingEntry {
  var name: String { path.joined(separator: ".") }

  /// The default as JSON, "none" when it is not set.
  func standardText() throws -> String {
    guard let standard else { return "none" }
    // A list, because a bare value is no JSON text for older readers.
    return String(try JSONText.of([AnyValue(standard)]).dropFirst().dropLast())
  }

  private struct AnyValue: Encodable {
    let value: any Encodable
    init(_ value: any Encodable) { self.value = value }
    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
  }
}
