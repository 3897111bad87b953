import DecoupledBase
import Foundation
import Testing

@Suite struct FileTests {
  @Test func aFullDiskKeepsTheOldFile() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", "file.txt")
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    var small = limit
    small.rlim_cur = 1 << 20
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &small)
    let sentence = message { try FileAccess.write([UInt8](repeating: 1, count: 2 << 20), to: folder.file("file.txt")) }
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    #expect(sentence.contains("File too large"))
    #expect(try FileAccess.readLines(folder.file("file.txt")) == ["old"])
    #expect(try FileAccess.names(in: folder.path) == ["file.txt"])
  }

  @Test func linksAreFollowed() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", "target.txt")
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link.txt"), withDestinationPath: folder.file("target.txt"))
    try FileAccess.write(text: "new", to: folder.file("link.txt"))
    #expect(try FileAccess.readLines(folder.file("target.txt")) == ["new"])
  }

  @Test func statusesOfFiles() throws {
    let folder = try TemporaryFolder()
    #expect(status { _ = try FileAccess.read(folder.file("none")) } == .io)
    #expect(status { try FileAccess.write(text: "", to: folder.path) } == .io)
    #expect(status { _ = try RandomAccessFile(path: folder.file("none")) } == .notFound)
    try folder.write("", "empty")
    #expect(status { _ = try MappedFile(path: folder.file("empty")) } == .format)
    try FileAccess.write([0xFF, 0xFE], to: folder.file("binary"))
    #expect(status { _ = try FileAccess.readLines(folder.file("binary")) } == .format)
  }

  @Test func piecesOfPaths() {
    #expect(FilePaths.join("a", "b") == "a/b" && FilePaths.join("a/", "b") == "a/b" && FilePaths.join("", "b") == "b")
    #expect(FilePaths.folder(of: "/a/b.c") == "/a" && FilePaths.folder(of: "b") == "")
    #expect(FilePaths.name(of: "/a/b.c/") == "b.c" && FilePaths.stem(of: "/a/b.c.d") == "b.c")
    #expect(FilePaths.fileExtension(of: "x/y.PNG") == "png" && FilePaths.fileExtension(of: ".hidden") == "")
  }

  @Test func archives() throws {
    let folder = try TemporaryFolder()
    try folder.write("hello", "in/a.txt")
    try folder.write(String(repeating: "x", count: 1024), "in/b/c.txt")
    try TarWriter.write(["in/a.txt", "in/b/c.txt"], in: folder.path, to: folder.file("all.tar"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/tar")
    process.arguments = ["-xf", folder.file("all.tar"), "-C", folder.file("in")]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(try FileAccess.readLines(folder.file("in/in/a.txt")) == ["hello"])
    #expect(try FileAccess.read(folder.file("in/in/b/c.txt")).count == 1024)
    let long = String(repeating: "n", count: 101)
    #expect(message { try TarWriter.write([long], in: folder.path, to: folder.file("b.tar")) } != "")
  }

  @Test func compression() throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    var packed = try Gzip.deflate(bytes)
    #expect(Gzip.fits(packed) && packed.count < bytes.count / 2)
    #expect(try Gzip.inflate(packed, name: "x") == bytes)
    #expect(status { _ = try Gzip.inflate(Array(packed.dropLast()), name: "x") } == .format)
    packed[packed.count - 8] ^= 1
    #expect(status { _ = try Gzip.inflate(packed, name: "x") } == .format)
  }
}
