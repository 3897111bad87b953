import DecoupledBase

/// The official lists of training windows, one a line, words separated by white space:
/// ```
/// imagepath maskpath x1 y1 x2 y2 b1 ... bL   a window and the L bits of its selected classes (SELECT_SEG_BINARY)
/// imagepath maskpath x1 y1 x2 y2             a window (WINDOW_CLS_DATA, WINDOW_SEG_DATA)
/// imagepath maskpath                         the whole image (IMAGE_SEG_DATA)
/// ```
/// Corners count from 0, are inclusive and may lie outside of the image. Paths are appended to the root folder, so they
/// usually begin with a slash. Masks hold raw class ids as grey or palette PNG.
public enum CropListFile {
  /// Reads a list as a data set: its items are the pairs of photo and mask, in the order of their first line, and its
  /// `crops` are the lines. Items have no image-level labels. The classes are those of `classes.txt` in the root folder;
  /// without that file the 20 classes of VOC.
  /// - Throws: `EngineError` naming the line when the list is malformed, has another number of bits than there are
  ///   classes, or lines of different kinds.
  public static func open(_ path: String, root: String) throws -> Dataset {
    let classFile = FilePaths.join(root, "classes.txt")
    let classes = try FileAccess.isFile(classFile) ? ClassList.read(classFile) : .voc
    var reader = Reader(path: path, root: root, classes: classes)
    try FileAccess.read(path).withUnsafeBufferPointer { bytes in
      for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        try reader.add(line)
      }
    }
    guard reader.crops.count > 0 else { throw EngineError(.format, "The list '\(path)' is empty.") }
    return Dataset(classes: classes, items: reader.items, crops: reader.crops)
  }

  /// One line with bits, without its end.
  static func line(
    image: String, mask: String, window: Window, subset: [UInt8], classes: Int
  ) -> String {
    var bits = [UInt8](repeating: UInt8(ascii: "0"), count: classes)
    for id in subset where (1...classes).contains(Int(id)) { bits[Int(id) - 1] = UInt8(ascii: "1") }
    let words = bits.map { String(UnicodeScalar($0)) }.joined(separator: " ")
    return "\(image) \(mask) \(window.x1) \(window.y1) \(window.x2) \(window.y2) \(words)"
  }

  private struct Reader {
    let path: String
    let root: String
    let classes: ClassList
    var items: [DatasetItem] = []
    var crops = CropTable()
    private var number = 0
    private var wordCount: Int?
    private var places: [String: Int] = [:]
    private var ids: Set<String> = []

    init(path: String, root: String, classes: ClassList) {
      self.path = path
      self.root = root
      self.classes = classes
    }

    mutating func add(_ line: Slice<UnsafeBufferPointer<UInt8>>) throws {
      number += 1
      let words = line.split { $0 == 0x20 || (0x09...0x0D).contains($0) }
      guard !words.isEmpty else { return }
      guard words.count == wordCount ?? words.count else {
        throw wrong("has \(words.count) words, the lines before it \(wordCount ?? 0)")
      }
      wordCount = words.count
      let bits = words.count - 6
      guard words.count == 2 || bits == 0 || bits == classes.count else {
        throw wrong(
          bits < 0
            ? "must be an image, a mask, four corners and the bits of the classes"
            : "has \(bits) bits for \(classes.count) classes; write the class names into 'classes.txt' in '\(root)', "
              + "one a line")
      }
      var window: Window?
      if bits >= 0 {
        let corners = try words[2..<6].map(integer)
        window = Window(x1: corners[0], y1: corners[1], x2: corners[2], y2: corners[3])
      }
      var subset: [UInt8]?
      if bits > 0 {
        var chosen: [UInt8] = []
        for (place, word) in words[6...].enumerated() {
          guard word.count == 1, let bit = word.first, bit == UInt8(ascii: "0") || bit == UInt8(ascii: "1") else {
            throw wrong("has '\(text(word))' where a bit 0 or 1 is expected")
          }
          if bit == UInt8(ascii: "1") { chosen.append(UInt8(place + 1)) }
        }
        subset = chosen
      }
      let item = try item(image: text(words[0]), mask: text(words[1]))
      do {
        try crops.append(CropTable.Entry(item: item, window: window, subset: subset))
      } catch let error as EngineError {
        throw EngineError(.format, "Line \(number) of '\(path)': \(error.message)")
      }
    }

    private mutating func item(image: String, mask: String) throws -> Int {
      let key = image + "\n" + mask
      if let known = places[key] { return known }
      guard !image.utf8.contains(0), !mask.utf8.contains(0) else { throw wrong("has a path with a zero byte") }
      var id = FilePaths.stem(of: image)
      if !ids.insert(id).inserted {
        id = "\(id)-\(items.count)"
        ids.insert(id)
      }
      items.append(DatasetItem(id: id, imagePath: joined(image), maskPath: joined(mask)))
      places[key] = items.count - 1
      return items.count - 1
    }

    /// Plain concatenation, as in the data layer; a slash is added where neither side has one.
    private func joined(_ path: String) -> String {
      root.isEmpty || root.hasSuffix("/") || path.hasPrefix("/") ? root + path : root + "/" + path
    }

    private func integer(_ word: Slice<UnsafeBufferPointer<UInt8>>) throws -> Int {
      let text = text(word)
      guard let value = Int32(text) else { throw wrong("has '\(text)' where a whole number is expected") }
      return Int(value)
    }

    private func text(_ word: Slice<UnsafeBufferPointer<UInt8>>) -> String {
      String(decoding: UnsafeBufferPointer(rebasing: word), as: UTF8.self)
    }

    private func wrong(_ what: String) -> EngineError { EngineError(.format, "Line \(number) of '\(path)' \(what).") }
  }
}
