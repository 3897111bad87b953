/// Changes of the ids in mask files, for sets that number their classes differently from this engine, where 0 is
/// background and 255 void.
public struct IDChange: Sendable, Equatable, Codable {
  /// Ids that become void: they are neither trained on nor counted.
  public var ignored: [UInt8]
  /// 0 becomes void and every other id becomes one less, so that class 1 of the file is background here: for sets such
  /// as ADE20K, whose 0 means "other" and whose classes cover everything. 255 stays void. Ids to ignore are those of the
  /// file.
  public var reduceZero: Bool

  public init(ignored: [UInt8] = [], reduceZero: Bool = false) {
    self.ignored = ignored
    self.reduceZero = reduceZero
  }

  /// Whether nothing changes.
  public var isNone: Bool { ignored.isEmpty && !reduceZero }

  /// The form of PNG masks under this change.
  var form: MaskForm { isNone ? .ids : .changed(self) }

  /// The new id of every id.
  public var table: [UInt8] {
    var table = [UInt8](0...255)
    if reduceZero {
      for id in 1..<255 { table[id] = UInt8(id - 1) }
      table[0] = LabelMap.void
    }
    for id in ignored { table[Int(id)] = LabelMap.void }
    return table
  }

  func apply(to map: LabelMap) -> LabelMap {
    var result = map
    let table = table
    table.withUnsafeBufferPointer { table in
      result.labels.withUnsafeMutableBufferPointer { labels in
        for i in labels.indices { labels[i] = table[Int(labels[i])] }
      }
    }
    return result
  }
}
