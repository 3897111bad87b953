/// The "product" of a manifest before its library is open: a function for C = alpha A B + beta C in row-major float32.
struct ProductEntry {
  /// The values of a call, by number.
  enum Value: Int, CaseIterable {
    case m, n, k, a, b, c, lda, ldb, ldc, alpha, beta
    case transposesA, transposesB

    var name: String {
      switch self {
      case .transposesA: "trans_a"
      case .transposesB: "trans_b"
      default: "\(self)"
      }
    }

    fileprivate var role: ArgumentReader.Role {
      switch self {
      case .m, .n, .k, .lda, .ldb, .ldc, .transposesA, .transposesB: .integer
      case .alpha, .beta: .real
      case .a, .b: .memory(.float, isWritten: false)
      case .c: .memory(.float, isWritten: true)
      }
    }
  }

  let success: Int?
  private let declaration: CDeclaration
  private let arguments: [ForeignArgument]
  private let byReference: Set<Int>

  /// - Throws: `ManifestError` when an argument does not fit its parameter, or a value of the product reaches none.
  init(_ value: JSONValue) throws {
    let object = try ManifestObject(value, "\"product\"")
    try object.requireOnly(["function", "arguments", "success"])
    let declaration = try CDeclaration(object.string("function"))
    self.declaration = declaration
    let reader = ArgumentReader(declaration: declaration) { name, _ in
      Value.allCases.first { $0.name == name }.map { ($0.rawValue, $0.role) }
    }
    let used: Set<String>
    (arguments, byReference, used) = try reader.read(object.list("arguments"))
    if let missing = Value.allCases.first(where: { !used.contains($0.name) }) {
      throw ManifestError("'\(declaration.name)' gets no \"\(missing.name)\", so it cannot be the product")
    }
    success = try object.integer("success")
    guard success == nil || declaration.result.base.isInteger else {
      throw ManifestError("\"success\" is given, but '\(declaration.name)' returns no whole number")
    }
  }

  func function(_ library: ForeignLibrary) throws -> ForeignFunction {
    try ForeignFunction(declaration, library.function(declaration.name), arguments, byReference: byReference)
  }
}
