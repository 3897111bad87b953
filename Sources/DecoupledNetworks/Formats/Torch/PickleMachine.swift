import DecoupledBase
import DecoupledCore

/// Reads pickles without running anything: a few builders of tensors are known, every other global is refused by name.
///
/// Containers live in one list and are named by their index, so that a pickle whose containers hold each other, or are nested
/// a million deep, costs no more than its bytes.
final class PickleMachine {
  enum Value {
    case none
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    /// Index of an entry of `containers`.
    case container(Int)
    case global(Global)
    case storage(Storage)
    case tensor(View)
  }

  /// What a pickle may name.
  enum Global: Hashable {
    case orderedDictionary
    case rebuildTensor
    case rebuildParameter
    case storage(ElementType)
  }

  struct Storage {
    let key: String
    let elementType: ElementType
    let count: Int
    /// Of legacy views: the first element.
    let offset: Int
  }

  struct View {
    let storage: Storage
    let offset: Int
    let shape: [Int]
    let strides: [Int]
  }

  enum Container {
    case tuple([Value])
    case list([Value])
    case dictionary([(key: Value, value: Value)])
  }

  private(set) var containers: [Container] = []
  /// Element types of the storages that were named.
  private(set) var storageTypes: [String: ElementType] = [:]
  private let cursor: FileCursor
  private let end: Int
  private var stack: [Value] = []
  private var marks: [Int] = []
  private var memo: [Int: Value] = [:]

  /// Pickles of more steps than this were made to fill the memory; a large network with its optimiser's state takes 300,000.
  private static let mostSteps = 1_000_000
  /// Texts longer than this are no names.
  private static let mostText = 1 << 16

  init(_ cursor: FileCursor, end: Int) {
    self.cursor = cursor
    self.end = end
  }

  func elements(_ value: Value) -> [Value]? {
    guard case .container(let index) = value else { return nil }
    switch containers[index] {
    case .tuple(let values), .list(let values): return values
    case .dictionary: return nil
    }
  }

  func pairs(_ value: Value) -> [(key: Value, value: Value)]? {
    guard case .container(let index) = value, case .dictionary(let pairs) = containers[index] else { return nil }
    return pairs
  }

  private func broken(_ what: String) -> EngineError { cursor.broken(what) }

  private func refused(_ what: String) -> EngineError {
    EngineError(.unsupported, "'\(cursor.file.path)' \(what)")
  }

  private func make(_ container: Container) -> Value {
    containers.append(container)
    return .container(containers.count - 1)
  }

  private func pop() throws -> Value {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else { throw broken("the stack is empty") }
    return value
  }

  private func popToMark() throws -> [Value] {
    guard let mark = marks.popLast() else { throw broken("a mark is missing") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  private func number(_ count: Int) throws -> Int {
    let value = try cursor.number(count, before: end)
    guard value <= UInt64(Int.max) else { throw broken("a length beyond any file") }
    return Int(value)
  }

  private func text(_ count: Int) throws -> String { try cursor.text(count, before: end, most: Self.mostText) }

  private func line() throws -> String {
    var bytes: [UInt8] = []
    while case let byte = try cursor.byte(before: end), byte != UInt8(ascii: "\n") {
      guard bytes.count < Self.mostText else { throw broken("a line of more than \(Self.mostText) bytes") }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Runs to the end of one pickle and gives what it made.
  func run() throws -> Value {
    for _ in 0..<Self.mostSteps {
      let opcode = try cursor.byte(before: end)
      if opcode == UInt8(ascii: ".") { return try pop() }
      if try !literal(opcode), try !structure(opcode) { try construct(opcode) }
    }
    throw broken("more than \(Self.mostSteps) steps")
  }

  /// Numbers, texts and the memo. Returns whether the opcode was one of these.
  private func literal(_ opcode: UInt8) throws -> Bool {
    switch opcode {
    case 0x80: _ = try cursor.byte(before: end)  // PROTO
    case 0x95: try cursor.skip(8, before: end)  // FRAME
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88, 0x89: stack.append(.bool(opcode == 0x88))
    case UInt8(ascii: "J"): stack.append(.integer(Int(Int32(truncatingIfNeeded: try number(4)))))
    case UInt8(ascii: "K"): stack.append(.integer(try number(1)))
    case UInt8(ascii: "M"): stack.append(.integer(try number(2)))
    case 0x8A:  // LONG1
      let bytes = try cursor.bytes(try number(1), before: end, most: 255)
      stack.append(Self.long(bytes))
    case UInt8(ascii: "G"):
      let bits = try cursor.number(8, before: end)
      stack.append(.real(Double(bitPattern: bits.byteSwapped)))
    case UInt8(ascii: "X"): stack.append(.text(try text(try number(4))))
    case 0x8C: stack.append(.text(try text(try number(1))))  // SHORT_BINUNICODE
    case UInt8(ascii: "U"), UInt8(ascii: "C"): stack.append(.text(try text(try number(1))))
    case UInt8(ascii: "T"), UInt8(ascii: "B"): stack.append(.text(try text(try number(4))))
    case UInt8(ascii: "q"): memo[try number(1)] = try top()
    case UInt8(ascii: "r"): memo[try number(4)] = try top()
    case 0x94: memo[memo.count] = try top()  // MEMOIZE
    case UInt8(ascii: "h"): stack.append(try recalled(try number(1)))
    case UInt8(ascii: "j"): stack.append(try recalled(try number(4)))
    default: return false
    }
    return true
  }

  private func top() throws -> Value {
    guard stack.count > (marks.last ?? 0), let value = stack.last else { throw broken("the stack is empty") }
    return value
  }

  private func recalled(_ index: Int) throws -> Value {
    guard let value = memo[index] else { throw broken("the memo has no entry \(index)") }
    return value
  }

  /// A little-endian two's complement number; what does not fit 64 bits is not looked at again, but for the magic number.
  private static func long(_ bytes: [UInt8]) -> Value {
    guard bytes.count <= 8 else { return .text("long " + bytes.reversed().map { String($0, radix: 16) }.joined()) }
    var value = bytes.last.map { $0 >= 0x80 } == true ? -1 : 0
    for byte in bytes.reversed() { value = value << 8 | Int(byte) }
    return .integer(value)
  }

  /// Tuples, lists and dictionaries. Returns whether the opcode was one of these.
  private func structure(_ opcode: UInt8) throws -> Bool {
    switch opcode {
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: ")"): stack.append(make(.tuple([])))
    case UInt8(ascii: "]"): stack.append(make(.list([])))
    case UInt8(ascii: "}"): stack.append(make(.dictionary([])))
    case UInt8(ascii: "t"): stack.append(make(.tuple(try popToMark())))
    case 0x85, 0x86, 0x87:  // TUPLE1, TUPLE2, TUPLE3
      let values = try (0..<Int(opcode - 0x84)).map { _ in try pop() }
      stack.append(make(.tuple(values.reversed())))
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "a"): try extend([try pop()])
    case UInt8(ascii: "e"): try extend(try popToMark())
    case UInt8(ascii: "s"):
      let value = try pop()
      try set([try pop(), value])
    case UInt8(ascii: "u"): try set(try popToMark())
    default: return false
    }
    return true
  }

  private func extend(_ values: [Value]) throws {
    guard case .container(let index) = try top(), case .list(var list) = containers[index] else {
      throw broken("something is appended to what is no list")
    }
    // The list leaves its place while it grows, so that it is not copied.
    containers[index] = .list([])
    list += values
    containers[index] = .list(list)
  }

  private func set(_ values: [Value]) throws {
    guard case .container(let index) = try top(), case .dictionary(var pairs) = containers[index],
      values.count % 2 == 0
    else { throw broken("an item is set in what is no dictionary") }
    containers[index] = .dictionary([])
    for place in stride(from: 0, to: values.count, by: 2) { pairs.append((values[place], values[place + 1])) }
    containers[index] = .dictionary(pairs)
  }

  /// Globals and what is built with them.
  private func construct(_ opcode: UInt8) throws {
    switch opcode {
    case UInt8(ascii: "c"):
      let module = try line()
      stack.append(.global(try global(module, try line())))
    case 0x93:  // STACK_GLOBAL
      guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
        throw broken("a global without a name")
      }
      stack.append(.global(try global(module, name)))
    case UInt8(ascii: "Q"): stack.append(.storage(try storage(try pop())))
    case UInt8(ascii: "R"), 0x81:  // REDUCE, NEWOBJ
      let arguments = try pop()
      guard case .global(let function) = try pop(), let values = elements(arguments) else {
        throw broken("something that is no known function is called")
      }
      stack.append(try call(function, values))
    case UInt8(ascii: "b"):
      // Attributes of a state dictionary, such as its version; they change no weights.
      _ = try pop()
      guard pairs(try top()) != nil else {
        throw refused("sets the attributes of an object; only state dictionaries are read.")
      }
    case UInt8(ascii: "i"), UInt8(ascii: "o"):
      throw refused("makes an object of a class, which is refused; nothing of it was run.")
    default: throw broken("the opcode \(opcode), which weights do not need,")
    }
  }

  private static let storages: [String: ElementType] = [
    "FloatStorage": .float32, "DoubleStorage": .float64, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
    "LongStorage": .int64, "IntStorage": .int32, "CharStorage": .int8, "ByteStorage": .uint8, "BoolStorage": .uint8,
  ]

  private func global(_ module: String, _ name: String) throws -> Global {
    switch (module, name) {
    case ("collections", "OrderedDict"): return .orderedDictionary
    case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"): return .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"): return .rebuildParameter
    case ("torch", let name), ("torch.storage", let name):
      if let type = Self.storages[name] { return .storage(type) }
    default: break
    }
    throw refused(
      "asks for '\(module).\(name)', which weights do not need; it is refused and nothing of the file was run. If the file is to be trusted, save its state_dict() alone."
    )
  }

  private func call(_ function: Global, _ values: [Value]) throws -> Value {
    switch function {
    case .orderedDictionary:
      guard values.isEmpty || values.allSatisfy({ elements($0)?.isEmpty == true }) else {
        throw broken("an ordered dictionary is made from a list")
      }
      return make(.dictionary([]))
    case .rebuildTensor:
      guard values.count >= 4, case .storage(let storage) = values[0], case .integer(let offset) = values[1],
        let shape = integers(values[2]), let strides = integers(values[3]), shape.count == strides.count,
        shape.count <= 8
      else { throw broken("a tensor is built from what is no storage, offset, shape and strides") }
      return .tensor(View(storage: storage, offset: offset, shape: shape, strides: strides))
    case .rebuildParameter:
      guard let first = values.first, case .tensor = first else { throw broken("a parameter is built from no tensor") }
      return first
    case .storage: throw broken("a storage is called")
    }
  }

  private func integers(_ value: Value) -> [Int]? {
    guard let values = elements(value), values.count <= 8 else { return nil }
    let integers = values.compactMap { if case .integer(let number) = $0 { number } else { nil } }
    return integers.count == values.count ? integers : nil
  }

  /// ('storage', type, key, device, count), in old files with a view of another storage behind.
  private func storage(_ identifier: Value) throws -> Storage {
    guard let parts = elements(identifier), parts.count >= 5, case .text("storage") = parts[0],
      case .global(.storage(let type)) = parts[1], case .text(let key) = parts[2], case .integer(let count) = parts[4],
      count >= 0
    else { throw broken("a storage without type, key and count") }
    storageTypes[key] = type
    guard parts.count > 5, let view = elements(parts[5]), view.count == 3 else {
      return Storage(key: key, elementType: type, count: count, offset: 0)
    }
    // The key that follows is the view's own; its values are those of the storage named first.
    guard case .integer(let offset) = view[1], case .integer(let size) = view[2], offset >= 0, size >= 0 else {
      throw broken("a view of a storage without offset and size")
    }
    return Storage(key: key, elementType: type, count: size, offset: offset)
  }
}
