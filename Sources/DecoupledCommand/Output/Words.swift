/// Words typed by people.
enum Words {
  /// Without spaces at either end.
  static func trimmed(_ text: Substring) -> String {
    String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
