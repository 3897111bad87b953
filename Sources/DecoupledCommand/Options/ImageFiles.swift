import DecoupledBase

/// Images named on the command line.
enum ImageFiles {
  /// The image itself, or the images in a folder.
  /// - Throws: when a folder holds none.
  static func list(_ path: String) throws -> [String] {
    guard FileAccess.isFolder(path) else { return [path] }
    let found = try FileAccess.names(in: path).filter { name in
      [".jpg", ".jpeg", ".png"].contains { name.lowercased().hasSuffix($0) }
    }
    guard !found.isEmpty else {
      throw EngineError(.notFound, "The folder '\(path)' holds no .jpg, .jpeg or .png images.")
    }
    return found.map { FilePaths.join(path, $0) }
  }

  /// - Throws: when two results in a folder would have one name, or a result would replace an image.
  static func checkTargets(_ paths: [String], in folder: String?, endings: [String]) throws {
    guard let folder else { return }
    var sources: [String: String] = [:]
    let originals = Set(paths)
    for path in paths {
      for ending in endings {
        let target = FilePaths.join(folder, FilePaths.stem(of: path) + ending)
        if let other = sources.updateValue(path, forKey: target) {
          throw EngineError(
            .invalidArgument, "'\(other)' and '\(path)' would both be written as '\(target)'; run them apart.")
        }
        guard !originals.contains(target) else {
          throw EngineError(.invalidArgument, "The result '\(target)' would replace an image; choose another folder.")
        }
      }
    }
  }
}
