import DecoupledBase

/// The entries of a ZIP archive that are stored as they are, as PyTorch writes them.
struct ZipArchive {
  struct Entry {
    let name: String
    let range: Range<Int>
  }

  let file: RandomAccessFile
  private(set) var entries: [String: Entry] = [:]

  static let mostEntries = 100_000

  private func broken(_ what: String) -> EngineError {
    EngineError(.format, "'\(file.path)' is not a whole ZIP archive: \(what).")
  }

  init(_ file: RandomAccessFile) throws {
    self.file = file
    let directory = try locateDirectory()
    guard directory.count <= Self.mostEntries else {
      throw broken("it lists \(directory.count) entries, more than the \(Self.mostEntries) that are read")
    }
    let cursor = FileCursor(file, kind: "ZIP archive", at: directory.offset)
    for _ in 0..<directory.count {
      guard try cursor.number(4, before: file.size) == 0x0201_4B50 else { throw broken("its directory is damaged") }
      try cursor.skip(4, before: file.size)
      let flags = try cursor.number(2, before: file.size)
      let method = try cursor.number(2, before: file.size)
      try cursor.skip(8, before: file.size)
      var packed = try cursor.number(4, before: file.size)
      var size = try cursor.number(4, before: file.size)
      let lengths = try (0..<3).map { _ in Int(try cursor.number(2, before: file.size)) }
      try cursor.skip(8, before: file.size)
      var offset = try cursor.number(4, before: file.size)
      let name = try cursor.text(lengths[0], before: file.size, most: 1024)
      // Values of 4 bytes that do not suffice are in the extra field of ZIP64, in this order.
      let extraEnd = cursor.position + lengths[1]
      while cursor.position + 4 <= extraEnd {
        let kind = try cursor.number(2, before: file.size)
        let end = cursor.position + 2 + Int(try cursor.number(2, before: file.size))
        if kind == 1 {
          if size == 0xFFFF_FFFF { size = try cursor.number(8, before: end) }
          if packed == 0xFFFF_FFFF { packed = try cursor.number(8, before: end) }
          if offset == 0xFFFF_FFFF { offset = try cursor.number(8, before: end) }
        }
        try cursor.skip(end - cursor.position, before: file.size)
      }
      try cursor.skip(max(0, extraEnd - cursor.position) + lengths[2], before: file.size)
      guard !name.hasSuffix("/") else { continue }
      guard method == 0, flags & 1 == 0, packed == size else {
        throw EngineError(
          .unsupported, "'\(file.path)': the entry '\(name)' is compressed; PyTorch stores entries plain.")
      }
      guard entries[name] == nil else { throw broken("it has two entries '\(name)'") }
      entries[name] = Entry(name: name, range: try data(of: name, at: offset, size: size))
    }
  }

  private func data(of name: String, at offset: UInt64, size: UInt64) throws -> Range<Int> {
    guard offset < UInt64(file.size), size <= UInt64(file.size) else { throw broken("'\(name)' lies outside of it") }
    let cursor = FileCursor(file, kind: "ZIP archive", at: Int(offset))
    guard try cursor.number(4, before: file.size) == 0x0403_4B50 else { throw broken("'\(name)' is not where it says") }
    try cursor.skip(22, before: file.size)
    let lengths = try (0..<2).map { _ in Int(try cursor.number(2, before: file.size)) }
    try cursor.skip(lengths[0] + lengths[1], before: file.size)
    guard Int(size) <= file.size - cursor.position else { throw broken("'\(name)' is cut off") }
    return cursor.position..<(cursor.position + Int(size))
  }

  /// Finds the directory by the record at the end, which a comment of up to 64 KB may follow.
  private func locateDirectory() throws -> (offset: Int, count: Int) {
    let tail = try file.bytes(max(0, file.size - 65557)..<file.size)
    func number(_ start: Int, _ count: Int) -> UInt64 {
      (0..<count).reduce(0) { $0 | UInt64(tail[start + $1]) << UInt64(8 * $1) }
    }
    guard tail.count >= 22,
      let end = (0...(tail.count - 22)).last(where: { number($0, 4) == 0x0605_4B50 })
    else { throw broken("its directory is missing, as when a download was cut off") }
    var (count, offset) = (number(end + 10, 2), number(end + 16, 4))
    if count == 0xFFFF || offset == 0xFFFF_FFFF, end >= 20, number(end - 20, 4) == 0x0706_4B50 {
      let record = number(end - 12, 8)
      guard record < UInt64(file.size) else { throw broken("its directory is damaged") }
      let cursor = FileCursor(file, kind: "ZIP archive", at: Int(record))
      guard try cursor.number(4, before: file.size) == 0x0606_4B50 else { throw broken("its directory is damaged") }
      try cursor.skip(28, before: file.size)
      count = try cursor.number(8, before: file.size)
      try cursor.skip(8, before: file.size)
      offset = try cursor.number(8, before: file.size)
    }
    guard offset <= UInt64(file.size), count <= UInt64(file.size) else { throw broken("its directory is damaged") }
    return (Int(offset), Int(count))
  }
}
