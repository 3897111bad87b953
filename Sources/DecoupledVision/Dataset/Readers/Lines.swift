/// Pieces of lines in list files.
enum Lines {
  static func trim(_ text: String) -> String {
    var rest = text[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }

  /// The words of a line, separated by spaces or tabs.
  static func words(_ line: String) -> [String] { line.split(whereSeparator: \.isWhitespace).map(String.init) }
}
