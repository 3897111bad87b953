import CDecoupled
import CFFI

/// What a function of the backend's table takes and returns. `all` is generated from backend.h.
struct TableSignature: Sendable {
  /// What the C type of a parameter says of it.
  enum Kind: Sendable, Equatable {
    case int32, uint64, size
    /// A string that the function reads, and a buffer for one that it writes.
    case text, message
    case address
    /// An object of the backend.
    case handle(String)
    /// Where the function puts an object that it makes.
    case created(String)
    /// Structs that the function reads; how many follows, or there is one.
    case records(String)
    /// A struct that the function fills in.
    case filled(String)
  }

  struct Parameter: Sendable {
    let name: String
    let kind: Kind

    init(_ name: String, _ kind: Kind) {
      self.name = name
      self.kind = kind
    }
  }

  enum Result: Sendable {
    case nothing, int32, uint64
  }

  let name: String
  /// Where the function's pointer lies in the table.
  let offset: Int
  let result: Result
  let parameters: [Parameter]

  init(_ name: String, _ member: PartialKeyPath<dcn_backend_table>, returns result: Result, _ parameters: [Parameter]) {
    self.name = name
    offset = MemoryLayout<dcn_backend_table>.offset(of: member)!
    self.result = result
    self.parameters = parameters
  }

  func index(of name: String) -> Int? { parameters.firstIndex { $0.name == name } }

  func first(_ matches: (Kind) -> Bool) -> Int? { parameters.firstIndex { matches($0.kind) } }
}

extension TableSignature.Kind {
  var foreignType: UnsafeMutablePointer<ffi_type> {
    switch self {
    case .int32: dcn_ffi_sint32()
    case .uint64, .size: dcn_ffi_uint64()
    case .text, .message, .address, .handle, .created, .records, .filled: dcn_ffi_pointer()
    }
  }

  var isHandle: Bool { if case .handle = self { true } else { false } }
  var isCreated: Bool { if case .created = self { true } else { false } }
}

extension TableSignature.Result {
  var foreignType: UnsafeMutablePointer<ffi_type> {
    switch self {
    case .nothing: dcn_ffi_void()
    case .int32: dcn_ffi_sint32()
    case .uint64: dcn_ffi_uint64()
    }
  }
}
