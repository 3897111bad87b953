import DecoupledBase
import DecoupledCore

/// Weights that PyTorch saved: a ZIP archive since 1.6, before that pickles one after the other with the values behind.
enum TorchFile {
  private static let kind = "PyTorch file"
  /// The legacy magic number 0x1950a86a20f9469cfc6c as its pickle begins.
  static let legacyStart: [UInt8] = [
    0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]
  /// A pickle of names and shapes that is larger than this was made to fill the memory.
  private static let mostPickle = 64 << 20
  private static let mostTensors = 100_000

  /// Tensors of an archive: names and places, values are read later.
  static func readArchive(_ file: RandomAccessFile) throws -> [StoredTensor] {
    let archive = try ZipArchive(file)
    guard let pickle = archive.entries.values.first(where: { $0.name.hasSuffix("/data.pkl") || $0.name == "data.pkl" })
    else { throw EngineError(.format, "'\(file.path)' is a ZIP archive, but not one of PyTorch: it has no data.pkl.") }
    let folder = String(pickle.name.dropLast("data.pkl".count))
    if let order = archive.entries[folder + "byteorder"] {
      let text = try FileCursor(file, kind: kind, at: order.range.lowerBound).text(
        order.range.count, before: order.range.upperBound, most: 64)
      guard text == "little" else {
        throw EngineError(.unsupported, "'\(file.path)' holds numbers in \(text) byte order.")
      }
    }
    let machine = try self.machine(file, pickle.range)
    let value = try machine.run()
    return try tensors(value, machine, file) { storage in
      guard let entry = archive.entries["\(folder)data/\(storage.key)"] else { return nil }
      return (entry.range.lowerBound, entry.range.count / storage.elementType.byteCount)
    }
  }

  /// Tensors of the legacy form: pickles of a magic number, a version, facts about the system, the object and the storages'
  /// keys; then each storage as a count and its values.
  static func readLegacy(_ file: RandomAccessFile) throws -> [StoredTensor] {
    let cursor = FileCursor(file, kind: kind)
    func next() throws -> (PickleMachine, PickleMachine.Value) {
      let machine = PickleMachine(cursor, end: min(file.size, cursor.position + mostPickle))
      return (machine, try machine.run())
    }
    _ = try next()
    guard case .integer(1001) = try next().1 else {
      throw EngineError(.unsupported, "'\(file.path)' is a PyTorch file of an unknown protocol version.")
    }
    let (system, facts) = try next()
    for (key, value) in system.pairs(facts) ?? [] {
      if case .text("little_endian") = key, case .bool(false) = value {
        throw EngineError(.unsupported, "'\(file.path)' holds numbers in big byte order.")
      }
    }
    let (machine, object) = try next()
    let (keyMachine, list) = try next()
    guard let keys = keyMachine.elements(list) else { throw cursor.broken("the list of storages is missing") }
    var places: [String: (offset: Int, count: Int)] = [:]
    for case .text(let key) in keys {
      let count = Int64(bitPattern: try cursor.number(8, before: file.size))
      guard let type = machine.storageTypes[key] else { throw cursor.broken("a storage '\(key)' that no tensor uses,") }
      guard count >= 0, count <= Int64((file.size - cursor.position) / type.byteCount) else {
        throw cursor.broken("a storage of \(count) values is cut off")
      }
      places[key] = (cursor.position, Int(count))
      try cursor.skip(Int(count) * type.byteCount, before: file.size)
    }
    return try tensors(object, machine, file) { places[$0.key] }
  }

  private static func machine(_ file: RandomAccessFile, _ range: Range<Int>) throws -> PickleMachine {
    guard range.count <= mostPickle else {
      throw EngineError(
        .format, "'\(file.path)': its pickle has \(range.count) bytes; names and shapes of weights need far fewer.")
    }
    return PickleMachine(FileCursor(file, kind: kind, at: range.lowerBound), end: range.upperBound)
  }

  /// Names and views of a state dictionary, or of one inside a checkpoint.
  private static func views(
    _ value: PickleMachine.Value, _ machine: PickleMachine
  ) -> [(name: String, view: PickleMachine.View)] {
    func direct(_ value: PickleMachine.Value) -> [(name: String, view: PickleMachine.View)] {
      (machine.pairs(value) ?? []).compactMap { key, value in
        if case .text(let name) = key, case .tensor(let view) = value { (name, view) } else { nil }
      }
    }
    let own = direct(value)
    if !own.isEmpty { return own }
    // A checkpoint: the state dictionary is one of its values, beside the optimiser's state, which names no weights.
    let inner = (machine.pairs(value) ?? []).compactMap { key, value -> (String, PickleMachine.Value)? in
      if case .text(let name) = key { (name, value) } else { nil }
    }
    for wanted in ["state_dict", "model", "model_state_dict", "net"] {
      if let found = inner.first(where: { $0.0 == wanted }).map({ direct($0.1) }), !found.isEmpty { return found }
    }
    return []
  }

  private static func tensors(
    _ value: PickleMachine.Value, _ machine: PickleMachine, _ file: RandomAccessFile,
    place: (PickleMachine.Storage) -> (offset: Int, count: Int)?
  ) throws -> [StoredTensor] {
    let views = views(value, machine)
    guard !views.isEmpty else {
      throw EngineError(.format, "'\(file.path)' holds no state dictionary: no tensors under names.")
    }
    guard views.count <= mostTensors else {
      throw EngineError(.format, "'\(file.path)' lists \(views.count) tensors; it is no network.")
    }
    return try views.map { name, view in
      func broken(_ what: String) -> EngineError {
        EngineError(.format, "'\(file.path)' is not a whole \(kind): '\(name)' \(what).")
      }
      guard let stored = place(view.storage) else { throw broken("has no values in the file") }
      let width = view.storage.elementType.byteCount
      guard let count = try? Tensor.elementCount(view.shape), view.shape.allSatisfy({ $0 >= 0 }),
        view.strides.allSatisfy({ (0...(1 << 40)).contains($0) }), view.storage.offset <= stored.count,
        (0...stored.count).contains(view.offset), view.shape.allSatisfy({ $0 <= 1 << 32 })
      else { throw broken("has the shape \(view.shape), which cannot be") }
      let first = view.storage.offset + view.offset
      if count == 0 { return StoredTensor(name, try Tensor(zeros: view.shape, view.storage.elementType)) }
      var span = 1
      for (size, step) in zip(view.shape, view.strides) {
        let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: step)
        guard !overflow, reach <= stored.count else { throw broken("reaches beyond its values") }
        span += reach
      }
      guard first <= stored.count, span <= stored.count - first, count <= span else {
        throw broken("reaches beyond its \(stored.count) values, or repeats them")
      }
      let offset = stored.offset + first * width
      if zip(zip(view.shape, view.strides), Tensor.contiguousStrides(view.shape)).allSatisfy({
        $0.0.0 == 1 || $0.0.1 == $0.1
      }) {
        return StoredTensor(
          name, shape: view.shape, view.storage.elementType, file: file,
          runs: [.init(offset: offset, count: count, step: width)])
      }
      return StoredTensor(
        name, shape: view.shape, view.storage.elementType, file: file, offset: offset, span: span,
        strides: view.strides)
    }
  }
}
