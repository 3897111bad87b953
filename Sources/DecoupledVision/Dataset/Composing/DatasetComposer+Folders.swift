import DecoupledBase

extension DatasetComposer {
  /// Finds cut-outs and backgrounds in folders (and the folders in these) and divides both between training and test.
  /// - Parameters:
  ///   - cutOuts: for each class its name and a folder of PNG files. Views of one object, whose names differ at the end
  ///     only, in words like `mirror` or `left` or in a size like `1920x1080`, go to the same side; so do backgrounds.
  ///   - backgrounds: JPEG and PNG photos, and folders of these.
  ///   - excluding: files whose path contains one of these words are left out.
  ///   - testShare: the share of objects and of backgrounds for testing, 0...1.
  /// - Throws: `EngineError` as `init`, and when a folder cannot be read.
  public static func fromFolders(
    cutOuts: [(name: String, folder: String)], backgrounds: [String], excluding: [String] = [],
    testShare: Double = 0.3, settings: Settings = Settings()
  ) throws -> DatasetComposer {
    let classes = try cutOuts.map { name, folder in
      let sides = try split([folder], ["png"], excluding, testShare, settings.seed)
      return ObjectClass(name: name, train: sides.train, test: sides.test)
    }
    let photos = try split(backgrounds, ["jpg", "jpeg", "png"], excluding, testShare, settings.seed)
    return try DatasetComposer(
      classes: classes, trainBackgrounds: photos.train, testBackgrounds: photos.test, settings: settings)
  }

  private static func split(
    _ places: [String], _ extensions: Set<String>, _ excluding: [String], _ testShare: Double, _ seed: UInt64
  ) throws -> (train: [String], test: [String]) {
    let all = try places.flatMap { FileAccess.isFolder($0) ? try files(in: $0, depth: 0) : [$0] }
    let paths = all.filter { path in
      extensions.contains(FilePaths.fileExtension(of: path))
        && !excluding.contains { path.contains($0) }
    }
    let groups = Dictionary(grouping: paths, by: object)
    let sides = DatasetSplit.shuffled(Array(groups.keys), share: testShare, seed: seed)
    let members = { (keys: [String]) in keys.flatMap { groups[$0] ?? [] }.sorted() }
    return (members(sides.second), members(sides.first))
  }

  private static func files(in folder: String, depth: Int) throws -> [String] {
    // Links can make a folder contain itself.
    guard depth < 8 else { return [] }
    return try FileAccess.names(in: folder).flatMap { name in
      let path = FilePaths.join(folder, name)
      return FileAccess.isFolder(path) ? try files(in: path, depth: depth + 1) : [path]
    }
  }

  /// The object a file shows: its name without extension, direction and size, in small letters.
  private static func object(of path: String) -> String {
    let directions: Set<String> = ["mirror", "flip", "left", "right", "front", "back", "side"]
    var words = FilePaths.stem(of: path).lowercased().split { "_- ".contains($0) }.map(String.init)
    while words.count > 1, let last = words.last, directions.contains(last) || isSize(last) { words.removeLast() }
    return words.joined(separator: "_")
  }

  private static func isSize(_ word: String) -> Bool {
    let sides = word.split(separator: "x", omittingEmptySubsequences: false)
    return sides.count == 2 && sides.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isNumber) }
  }
}
