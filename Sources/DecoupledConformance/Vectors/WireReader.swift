import DecoupledCore
import Glibc

/// Reads protocol buffers: numbered fields, each a number or bytes.
struct WireReader {
  enum Value {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  static let damaged = EngineError(.format, "A file of a test vector is damaged.")

  /// The next field, nil at the end.
  mutating func next() throws -> (field: Int, value: Value)? {
    guard !rest.isEmpty else { return nil }
    let key = try varint()
    let field = Int(key >> 3)
    switch key & 7 {
    case 0: return (field, .number(try varint()))
    case 1: return (field, .number(try fixed(8)))
    case 2:
      let count = try varint()
      guard count <= UInt64(rest.count) else { throw Self.damaged }
      let bytes = rest.prefix(Int(count))
      rest = rest.dropFirst(Int(count))
      return (field, .bytes(bytes))
    case 5: return (field, .number(try fixed(4)))
    default: throw Self.damaged
    }
  }

  private mutating func varint() throws -> UInt64 {
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { throw Self.damaged }
      result |= UInt64(byte & 0x7F) << shift
      if byte < 128 { return result }
    }
    throw Self.damaged
  }

  private mutating func fixed(_ count: Int) throws -> UInt64 {
    guard rest.count >= count else { throw Self.damaged }
    let result = rest.prefix(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    rest = rest.dropFirst(count)
    return result
  }

  /// Numbers of a repeated field, which may be packed.
  static func numbers(_ value: Value) throws -> [UInt64] {
    switch value {
    case .number(let number): return [number]
    case .bytes(let bytes):
      var reader = WireReader(bytes)
      var result: [UInt64] = []
      while !reader.rest.isEmpty { result.append(try reader.varint()) }
      return result
    }
  }

  /// Fixed-width numbers of a repeated field.
  static func fixedNumbers(_ value: Value, width: Int) throws -> [UInt64] {
    switch value {
    case .number(let number): return [number]
    case .bytes(let bytes):
      var reader = WireReader(bytes)
      var result: [UInt64] = []
      while !reader.rest.isEmpty { result.append(try reader.fixed(width)) }
      return result
    }
  }

  static func file(_ path: String) throws -> ArraySlice<UInt8> {
    guard let file = fopen(path, "rb") else {
      throw EngineError(.io, "Cannot read '\(path)': \(String(cString: strerror(errno))).")
    }
    defer { fclose(file) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { result += buffer[..<count] }
    return result[...]
  }
}
