/// Turns a decoding error into one sentence that names the setting.
public enum JSONProblem {
  public static func sentence(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      "'\(path(context.codingPath + [key]))' is missing."
    case DecodingError.typeMismatch(let type, let context):
      "'\(path(context.codingPath))' is not \(words[ObjectIdentifier(type)] ?? "of the kind \(type)")."
    case DecodingError.valueNotFound(_, let context): "'\(path(context.codingPath))' is null."
    case DecodingError.dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "it is not valid JSON." : "'\(path(context.codingPath))': \(context.debugDescription)"
    default: "\(error)"
    }
  }

  private static let words: [ObjectIdentifier: String] = [
    ObjectIdentifier(Int.self): "a whole number", ObjectIdentifier(Float.self): "a number",
    ObjectIdentifier(Double.self): "a number", ObjectIdentifier(Bool.self): "true or false",
    ObjectIdentifier(String.self): "a text",
  ]

  private static func path(_ keys: [any CodingKey]) -> String { keys.map(\.stringValue).joined(separator: ".") }
}
