/// Reads the arguments of an entry and checks that each fits the parameter it is for, so that a wrong signature is found
/// before anything is called.
struct ArgumentReader {
  /// What a named value of a call is.
  enum Role {
    case integer, real
    /// Elements that the function reads or writes.
    case memory(CDeclaration.Base, isWritten: Bool)
  }

  let declaration: CDeclaration
  /// Number and role of a name for a parameter of that type, nil when there is none.
  let lookUp: (String, CDeclaration.CType) throws -> (number: Int, role: Role)?

  /// - Throws: `ManifestError` that names function and parameter.
  func read(_ elements: [JSONValue]) throws -> (arguments: [ForeignArgument], byReference: Set<Int>, used: Set<String>)
  {
    guard elements.count == declaration.parameters.count else {
      throw ManifestError(
        "'\(declaration.name)' has \(declaration.parameters.count) parameters and \(elements.count) arguments")
    }
    var used = Set<String>()
    var byReference = Set<Int>()
    let arguments = try elements.enumerated().map { place, element in
      let (argument, isReference) = try argument(element, place, &used)
      if isReference { byReference.insert(place) }
      return argument
    }
    return (arguments, byReference, used)
  }

  private func failure(_ place: Int, _ what: String) -> ManifestError {
    let parameter = declaration.parameters[place]
    let name = parameter.name.isEmpty ? "" : " '\(parameter.name)'"
    return ManifestError(
      "parameter \(place + 1)\(name) of '\(declaration.name)' is \(parameter.type), which does not take \(what)")
  }

  private func argument(
    _ element: JSONValue, _ place: Int, _ used: inout Set<String>
  ) throws -> (ForeignArgument, isReference: Bool) {
    let type = declaration.parameters[place].type
    switch element {
    case .null:
      guard type.isPointer else { throw failure(place, "null") }
      return (.constant(0), false)
    case .integer, .real: return (.constant(try bits(element, place)), type.isPointer)
    case .string(let name):
      guard let (number, role) = try lookUp(name, type) else {
        // A single character, as Fortran's libraries take.
        if type.base == .char, name.utf8.count == 1 { return (.constant(try bits(element, place)), type.isPointer) }
        throw ManifestError("'\(declaration.name)' is to get \"\(name)\", which is no value of this entry")
      }
      used.insert(name)
      return (.value(number), try isReference(name, role, place))
    case .object(let members):
      guard members.count == 1, case .array(let pair) = members[0].value, pair.count == 2,
        case (let number, .integer)? = try lookUp(members[0].name, type)
      else {
        throw ManifestError(
          "an argument of '\(declaration.name)' is an object, but not like {\"trans_a\": [value for no, value for yes]}"
        )
      }
      used.insert(members[0].name)
      return (
        .choice(number, zero: try bits(pair[0], place), other: try bits(pair[1], place)), type.isPointer
      )
    case .bool, .array: throw failure(place, element.noun)
    }
  }

  /// A constant as a call hands it over.
  private func bits(_ element: JSONValue, _ place: Int) throws -> UInt64 {
    let base = declaration.parameters[place].type.base
    switch element {
    case .integer(let number) where base.isInteger:
      guard base != .int32 || Int32(exactly: number) != nil, base != .char || Int8(exactly: number) != nil else {
        throw failure(place, "\(number): it is too large")
      }
      return UInt64(bitPattern: Int64(number))
    case .integer(let number) where base.isReal: return Double(number).bitPattern
    case .real(let number) where base.isReal: return number.bitPattern
    case .string(let text) where base == .char && text.utf8.count == 1: return UInt64(text.utf8.first!)
    default: throw failure(place, element.noun)
    }
  }

  private func isReference(_ name: String, _ role: Role, _ place: Int) throws -> Bool {
    let type = declaration.parameters[place].type
    switch role {
    case .integer:
      guard type.base.isInteger else { throw failure(place, "the whole number \"\(name)\"") }
      return type.isPointer
    case .real:
      guard type.base.isReal else { throw failure(place, "the real number \"\(name)\"") }
      return type.isPointer
    case .memory(let base, let isWritten):
      guard type.isPointer, type.base == base || type.base == .void else {
        throw failure(place, "\"\(name)\", which is memory of \(base.rawValue)")
      }
      guard isWritten != type.isConstant else {
        throw failure(
          place,
          isWritten
            ? "\"\(name)\": it is written, so leave out const" : "\"\(name)\": it is only read, so declare it const")
      }
      return false
    }
  }
}
