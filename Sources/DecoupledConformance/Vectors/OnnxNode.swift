import DecoupledBase

/// The one node of a model of ONNX's node tests.
struct OnnxNode {
  private(set) var operation = ""
  /// Names of its inputs, "" for absent ones, and of the graph's inputs in order.
  private(set) var inputs: [String] = []
  private(set) var outputs: [String] = []
  private(set) var graphInputs: [String] = []
  private(set) var graphOutputs: [String] = []
  private(set) var integers: [String: [Int]] = [:]
  private(set) var reals: [String: Double] = [:]
  private(set) var texts: [String: String] = [:]

  /// nil where the model has more than one node.
  init?(path: String) throws {
    let file = try RandomAccessFile(path: path)
    let reader = ProtobufReader(FileCursor(file, kind: "model of ONNX"))
    var count = 0
    while let field = try reader.next(before: file.size) {
      guard field.number == 7 else {
        try reader.skip(field, before: file.size)
        continue
      }
      try reader.message(field, before: file.size) { field, end in
        switch field.number {
        case 1:
          count += 1
          try readNode(reader, field, end)
        case 11: graphInputs.append(try Self.name(reader, field, end))
        case 12: graphOutputs.append(try Self.name(reader, field, end))
        default: try reader.skip(field, before: end)
        }
      }
    }
    guard count == 1 else { return nil }
  }

  private mutating func readNode(_ reader: ProtobufReader, _ field: ProtobufReader.Field, _ end: Int) throws {
    try reader.message(field, before: end) { field, end in
      switch field.number {
      case 1: inputs.append(try reader.text(field, before: end) ?? "")
      case 2: outputs.append(try reader.text(field, before: end) ?? "")
      case 4: operation = try reader.text(field, before: end) ?? ""
      case 5: try readAttribute(reader, field, end)
      default: try reader.skip(field, before: end)
      }
    }
  }

  private mutating func readAttribute(_ reader: ProtobufReader, _ field: ProtobufReader.Field, _ end: Int) throws {
    var (name, real, text) = ("", Double?.none, String?.none)
    var numbers: [UInt64] = []
    try reader.message(field, before: end) { field, end in
      switch field.number {
      case 1: name = try reader.text(field, before: end) ?? ""
      case 2: real = try reader.float(field, before: end).map(Double.init)
      case 4: text = try reader.text(field, before: end, most: 1 << 16)
      case 3, 8: try reader.numbers(field, before: end, into: &numbers)
      default: try reader.skip(field, before: end)
      }
    }
    if let real { reals[name] = real }
    if let text { texts[name] = text }
    if !numbers.isEmpty { integers[name] = numbers.map { Int(truncatingIfNeeded: $0) } }
  }

  private static func name(_ reader: ProtobufReader, _ field: ProtobufReader.Field, _ end: Int) throws -> String {
    var found = ""
    try reader.message(field, before: end) { field, end in
      if field.number == 1 {
        found = try reader.text(field, before: end) ?? ""
      } else {
        try reader.skip(field, before: end)
      }
    }
    return found
  }
}
