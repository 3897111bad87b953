import CDecoupled
import CSystem
import DecoupledBackendKit
import Synchronization

/// The calls that a backend got: which function, on what, when, on which thread. Knows nothing of a function but its
/// signature: objects that a call makes are named after the nodes or tensors which that call read.
final class CallTrace: Sendable {
  /// Calls beyond these are counted in the table, but not kept for the file.
  static let largestCount = 1_000_000

  struct Event {
    let signature: Int32
    /// Number of the subject, -1 for none.
    let subject: Int32
    let thread: Int32
    /// Rows of the first tensor, 0 when there is none.
    let rows: Int32
    let began, nanoseconds: UInt64
  }

  /// What calls are about.
  struct Subject: Hashable {
    let backend: String
    /// Layer, or shape of a tensor.
    let name: String
    let operators: String
    let caseText: String
  }

  /// Calls of one function on one subject.
  struct Sum {
    var calls = 0
    var nanoseconds: UInt64 = 0
  }

  struct Key: Hashable {
    let function: String
    let name: String
    let operators: String
    let backend: String
  }

  struct State {
    var events: [Event] = []
    var droppedCount = 0
    var subjects: [Subject] = []
    var numbers: [Subject: Int32] = [:]
    /// Subjects of the objects that are alive, by address.
    var objects: [UInt: Int32] = [:]
    var sums: [Key: Sum] = [:]
    /// Keys of `sums` in the order of their first call.
    var order: [Key] = []
  }

  private let state = Mutex(State())
  let began = nanoseconds()

  func snapshot() -> State { state.withLock { $0 } }

  func record(_ call: TableCall, _ span: CallSpan, backend: String) {
    let nodes = Self.nodes(call, backend)
    let tensor = Self.tensor(call)
    let thread = dcn_system_thread()
    state.withLock { state in
      var subject = nodes.map { state.number(of: $0) } ?? Self.handle(call).flatMap { state.objects[$0] } ?? -1
      if subject < 0, let tensor {
        subject = state.number(
          of: Subject(backend: backend, name: tensor.pointee.shapeText, operators: "", caseText: ""))
      }
      if call.status == Int32(DCN_STATUS_OK), subject >= 0, let made = Self.made(call) { state.objects[made] = subject }
      state.add(
        Event(
          signature: Int32(call.slot.number), subject: subject, thread: thread,
          rows: Int32(clamping: tensor?.pointee.dimension(0) ?? 0), began: span.began,
          nanoseconds: span.ended - span.began), function: call.signature.name, backend)
    }
  }

  /// Address of the object that the call made.
  private static func made(_ call: TableCall) -> UInt? {
    guard let place = call.signature.first(\.isCreated),
      let target: UnsafePointer<UnsafeRawPointer?> = call.argument(place)
    else { return nil }
    return target.pointee.map { UInt(bitPattern: $0) }
  }

  private static func handle(_ call: TableCall) -> UInt? {
    guard let place = call.signature.first(\.isHandle) else { return nil }
    return call.argument(place, as: UnsafeRawPointer?.self).map { UInt(bitPattern: $0) }
  }

  /// The nodes that the call reads.
  private static func nodes(_ call: TableCall, _ backend: String) -> Subject? {
    guard let place = call.signature.first({ $0 == .records("dcn_node") }),
      let nodes: UnsafePointer<dcn_node> = call.argument(place)
    else { return nil }
    let text = ChainText(Chain(start: nodes, count: count(call, after: place)))
    return Subject(backend: backend, name: text.layer, operators: text.operators, caseText: text.caseText)
  }

  /// The first tensor that the call reads.
  private static func tensor(_ call: TableCall) -> UnsafePointer<dcn_tensor>? {
    guard let place = call.signature.first({ $0 == .records("dcn_tensor") }), count(call, after: place) > 0 else {
      return nil
    }
    return call.argument(place)
  }

  private static func count(_ call: TableCall, after place: Int) -> Int {
    guard place + 1 < call.signature.parameters.count, call.signature.parameters[place + 1].kind == .int32 else {
      return 1
    }
    return max(0, Int(call.argument(place + 1, as: Int32.self)))
  }
}

extension CallTrace.State {
  fileprivate mutating func number(of subject: CallTrace.Subject) -> Int32 {
    if let known = numbers[subject] { return known }
    let number = Int32(subjects.count)
    subjects.append(subject)
    numbers[subject] = number
    return number
  }

  fileprivate mutating func add(_ event: CallTrace.Event, function: String, _ backend: String) {
    let about = event.subject >= 0 ? subjects[Int(event.subject)] : nil
    let key = CallTrace.Key(
      function: function, name: about?.name ?? "", operators: about?.operators ?? "", backend: backend)
    if sums[key] == nil { order.append(key) }
    sums[key, default: CallTrace.Sum()].calls += 1
    sums[key, default: CallTrace.Sum()].nanoseconds += event.nanoseconds
    if events.count < CallTrace.largestCount { events.append(event) } else { droppedCount += 1 }
  }
}
