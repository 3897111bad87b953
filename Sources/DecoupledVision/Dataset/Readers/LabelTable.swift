import DecoupledBase

/// `labels.csv` with its classes; see `FolderDataset` for its two forms.
struct LabelTable {
  let classes: ClassList
  /// Multi-hot labels by image id.
  let labels: [String: [Bool]]

  /// Nil when the folder has no labels.csv.
  /// - Throws: `EngineError` naming the line when the table is malformed.
  init?(folder: String) throws {
    let file = FilePaths.join(folder, "labels.csv")
    let classFile = FilePaths.join(folder, "classes.txt")
    guard FileAccess.isFile(file) else { return nil }
    let rows = try Self.rows(file)
    guard let header = rows.first?.cells, header.count >= 2, header[0].lowercased() == "image" else {
      throw EngineError(.format, "'\(file)' must begin with the line 'image,labels' or 'image,<class>,<class>...'.")
    }
    let isNamed = header.count == 2 && header[1].lowercased() == "labels"
    if FileAccess.isFile(classFile) {
      classes = try ClassList.read(classFile)
    } else if isNamed {
      throw EngineError(
        .format, "'\(classFile)' is missing; write the class names there, one a line, the line number is the id.")
    } else {
      classes = try ClassList(Array(header.dropFirst()), from: "'\(file)'")
    }
    if !isNamed, Set(header.dropFirst()) != Set(classes.names) || header.count != classes.count + 1 {
      throw EngineError(.format, "The columns of '\(file)' are not the classes of '\(classFile)'.")
    }
    var labels: [String: [Bool]] = [:]
    for row in rows.dropFirst() {
      guard row.cells.count == header.count else {
        throw EngineError(
          .format, "Line \(row.line) of '\(file)' has \(row.cells.count) cells; \(header.count) are needed.")
      }
      let id = Self.id(row.cells[0])
      let names = isNamed ? Self.names(row.cells[1]) : try Self.columns(header, row, file)
      let values: [Bool]
      do {
        values = try classes.multiHot(names)
      } catch let error as EngineError {
        throw EngineError(.format, "Line \(row.line) of '\(file)': \(error.message)")
      }
      guard labels.updateValue(values, forKey: id) == nil else {
        throw EngineError(.format, "Line \(row.line) of '\(file)' names the image '\(id)' a second time.")
      }
    }
    self.labels = labels
  }

  private static func id(_ cell: String) -> String {
    ["jpg", "jpeg", "png"].contains(FilePaths.fileExtension(of: cell)) ? FilePaths.stem(of: cell) : cell
  }

  private static func names(_ cell: String) -> [String] {
    cell.split(separator: ";").map { Lines.trim(String($0)) }.filter { !$0.isEmpty }
  }

  private static func columns(_ header: [String], _ row: Row, _ file: String) throws -> [String] {
    try zip(header, row.cells).dropFirst().compactMap { name, cell in
      guard ["1", "0", "-1", ""].contains(cell) else {
        throw EngineError(.format, "Line \(row.line) of '\(file)' has '\(cell)' for '\(name)'; it must be 1 or 0.")
      }
      return cell == "1" ? name : nil
    }
  }

  private struct Row {
    let line: Int
    let cells: [String]
  }

  /// Splits lines at commas; a cell in double quotes may hold commas, and a doubled quote stands for one.
  private static func rows(_ file: String) throws -> [Row] {
    var rows: [Row] = []
    for (number, line) in try FileAccess.readLines(file).enumerated() where !Lines.trim(line).isEmpty {
      var cells = [""]
      var isQuoted = false
      var previous: Character?
      for character in line {
        if character == "\"" {
          if !isQuoted && previous == "\"" { cells[cells.count - 1].append("\"") }
          isQuoted.toggle()
        } else if character == "," && !isQuoted {
          cells.append("")
        } else {
          cells[cells.count - 1].append(character)
        }
        previous = character
      }
      guard !isQuoted else {
        throw EngineError(.format, "Line \(number + 1) of '\(file)' has a quote that is not closed.")
      }
      rows.append(Row(line: number + 1, cells: cells.map(Lines.trim)))
    }
    return rows
  }
}
