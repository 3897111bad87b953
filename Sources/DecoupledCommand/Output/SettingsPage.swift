import DecoupledBase

/// docs/settings.md.
enum SettingsPage {
  static func text() throws -> String {
    var lines = [
      "# Settings", "",
      "Written by `decoupled settings --markdown`; do not edit. Settings that are left out keep their defaults, unknown ones",
      "and values out of range are refused. Names that stand in a heading come before those in its table, with a point between.",
    ]
    for section in SettingsList.sections {
      lines += ["", "## \(section.title)", section.place]
      for (number, group) in groups(section.entries).enumerated() {
        let places = group.prefixes.filter { !$0.isEmpty }
        if !places.isEmpty || number > 0 {
          lines += ["", "### " + places.map { "`\($0)`" }.joined(separator: ", ")]
          if let meaning = group.meaning { lines.append(meaning) }
        }
        lines += ["", "| setting | values | default | |", "| --- | --- | --- | --- |"]
        for row in group.rows {
          lines.append("| `\(row.name)` | \(row.values) | \(try row.standard()) | \(row.meaning) |")
        }
      }
    }
    return lines.joined(separator: "\n")
  }

  private struct Row {
    let name: String
    let values: String
    let meaning: String
    /// The same setting in each place of the group.
    var entries: [SettingEntry]

    func standard() throws -> String {
      let texts = try entries.map { (place: $0.path.dropLast().joined(separator: "."), text: try $0.standardText()) }
      let first = texts[0].text
      guard texts.contains(where: { $0.text != first }) else { return first == "none" ? "none" : "`\(first)`" }
      return texts.map { "`\($0.text)` in `\($0.place)`" }.joined(separator: ", ")
    }
  }

  /// Settings of one type, which may stand in several places.
  private struct Group {
    let name: String
    var prefixes: [String] = []
    let meaning: String?
    var rows: [Row] = []
  }

  private static func groups(_ entries: [SettingEntry]) -> [Group] {
    var groups: [Group] = []
    for entry in entries {
      let prefix = entry.path.dropLast().joined(separator: ".")
      let index =
        groups.firstIndex { $0.name == entry.group }
        ?? {
          // The entry of the group itself stands in front of its members; behind a list it has no brackets.
          let owner = entries.first { $0.values == nil && $0.name == prefix }
          groups.append(Group(name: entry.group, meaning: owner?.meaning))
          return groups.count - 1
        }()
      if !groups[index].prefixes.contains(prefix) { groups[index].prefixes.append(prefix) }
      let name = entry.path.last ?? ""
      if let row = groups[index].rows.firstIndex(where: { $0.name == name }) {
        groups[index].rows[row].entries.append(entry)
      } else if let values = entry.values {
        groups[index].rows.append(Row(name: name, values: values, meaning: entry.meaning, entries: [entry]))
      }
    }
    return groups.filter { !$0.rows.isEmpty }
  }
}
