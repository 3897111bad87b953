/// The wire format of protocol buffers, read field by field from a file.
public struct ProtobufReader {
  /// How a field's value is encoded.
  public enum Wire: UInt64 {
    case varint = 0
    case fixed64 = 1
    case bytes = 2
    case fixed32 = 5
  }

  public struct Field {
    public let number: Int
    public let wire: Wire
  }

  public let cursor: FileCursor

  public init(_ cursor: FileCursor) { self.cursor = cursor }

  /// The next field of a message that ends at `end`; nil behind the last.
  public func next(before end: Int) throws -> Field? {
    guard cursor.position < end else { return nil }
    let key = try varint(before: end)
    guard let wire = Wire(rawValue: key & 7), case let number = key >> 3, number > 0, number < 1 << 29 else {
      throw cursor.broken("no field of a protocol buffer")
    }
    return Field(number: Int(number), wire: wire)
  }

  public func varint(before end: Int) throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      let byte = try cursor.byte(before: end)
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw cursor.broken("a number of more than ten bytes")
  }

  /// End of the bytes that follow: a message, text or packed numbers.
  public func bytesEnd(before end: Int) throws -> Int {
    let length = try varint(before: end)
    guard length <= UInt64(end - cursor.position) else {
      throw cursor.broken("\(length) bytes are announced where \(end - cursor.position) are left,")
    }
    return cursor.position + Int(length)
  }

  public func skip(_ field: Field, before end: Int) throws {
    switch field.wire {
    case .varint: _ = try varint(before: end)
    case .fixed64: try cursor.skip(8, before: end)
    case .fixed32: try cursor.skip(4, before: end)
    case .bytes: try cursor.skip(try bytesEnd(before: end) - cursor.position, before: end)
    }
  }

  /// Text of a field; nil when the field is of another kind. `most` bounds the memory.
  public func text(_ field: Field, before end: Int, most: Int = 256) throws -> String? {
    guard field.wire == .bytes else {
      try skip(field, before: end)
      return nil
    }
    let stop = try bytesEnd(before: end)
    return try cursor.text(stop - cursor.position, before: stop, most: most)
  }

  /// An integer that may not be negative, as sizes are; nil when the field is of another kind.
  public func size(_ field: Field, before end: Int) throws -> Int? {
    guard field.wire == .varint else {
      try skip(field, before: end)
      return nil
    }
    let value = try varint(before: end)
    guard value <= UInt64(Int32.max) else { throw cursor.broken("a size of \(Int64(bitPattern: value))") }
    return Int(value)
  }

  /// Integers of a repeated field, packed or not. `most` bounds the memory.
  public func sizes(_ field: Field, before end: Int, into list: inout [Int], most: Int = 32) throws {
    func append(_ value: UInt64) throws {
      guard value <= UInt64(Int64.max), list.count < most else {
        throw cursor.broken("more than \(most) numbers, or one that is negative,")
      }
      list.append(Int(value))
    }
    switch field.wire {
    case .varint: try append(try varint(before: end))
    case .bytes:
      let stop = try bytesEnd(before: end)
      while cursor.position < stop { try append(try varint(before: stop)) }
    case .fixed32, .fixed64: try skip(field, before: end)
    }
  }

  /// A float; nil when the field is of another kind.
  public func float(_ field: Field, before end: Int) throws -> Float? {
    guard field.wire == .fixed32 else {
      try skip(field, before: end)
      return nil
    }
    return Float(bitPattern: UInt32(truncatingIfNeeded: try cursor.number(4, before: end)))
  }

  /// Reads a message field by field.
  public func message(_ field: Field, before end: Int, _ body: (Field, Int) throws -> Void) throws {
    guard field.wire == .bytes else { return try skip(field, before: end) }
    let stop = try bytesEnd(before: end)
    while let inner = try next(before: stop) { try body(inner, stop) }
  }

  /// Numbers of a repeated field as they are stored, packed or not: varints, or of a fixed width where the field has one or
  /// `width` (4 or 8 bytes) says what is packed.
  public func numbers(_ field: Field, before end: Int, width: Int? = nil, into list: inout [UInt64]) throws {
    switch field.wire {
    case .varint: list.append(try varint(before: end))
    case .fixed32: list.append(try cursor.number(4, before: end))
    case .fixed64: list.append(try cursor.number(8, before: end))
    case .bytes:
      let stop = try bytesEnd(before: end)
      while cursor.position < stop {
        list.append(try width.map { try cursor.number($0, before: stop) } ?? varint(before: stop))
      }
    }
  }

  /// Bytes of a field; nil when the field is of another kind.
  public func bytes(_ field: Field, before end: Int, most: Int) throws -> [UInt8]? {
    guard field.wire == .bytes else {
      try skip(field, before: end)
      return nil
    }
    let stop = try bytesEnd(before: end)
    return try cursor.bytes(stop - cursor.position, before: stop, most: most)
  }
}
