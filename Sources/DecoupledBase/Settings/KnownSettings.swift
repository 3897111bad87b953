/// Refuses settings that do not exist, so that a misspelt one is not silently a default.
public enum KnownSettings {
  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// - Throws: `DecodingError` naming the first key that is not one of `Keys`.
  public static func check<Keys: CodingKey & CaseIterable>(
    _ decoder: any Decoder, _: Keys.Type, of owner: String
  ) throws {
    let known = Set(Keys.allCases.map(\.stringValue))
    for key in try decoder.container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [key], debugDescription: "there is no such setting of \(owner)."))
    }
  }
}

extension KeyedDecodingContainer {
  /// Overwrites a default when the key is there.
  public func read<Content: Decodable>(_ key: Key, into target: inout Content) throws {
    if let value = try decodeIfPresent(Content.self, forKey: key) { target = value }
  }
}
