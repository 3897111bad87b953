import CSystem

/// Switches of plugins that users set in the environment. A program that runs with other rights than its caller's has none.
public enum PluginEnvironment {
  /// Whether the variable is set, and to something other than nothing or 0.
  public static func isOn(_ name: String) -> Bool {
    guard let value = dcn_system_environment(name) else { return false }
    return value.pointee != 0 && value.pointee != CChar(bitPattern: UInt8(ascii: "0"))
  }

  /// What the variable is set to.
  public static func text(_ name: String) -> String? { dcn_system_environment(name).map { String(cString: $0) } }
}
