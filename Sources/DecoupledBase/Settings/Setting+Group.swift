extension Setting {
  /// Settings of their own.
  /// - Parameter anew: those that are left out take the defaults of the inner group, in place of the values they have.
  public static func group<Group: SettingGroup>(
    _ name: String, _ place: WritableKeyPath<Owner, Group>, anew: Bool = false, _ meaning: String
  ) -> Self {
    Self(
      name: name, values: nil, meaning: meaning, place: place,
      read: { owner, file, name in
        if anew {
          if let group = try file.decodeIfPresent(Group.self, forKey: name) { owner[keyPath: place] = group }
        } else if try !file.decodeNil(forKey: name) {
          try owner[keyPath: place].read(from: file.superDecoder(forKey: name))
        }
      },
      value: { $0[keyPath: place] },
      problem: { owner in owner[keyPath: place].problem.map { "\(name).\($0)" } },
      members: { owner, path in Group.entries(at: path, defaults: owner[keyPath: place]) })
  }

  /// Settings of their own, or none.
  public static func group<Group: SettingGroup>(
    _ name: String, _ place: WritableKeyPath<Owner, Group?>, _ meaning: String
  ) -> Self {
    Self(
      name: name, values: nil, meaning: meaning, place: place,
      read: { owner, file, name in owner[keyPath: place] = try file.decodeIfPresent(Group.self, forKey: name) },
      value: { $0[keyPath: place].map { $0 as any Encodable } },
      problem: { owner in owner[keyPath: place]?.problem.map { "\(name).\($0)" } },
      members: { owner, path in Group.entries(at: path) })
  }

  /// A list of groups of settings.
  public static func groups<Group: SettingGroup>(
    _ name: String, _ place: WritableKeyPath<Owner, [Group]>, _ meaning: String
  ) -> Self {
    var setting = value(name, place, "a list", meaning) { groups in
      groups.lazy.compactMap(\.problem).first
    }
    setting.members = { _, path in Group.entries(at: path.dropLast() + ["\(name)[]"]) }
    return setting
  }
}
