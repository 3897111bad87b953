import Synchronization

/// An element of "setup" before the library is open.
struct SetupEntry {
  let isPerThread: Bool
  fileprivate let declaration: CDeclaration
  fileprivate let arguments: [ForeignArgument]
  fileprivate let byReference: Set<Int>
  fileprivate let reader: CDeclaration?

  /// - Throws: `ManifestError` that says what does not fit.
  init(_ value: JSONValue) throws {
    let object = try ManifestObject(value, "an element of \"setup\"")
    try object.requireOnly(["function", "arguments", "each_thread", "restore_from"])
    declaration = try CDeclaration(object.string("function"))
    let constants = ArgumentReader(declaration: declaration) { _, _ in nil }
    (arguments, byReference, _) = try constants.read(object.list("arguments"))
    switch object.value("each_thread") {
    case nil, .bool(false)?: isPerThread = false
    case .bool(true)?: isPerThread = true
    case let other?: throw ManifestError("\"each_thread\" is \(other.noun) instead of true or false")
    }
    guard object.value("restore_from") != nil else {
      reader = nil
      return
    }
    let reader = try CDeclaration(object.string("restore_from"))
    self.reader = reader
    guard !isPerThread, reader.parameters.isEmpty, reader.result.base.isInteger, declaration.parameters.count == 1,
      declaration.parameters[0].type.base.isInteger, !declaration.parameters[0].type.isPointer
    else {
      throw ManifestError(
        "\"restore_from\" needs a function without parameters that returns a whole number, and \"function\" to take it")
    }
  }
}

/// A function to be called before the others, such as one that sets the number of threads of a library.
final class Setup: Sendable {
  private let function: ForeignFunction
  /// Reads what the function sets, and puts it back.
  private let restoring: (reader: ForeignFunction, function: ForeignFunction)?
  private let key: String

  /// Settings of libraries hold for the process: the first backend to open changes them, the last to close puts them back.
  private static let open = Mutex<[String: (count: Int, before: Int)]>([:])

  init(_ entry: SetupEntry, _ library: ForeignLibrary) throws {
    let code = try library.function(entry.declaration.name)
    key = "\(library.name) \(entry.declaration.name)"
    function = try ForeignFunction(entry.declaration, code, entry.arguments, byReference: entry.byReference)
    restoring = try entry.reader.map { reader in
      (
        try ForeignFunction(reader, library.function(reader.name), [], byReference: []),
        try ForeignFunction(entry.declaration, code, [.value(0)], byReference: [])
      )
    }
  }

  /// Calls the function.
  func run() { withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 1) { _ = function.call($0.baseAddress!) } }

  /// Calls the function when no other backend has done so.
  func hold() {
    guard let restoring else { return run() }
    Self.open.withLock { open in
      var state = open[key] ?? (0, 0)
      if state.count == 0 {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 1) {
          state.before = restoring.reader.call($0.baseAddress!)
        }
        run()
      }
      state.count += 1
      open[key] = state
    }
  }

  /// Puts back what was set before, when no other backend needs it.
  func release() {
    guard let restoring else { return }
    Self.open.withLock { open in
      guard var state = open[key] else { return }
      state.count -= 1
      open[key] = state
      if state.count == 0 {
        var before = UInt64(bitPattern: Int64(state.before))
        restoring.function.call(&before)
      }
    }
  }
}
