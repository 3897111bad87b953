/// What a person wants to know of a setting.
public struct SettingEntry {
  /// Names from the outermost group to the setting; behind the name of a list of groups stands "[]".
  public let path: [String]
  /// The group it belongs to, as errors call it.
  public let group: String
  /// The values it may have, in words; nil for a group of settings, whose members follow.
  public let values: String?
  /// Nil when it is not set at first.
  public let standard: (any Encodable)?
  public let meaning: String
}
