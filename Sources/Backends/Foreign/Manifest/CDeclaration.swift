/// A C function as its header declares it: `void cblas_sgemm(int order, ..., const float *a, ...)`.
struct CDeclaration {
  enum Base: String {
    case void, char, float, double
    case int32 = "int32_t"
    case int64 = "int64_t"
    case uint64 = "size_t"

    var isInteger: Bool { [.char, .int32, .int64, .uint64].contains(self) }
    var isReal: Bool { [.float, .double].contains(self) }
  }

  struct CType: Equatable, CustomStringConvertible {
    let base: Base
    let isPointer: Bool
    /// Whether what a pointer points to may not be written.
    let isConstant: Bool

    var description: String { (isConstant ? "const " : "") + base.rawValue + (isPointer ? " *" : "") }
  }

  let name: String
  let result: CType
  let parameters: [(name: String, type: CType)]

  /// Type names and what they are on 64-bit Linux.
  private static let bases: [String: Base] = [
    "void": .void, "char": .char, "float": .float, "double": .double, "int": .int32, "int32_t": .int32,
    "unsigned": .int32, "uint32_t": .int32, "long": .int64, "int64_t": .int64, "ptrdiff_t": .int64, "size_t": .uint64,
    "uint64_t": .uint64,
  ]

  /// - Throws: `ManifestError` that says what cannot be read.
  init(_ text: String) throws {
    func failure(_ what: String) -> ManifestError { ManifestError("in '\(text)' \(what)") }
    guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close,
      text[text.index(after: close)...].allSatisfy({ $0 == " " || $0 == ";" })
    else { throw failure("a function's parameters in parentheses are missing") }
    let head = try Self.declarator(text[..<open], failure)
    guard let name = head.name else { throw failure("the function has no name") }
    (self.name, result) = (name, head.type)
    guard !result.isPointer else { throw failure("the result is a pointer, which nothing here can use") }
    let inner = text[text.index(after: open)..<close]
    let parts = inner.split(separator: ",", omittingEmptySubsequences: false)
    if parts.count == 1, ["", "void"].contains(parts[0].split(separator: " ").joined()) {
      parameters = []
      return
    }
    parameters = try parts.map { part in
      let (type, name) = try Self.declarator(part, failure)
      guard type.base != .void || type.isPointer else { throw failure("a parameter is void") }
      return (name ?? "", type)
    }
    guard parameters.count <= 64 else { throw failure("there are more than 64 parameters") }
  }

  private static func declarator(
    _ text: Substring, _ failure: (String) -> ManifestError
  ) throws -> (type: CType, name: String?) {
    guard text.utf8.allSatisfy({ $0 < 0x80 }), !text.contains(where: { "()[].".contains($0) }) else {
      throw failure("'\(text)' is more than a type and a name")
    }
    let stars = text.count { $0 == "*" }
    guard stars <= 1 else { throw failure("'\(text)' points to a pointer, which nothing here can be") }
    var words = text.split(whereSeparator: { $0 == " " || $0 == "*" || $0 == "\t" || $0 == "\n" }).map(String.init)
    let isConstant = words.contains("const")
    words.removeAll { $0 == "const" || $0 == "restrict" }
    guard let base = words.first.flatMap({ bases[$0] }) else {
      throw failure(
        "'\(words.first ?? "")' is no type known here; write an enumeration as int and a typedef as what it stands for")
    }
    // "long long" and "long int" are one type.
    let typeWords = words[0] == "long" && words.count > 1 && ["long", "int"].contains(words[1]) ? 2 : 1
    guard words.count - typeWords <= 1 else { throw failure("'\(text)' is more than a type and a name") }
    return (CType(base: base, isPointer: stars == 1, isConstant: isConstant), words.dropFirst(typeWords).first)
  }
}
