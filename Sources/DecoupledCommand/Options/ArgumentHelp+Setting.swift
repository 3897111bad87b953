import ArgumentParser
import DecoupledBase

extension ArgumentHelp {
  /// The help of an option that is a setting, as its declaration says it.
  static func setting<Group: SettingGroup>(_ place: PartialKeyPath<Group>) -> ArgumentHelp {
    ArgumentHelp(Group.description(of: place) ?? "")
  }
}
