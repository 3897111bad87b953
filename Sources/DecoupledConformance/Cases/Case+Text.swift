import DecoupledBackendKit
import DecoupledBase
import DecoupledCore

/// `Conv[2x3x17x19 8x3x3x3 8](pads=1,1,1,1)+Relu[^] layout=nhwc seed=7`: nodes with the shapes of their inputs, `-` for an
/// absent one and `^` (`^1`) for the first (second) result of the node before; attributes; `!1` for a result left out; then
/// what is not as usual.
extension Case: CustomStringConvertible {
  public var description: String {
    var words = [nodes.map(\.description).joined(separator: "+")]
    if elementType != .float32 { words.append("type=\(elementType)") }
    if layout != .nchw { words.append("layout=\(layout.rawValue)") }
    if gap != .none { words.append("gap=\(gap.rawValue)") }
    if byteOffset != 0 { words.append("offset=\(byteOffset)") }
    if isAtEdge { words.append("edge=yes") }
    if let batch { words.append("batch=\(batch)") }
    if hasHalfWeights { words.append("weights=float16") }
    if !hasConstants { words.append("constants=no") }
    if contents != .ordinary { words.append("contents=\(contents.rawValue)") }
    words.append("seed=\(seed)")
    return words.joined(separator: " ")
  }

  /// - Throws: `EngineError` that says what is wrong with the text.
  public init(_ text: String) throws {
    guard let end = text.lastIndex(where: { $0 == "]" || $0 == ")" || $0 == "!" }) else {
      throw EngineError(.invalidArgument, "'\(text)' is no case: it begins with an operator and shapes, Relu[2x3].")
    }
    // Left-out results stand behind the last bracket and end at the first space.
    let rest = text[end...].firstIndex(of: " ") ?? text.endIndex
    self.init(try Self.nodes(text[..<rest]))
    for word in text[rest...].split(separator: " ") {
      guard let equals = word.firstIndex(of: "=") else { throw Self.unknown(word) }
      try set(String(word[..<equals]), String(word[word.index(after: equals)...]), word)
    }
    let shapes = try shapes()
    guard shapes.outputs.joined().allSatisfy({ $0.reduce(1, *) < 1 << 31 }) else {
      throw EngineError(.invalidArgument, "The case '\(text)' has results of more than 2147483647 elements.")
    }
  }

  private static func unknown(_ word: Substring) -> EngineError {
    EngineError(.invalidArgument, "'\(word)' says nothing about a case.")
  }

  private mutating func set(_ name: String, _ value: String, _ word: Substring) throws {
    func choice<Choice: RawRepresentable>(_: Choice.Type) throws -> Choice where Choice.RawValue == String {
      guard let chosen = Choice(rawValue: value) else { throw Self.unknown(word) }
      return chosen
    }
    func number<Number: FixedWidthInteger>(_: Number.Type) throws -> Number {
      guard let number = Number(value) else { throw Self.unknown(word) }
      return number
    }
    switch name {
    case "type":
      guard let type = ElementType.allCases.first(where: { "\($0)" == value }) else { throw Self.unknown(word) }
      elementType = type
    case "layout": layout = try choice(LayoutChoice.self)
    case "gap": gap = try choice(Gap.self)
    case "offset":
      byteOffset = try number(Int.self)
      guard (0...4096).contains(byteOffset) else { throw Self.unknown(word) }
    case "edge" where value == "yes": isAtEdge = true
    case "batch":
      batch = try number(Int.self)
      guard batch! > 0 else { throw Self.unknown(word) }
    case "weights" where value == "float16": hasHalfWeights = true
    case "constants" where value == "no": hasConstants = false
    case "contents": contents = try choice(Contents.self)
    case "seed": seed = try number(UInt64.self)
    default: throw Self.unknown(word)
    }
  }

  private static func nodes(_ text: Substring) throws -> [NodeSpec] {
    var nodes: [NodeSpec] = []
    var depth = 0
    var start = text.startIndex
    for index in text.indices {
      if "[(".contains(text[index]) { depth += 1 }
      if "])".contains(text[index]) { depth -= 1 }
      if text[index] == "+", depth == 0 {
        nodes.append(try NodeSpec(text[start..<index]))
        start = text.index(after: index)
      }
    }
    nodes.append(try NodeSpec(text[start...]))
    return nodes
  }
}

extension NodeSpec: CustomStringConvertible {
  var description: String {
    let shapes = inputs.map { input in
      switch input {
      case .absent: "-"
      case .tensor(let shape): shape.map(String.init).joined(separator: "x")
      case .previous(let output): output == 0 ? "^" : "^\(output)"
      }
    }
    let written = attributes.map { attribute in
      switch attribute.content {
      case .integers(let values): "\(attribute.name)=\(values.map(String.init).joined(separator: ","))"
      case .reals(let values): "\(attribute.name)=\(values.map { "\($0)" }.joined(separator: ","))"
      }
    }
    return kind.name + "[\(shapes.joined(separator: " "))]"
      + (written.isEmpty ? "" : "(\(written.joined(separator: " ")))")
      + absentOutputs.sorted().map { "!\($0)" }.joined()
  }

  fileprivate init(_ text: Substring) throws {
    func wrong(_ why: String) -> EngineError { EngineError(.invalidArgument, "In '\(text)': \(why).") }
    guard let open = text.firstIndex(of: "["), let close = text.firstIndex(of: "]"), open < close else {
      throw wrong("an operator is followed by the shapes of its inputs in brackets")
    }
    guard let kind = OperatorKind(name: text[..<open]) else {
      throw wrong("there is no operator '\(text[..<open])'")
    }
    self.init(kind, [])
    inputs = try text[text.index(after: open)..<close].split(separator: " ").map { word in
      if word == "-" { return .absent }
      if word.hasPrefix("^") {
        guard let output = word.count == 1 ? 0 : Int(word.dropFirst()), output >= 0 else { throw wrong("'\(word)'") }
        return .previous(output)
      }
      let shape = word.split(separator: "x").map { Int($0) ?? 0 }
      guard (1...8).contains(shape.count), shape.allSatisfy({ (1..<1 << 31).contains($0) }),
        (try? Tensor.elementCount(shape)) != nil
      else { throw wrong("'\(word)' is no shape such as 2x3x17x19") }
      return .tensor(shape)
    }
    var rest = text[text.index(after: close)...]
    if rest.hasPrefix("("), let end = rest.firstIndex(of: ")") {
      attributes = try rest[rest.index(after: rest.startIndex)..<end].split(separator: " ").map { word in
        guard let equals = word.firstIndex(of: "=") else { throw wrong("'\(word)' is no attribute") }
        let (name, values) = (String(word[..<equals]), word[word.index(after: equals)...].split(separator: ","))
        if kind.signature.attribute(name)?.isReal == true {
          let numbers = values.compactMap { Double($0) }
          guard numbers.count == values.count else { throw wrong("'\(word)' is no attribute") }
          return .reals(name, numbers)
        }
        let numbers = values.compactMap { Int($0) }
        guard numbers.count == values.count else { throw wrong("'\(word)' is no attribute") }
        return .integers(name, numbers)
      }
      rest = rest[rest.index(after: end)...]
    }
    for word in rest.split(separator: "!") {
      guard let output = Int(word) else { throw wrong("'\(word)' is no number of an output") }
      absentOutputs.insert(output)
    }
  }
}
