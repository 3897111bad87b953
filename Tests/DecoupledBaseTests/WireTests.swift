import DecoupledBase
import Foundation
import Testing

/// Protocol buffers as they are written and read again.
@Suite struct WireTests {
  private func reader(_ message: ProtobufMessage, _ folder: TemporaryFolder) throws -> ProtobufReader {
    try message.write(to: folder.file("message"), kind: "test")
    return ProtobufReader(FileCursor(try RandomAccessFile(path: folder.file("message")), kind: "test message"))
  }

  @Test func whatIsWrittenIsRead() throws {
    let folder = try TemporaryFolder()
    var message = ProtobufMessage()
    message.integer(1, 300)
    message.integer(2, -1)
    message.float(3, 1.5)
    message.message(4) { inner in
      inner.text(1, "name")
      inner.integers(2, [1, 2, 1 << 40])
    }
    message.bytes(5, count: 8) { sink in try [Float(2), 3].withUnsafeBytes(sink.put) }
    let reader = try reader(message, folder)
    let end = message.size
    var (size, float, name) = (0, Float(0), "")
    var (negative, list, packed) = ([UInt64](), [UInt64](), [UInt64]())
    while let field = try reader.next(before: end) {
      switch field.number {
      case 1: size = try reader.size(field, before: end) ?? 0
      case 2: try reader.numbers(field, before: end, into: &negative)
      case 3: float = try reader.float(field, before: end) ?? 0
      case 4:
        try reader.message(field, before: end) { field, end in
          if field.number == 1 { name = try reader.text(field, before: end) ?? "" }
          if field.number == 2 { try reader.numbers(field, before: end, into: &list) }
        }
      default: try reader.numbers(field, before: end, width: 4, into: &packed)
      }
    }
    #expect(size == 300 && float == 1.5 && name == "name" && list == [1, 2, 1 << 40])
    #expect(negative.map { Int64(bitPattern: $0) } == [-1])
    #expect(packed.map { Float(bitPattern: UInt32($0)) } == [2, 3])
  }

  @Test func damagedOnesAreRefused() throws {
    let folder = try TemporaryFolder()
    // A field of 200 bytes in a file of three; a kind that does not exist; a number without an end.
    for bytes: [UInt8] in [[0x0A, 0xC8, 0x01], [0x0B, 0, 0], [0x08, 0x80, 0x80]] {
      try FileAccess.write(bytes, to: folder.file("x"))
      let reader = ProtobufReader(FileCursor(try RandomAccessFile(path: folder.file("x")), kind: "test message"))
      let sentence = message {
        while let field = try reader.next(before: bytes.count) { try reader.skip(field, before: bytes.count) }
      }
      #expect(sentence.contains("is not a whole test message") && sentence.contains("at byte"), "\(bytes): \(sentence)")
    }
  }

  @Test func safetensorsKeepArrays() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("x.safetensors")
    let parts = [
      SafetensorsFile.Part("bytes", shape: [3], [UInt8(1), 2, 3]),
      SafetensorsFile.Part("reals", shape: [4, 4], (0..<16).map { Float($0) }),
    ]
    try SafetensorsFile.write(parts, metadata: ["who": "me"], to: path)
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["who": "me"] && file.entries["reals"]?.shape == [4, 4])
    #expect(file.values("reals", as: Float.self) == (0..<16).map { Float($0) })
    #expect(file.values("bytes", as: UInt8.self) == [1, 2, 3] && file.values("bytes", as: Int32.self) == nil)
    // Data begins where it can be mapped, the large array first.
    #expect((file.entries["reals"]?.range.lowerBound ?? 1) % 64 == 0)
    let bytes = try FileAccess.read(path)
    try FileAccess.write(Array(bytes.dropLast()), to: path)
    #expect(status { _ = try SafetensorsFile(path: path) } == .format)
  }
}
