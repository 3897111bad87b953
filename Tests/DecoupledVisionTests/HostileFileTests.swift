import DecoupledBase
import DecoupledVision
import Foundation
import Testing

@Suite struct HostileFileTests {
  @Test(arguments: ["baseline.jpg", "progressive.jpg", "grey.jpg", "rgb.png", "palette8.png"])
  func everyTruncationIsAnError(_ name: String) throws {
    let bytes = try Fixtures.bytes(name)
    // Also without the last two bytes of a JPEG, its end marker: all pixels are there, but the file is incomplete.
    for length in 0..<bytes.count {
      let sentence = message { _ = try ImageReader.decode(Array(bytes[..<length]), name: "cut.bin") }
      #expect(sentence.contains("cut.bin"), "no error after \(length) of \(bytes.count) bytes")
    }
  }

  @Test(arguments: ["baseline.jpg", "cmyk.jpg", "orientation6.jpg", "rgba.png", "palette2.png", "grey16.png"])
  func damagedBytesNeverCrash(_ name: String) throws {
    let bytes = try Fixtures.bytes(name)
    var random = CounterRandom(seed: 3, stream: CounterRandom.hash(name))
    var errors = 0
    for _ in 0..<2000 {
      var damaged = bytes
      for _ in 0..<random.int(1...8) { damaged[random.int(0...(bytes.count - 1))] = UInt8(random.int(0...255)) }
      do {
        _ = try ImageReader.decode(damaged, name: "damaged")
      } catch let error as EngineError {
        errors += 1
        #expect(error.message.contains("damaged"))
      }
      _ = try? MaskReader.decode(damaged, name: "damaged")
    }
    #expect(errors > 200)
  }

  @Test func hugeSizesAreRefusedBeforeAnyMemoryIsTaken() throws {
    var png = try Fixtures.bytes("rgb.png")
    // Width 50000 with the right check sum of the chunk.
    png.replaceSubrange(16..<20, with: [0, 0, 0xC3, 0x50])
    png.replaceSubrange(29..<33, with: crc(png[12..<29]))
    #expect(message { _ = try ImageReader.decode(png, name: "huge.png") }.contains("50000x13; at most 16384"))
    var jpeg = try Fixtures.bytes("baseline.jpg")
    let frame = try #require(jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0x80, 0, 0x80, 0])
    #expect(message { _ = try ImageReader.decode(jpeg, name: "huge.jpg") }.contains("32768x32768; at most 16384"))
    #expect(
      message { _ = try Resampling.resize(RGBImage(width: 2, height: 2), width: 1 << 40, height: 2, kernel: .bicubic) }
        != "")
  }

  @Test func whatIsNoImage() throws {
    let folder = try TemporaryFolder()
    try folder.write("hello", "text.jpg")
    try folder.write("", "empty.png")
    #expect(message { _ = try ImageReader.read(folder.file("text.jpg")) }.contains("neither a JPEG nor a PNG"))
    #expect(message { _ = try ImageReader.read(folder.file("empty.png")) }.contains("is empty"))
    #expect(message { _ = try ImageReader.read(folder.file("none.png")) }.contains("No such file"))
    #expect(message { _ = try ImageReader.read(folder.path) }.contains("is not a file"))
    #expect(message { _ = try ImageReader.read("/dev/zero") }.contains("is not a file"))
  }

  @Test func failedWritesLeaveNothing() throws {
    let folder = try TemporaryFolder()
    let image = RGBImage(width: 8, height: 8)
    #expect(message { try PNGWriter.write(image, to: "/dev/full") }.contains("No space left"))
    #expect(FileManager.default.fileExists(atPath: "/dev/full"))
    #expect(message { try PNGWriter.write(image, to: folder.file("none/a.png")) }.contains("No such file"))
    #expect(message { try PNGWriter.write(image, to: folder.path) }.contains("is a folder"))
    #expect(message { try JPEGWriter.write(image, quality: 0, to: folder.file("a.jpg")) }.contains("from 1 to 100"))
    #expect(try FileAccess.names(in: folder.path).isEmpty)
  }

  /// The check sum of a PNG chunk.
  private func crc(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var value: UInt32 = .max
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }
    value = ~value
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
