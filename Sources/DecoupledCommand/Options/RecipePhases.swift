import DecoupledBase
import DecoupledNetworks

/// The sections of a configuration that belong to phases. Those of phases that are not trained are read and checked too, so that
/// one configuration serves several families.
struct RecipePhases: Sendable, Equatable {
  /// By the name of the phase.
  private(set) var settings: [String: any PhaseSettings] = Dictionary(
    uniqueKeysWithValues: Self.all.map { ($0.name, $0.defaults) })

  private static let all = Families.all.flatMap(\.phases)

  /// Names the section of a phase and says what kind of settings it holds.
  struct Section<Settings: PhaseSettings>: Hashable {
    let name: String
  }

  subscript<Settings: PhaseSettings>(_ section: Section<Settings>) -> Settings {
    get { settings[section.name] as? Settings ?? Settings() }
    set { settings[section.name] = newValue }
  }

  /// A section for each phase.
  static let settings: [Setting<Recipe>] = all.map { section(of: $0) }

  private static func section<Chosen: Phase>(of phase: Chosen) -> Setting<Recipe> {
    .group(phase.name, \.phases[Section<Chosen.Settings>(name: phase.name)], phase.summary)
  }

  static func == (a: Self, b: Self) -> Bool {
    func equal<Settings: PhaseSettings>(_ a: Settings, _ b: any PhaseSettings) -> Bool { a == b as? Settings }
    return a.settings.allSatisfy { name, settings in b.settings[name].map { equal(settings, $0) } ?? false }
  }
}
