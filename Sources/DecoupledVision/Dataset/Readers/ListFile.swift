import DecoupledBase

/// Lists of ids.
public enum ListFile {
  /// Writes ids, one a line.
  /// - Throws: `EngineError` when the file cannot be written.
  public static func write(_ ids: [String], to path: String) throws {
    try FileAccess.write(text: ids.map { $0 + "\n" }.joined(), to: path)
  }

  /// The words of every line that has any.
  static func read(_ path: String) throws -> [[String]] {
    try FileAccess.readLines(path).map(Lines.words).filter { !$0.isEmpty }
  }

  /// The name of a set becomes part of file names.
  static func checkName(_ set: String) throws {
    guard !set.isEmpty, !set.contains("/"), !set.hasPrefix(".") else {
      throw EngineError(.format, "'\(set)' is not the name of a set; use a name like train or val.")
    }
  }

  /// Reads the ids whose masks may be used from a list by name, or from a file by path.
  static func strongIDs(_ list: String, folder: String, known: [String], set: String) throws -> Set<String> {
    let named = FilePaths.join(folder, list + ".txt")
    let path = FileAccess.isFile(named) ? named : list
    guard FileAccess.isFile(path) else {
      throw EngineError(.format, "There is no strong list '\(list)': neither '\(named)' nor '\(list)' is a file.")
    }
    let ids = try read(path).map { $0[0] }
    let known = Set(known)
    guard !ids.isEmpty else {
      throw EngineError(.format, "The strong list '\(path)' is empty; list the ids with usable masks.")
    }
    if let stranger = ids.first(where: { !known.contains($0) }) {
      throw EngineError(.format, "The strong list '\(path)' names '\(stranger)', which is not in the set '\(set)'.")
    }
    return Set(ids)
  }
}
