import ArgumentParser
import DecoupledBase

/// `decoupled settings`: what can be set, to what, and what it means.
struct Settings: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the settings of configurations, proposals and forests with their defaults.")

  enum Form: EnumerableFlag { case markdown, json }

  @Argument(help: "Only settings of this name, or of the group of this name: momentum, solver, cropping.proposals.")
  var name: String?

  @Flag(help: "As the page docs/settings.md, or as a list for programs.")
  var form: Form?

  private struct Listed: Encodable {
    let section: String
    let name: String
    let values: String?
    let standard: String
    let meaning: String

    enum CodingKeys: String, CodingKey {
      case section, name, values, meaning
      case standard = "default"
    }
  }

  func validate() throws {
    if name != nil && form == .markdown {
      throw ValidationError("--markdown writes the whole page; leave the name out.")
    }
  }

  func run() throws {
    let sections = name.map(SettingsList.sections(with:)) ?? SettingsList.sections
    guard !sections.isEmpty else {
      throw EngineError(.notFound, "There is no setting '\(name ?? "")'; 'decoupled settings' lists all.")
    }
    switch form {
    case .markdown: print(try SettingsPage.text())
    case .json:
      print(
        try JSONText.of(
          sections.flatMap { section in
            try section.entries.map {
              Listed(
                section: section.title, name: $0.name, values: $0.values, standard: try $0.standardText(),
                meaning: $0.meaning)
            }
          }, pretty: true))
    case nil:
      for section in sections {
        print("\(section.place)\n")
        for entry in section.entries {
          print(entry.values == nil ? "\(entry.name):" : "\(entry.name) = \(try entry.standardText())")
          print("    " + entry.meaning + (entry.values.map { " (\($0))" } ?? ""))
        }
        print("")
      }
    }
  }
}
