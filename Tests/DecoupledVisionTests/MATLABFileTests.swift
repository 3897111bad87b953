import CZlib
import DecoupledBase
import DecoupledVision
import Foundation
import Testing

/// MATLAB files of SBD beyond those that are as they should be, which `SBDTests` reads.
@Suite struct MATLABFileTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FileAccess.makeFolder(folder.file("cls"))
    try folder.write("x\n", "train.txt")
  }

  private func read(_ bytes: [UInt8]) throws -> LabelMap {
    try FileAccess.write(bytes, to: folder.file("cls/x.mat"))
    let item = try #require(try Dataset.open(folder.path, options: Dataset.Options(set: "train")).items.first)
    return try #require(try item.readMask())
  }

  /// Why a file is refused; empty when it is read.
  private func refusal(_ bytes: [UInt8]) -> String { message { _ = try read(bytes) } }

  /// Files that SciPy wrote, each with other variables around the structure and other fields before and behind the labels.
  private static let files = Fixtures.path("datasets/matlab")

  @Test func everyTypeOfNumberReadsAsSciPyReadsIt() throws {
    let expected = try MaskReader.read(Self.files + "/expected.png")
    let names = try FileAccess.names(in: Self.files).filter { $0.hasSuffix(".mat") }
    #expect(names.count == 20)
    for name in names { #expect(try read(FileAccess.read("\(Self.files)/\(name)")) == expected, "\(name)") }
  }

  @Test(arguments: ["uint8-packed.mat", "double-plain.mat"])
  func everyTruncationIsAnError(_ name: String) throws {
    let bytes = try FileAccess.read("\(Self.files)/\(name)")
    let whole = try read(bytes)
    var lengths: [Int] = []
    for length in 0..<bytes.count {
      do {
        #expect(try read(Array(bytes[..<length])) == whole)
        lengths.append(length)
      } catch { #expect((error as? EngineError)?.message.contains("x.mat") == true, "\(length) bytes: \(error)") }
    }
    // Without its last variable, which is not looked for, the file is whole.
    #expect(lengths.count == 1)
    #expect(refusal(bytes + [0]).contains("cut short or damaged"))
  }

  @Test(arguments: ["uint8-packed.mat", "uint8-plain.mat", "double-plain.mat"])
  func damagedBytesNeverCrash(_ name: String) throws {
    let bytes = try FileAccess.read("\(Self.files)/\(name)")
    var random = CounterRandom(seed: 4, stream: CounterRandom.hash(name))
    var refused = 0
    for _ in 0..<1500 {
      var damaged = bytes
      for _ in 0..<random.int(1...6) { damaged[random.int(0...(bytes.count - 1))] = UInt8(random.int(0...255)) }
      do { _ = try read(damaged) } catch {
        refused += 1
        #expect((error as? EngineError)?.message.contains("x.mat") == true, "\(error)")
      }
    }
    #expect(refused > 300)
  }

  @Test func aChangedByteOfCompressedDataIsAnError() throws {
    let bytes = try FileAccess.read(Self.files + "/uint8-packed.mat")
    // The second of three elements holds the structure; its check sum ends it.
    func size(at tag: Int) -> Int { Int(bytes[tag + 4]) | Int(bytes[tag + 5]) << 8 }
    let tag = 136 + size(at: 128)
    var damaged = bytes
    damaged[tag + 8 + size(at: tag) - 1] ^= 1
    #expect(refusal(damaged).contains("cut short or damaged"))
  }

  @Test func otherFormatsAreNamed() {
    func header(_ mark: [UInt8]) -> [UInt8] { [UInt8](repeating: 0x20, count: 124) + mark }
    let hdf5 = [UInt8](repeating: 0, count: 384) + [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    #expect(refusal(header([0, 2, 0x49, 0x4D]) + hdf5).contains("MATLAB 7.3 (HDF5)"))
    #expect(refusal(header([1, 0, 0x4D, 0x49]) + hdf5).contains("big-endian"))
    #expect(refusal(header([0, 1, 0x49, 0x4E]) + hdf5).contains("no MATLAB 5 file"))
    #expect(refusal(header([0, 1, 0x49, 0x4D])).contains("cut short or damaged"))
  }

  // MARK: files written here, byte by byte

  private func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

  private func element(_ kind: Int, _ data: [UInt8], size: Int? = nil) -> [UInt8] {
    word(kind) + word(size ?? data.count) + data + [UInt8](repeating: 0, count: -data.count & 7)
  }

  private func matrix(
    _ kind: Int, flags: Int = 0, _ dimensions: [Int], name: String = "", _ content: [UInt8], size: Int? = nil
  ) -> [UInt8] {
    element(
      14,
      element(6, word(kind | flags << 8) + word(0)) + element(5, dimensions.flatMap(word))
        + element(1, Array(name.utf8)) + content, size: size)
  }

  private func structure(
    _ values: [UInt8], names: [String] = ["Segmentation"], dimensions: [Int] = [1, 1], length: Int = 16
  ) -> [UInt8] {
    let text = names.flatMap { Array($0.utf8) + [UInt8](repeating: 0, count: max(0, 16 - $0.utf8.count)) }
    return matrix(2, dimensions, name: "GTcls", word(5 | 4 << 16) + word(length) + element(1, text) + values)
  }

  private func file(_ elements: [UInt8]) -> [UInt8] {
    [UInt8](repeating: 0x20, count: 124) + [0, 1, 0x49, 0x4D] + elements
  }

  private func packed(_ data: [UInt8]) -> [UInt8] {
    var size = compressBound(UInt(data.count))
    var result = [UInt8](repeating: 0, count: Int(size))
    compress2(&result, &size, data, UInt(data.count), Z_BEST_COMPRESSION)
    return word(15) + word(Int(size)) + result[..<Int(size)]
  }

  @Test func labelsThatAreNone() throws {
    let two = matrix(9, [1, 2], element(2, [3, 4]))
    #expect(try read(file(structure(two))).labels == [3, 4])
    #expect(try read(file(packed(structure(two)))).labels == [3, 4])
    // MATLAB stores numbers in the smallest type that holds them.
    #expect(try read(file(structure(matrix(6, [1, 2], element(2, [3, 4]))))).labels == [3, 4])
    // Two rows, one column; a small element as tag and data in 8 bytes; another field and another variable in front.
    let column = matrix(9, [2, 1], word(2 | 2 << 16) + [5, 6, 0, 0])
    let both = structure(matrix(1, [0, 0], []) + column, names: ["Boundaries", "Segmentation"])
    let read = try self.read(file(matrix(9, [1, 2], name: "other", element(2, [1, 1])) + both))
    #expect(read.width == 1 && read.height == 2 && read.labels == [5, 6])
    for (content, sentence) in [
      (matrix(9, flags: 8, [1, 2], element(2, [3, 4]) + element(2, [3, 4])), "no matrix of real numbers"),
      (matrix(4, [1, 2], element(2, [3, 4])), "no matrix of real numbers"),
      (matrix(9, [1, 2, 1], element(2, [3, 4])), "no matrix of real numbers"),
      (matrix(9, [1, 2], element(9, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F])), "is no class"),
      (matrix(9, [1, 2], element(9, [UInt8](repeating: 0xFF, count: 16))), "is no class"),
      (matrix(10, [1, 1], element(1, [0xFF])), "is no class"),
      (matrix(10, [1, 1], element(3, [0, 1])), "is no class"),
      (matrix(9, [1, 2], element(2, [3, 4, 5])), "damaged"), (matrix(9, [1, 2], element(11, [3, 4])), "damaged"),
      // Data beside their tag are at most 4 bytes.
      (matrix(9, [1, 5], word(2 | 5 << 16) + [1, 2, 3, 4, 5, 0, 0, 0]), "damaged"),
      (matrix(9, [0, 2], element(2, [])), "2x0"), (matrix(9, [1, 16_385], element(2, [])), "16385x1"),
      (matrix(9, [12_000, 12_000], element(2, [])), "12000x12000"),
      (matrix(9, [-1, 2], element(2, [3, 4])), "damaged"), (matrix(9, [8000, 8000], element(2, [])), "damaged"),
    ] {
      for bytes in [file(structure(content)), file(packed(structure(content)))] {
        #expect(refusal(bytes).contains(sentence), "\(sentence): \(refusal(bytes))")
      }
    }
  }

  @Test func structuresThatAreNone() {
    let two = matrix(9, [1, 2], element(2, [3, 4]))
    for (content, sentence) in [
      (matrix(9, [1, 2], name: "GTinst", element(2, [3, 4])), "no structure GTcls with a field"),
      (matrix(9, [1, 2], name: "GTcls", element(2, [3, 4])), "no structure with one element"),
      (matrix(9, [1, 1], name: "GTcls", element(2, [3])), "no structure with one element"),
      (structure(two + two, dimensions: [1, 2]), "no structure with one element"),
      (structure(two, dimensions: [1 << 30, 1 << 30, 1 << 30]), "no structure with one element"),
      (structure(two, names: ["Other"]), "no field Segmentation"), (structure([], names: []), "no field Segmentation"),
      (structure(two, length: 0), "damaged"), (structure(two, length: -1), "damaged"),
      (structure(two, length: 1 << 30), "damaged"), (structure(two, length: 7), "damaged"),
      (structure(element(2, [3, 4])), "damaged"), (structure([]), "damaged"),
      // Sizes beyond what they lie in, of the variable, of a field and of the data.
      (element(14, [], size: 1 << 31), "damaged"),
      (structure(matrix(9, [1, 2], element(2, [3, 4]), size: 1 << 31)), "damaged"),
      (structure(matrix(9, [1, 2], element(2, [3, 4], size: 1 << 31))), "damaged"),
      (structure(matrix(9, [1, 2], word(2 | 5 << 16) + [1, 2, 3, 4])), "damaged"),
    ] { #expect(refusal(file(content)).contains(sentence), "\(sentence): \(refusal(file(content)))") }
    #expect(refusal(file(packed(structure(two) + [0]))).contains("cut short or damaged"))
  }
}
