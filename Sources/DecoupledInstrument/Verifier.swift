import CDecoupled
import DecoupledBackendKit
import DecoupledBase
import Synchronization

/// Runs `reference` beside a backend on samples of its calls: the first of each kernel, and a share of the later ones.
final class Verifier: @unchecked Sendable {
  /// A kernel whose runs are compared.
  final class Kernel: @unchecked Sendable {
    let copies: NodeCopies
    let text: ChainText
    let info: dcn_kernel_info
    /// nil where `reference` does not run the nodes.
    let reference: ReferenceChain?
    var callCount = 0

    init(_ nodes: Chain, _ info: dcn_kernel_info) {
      copies = NodeCopies(nodes)
      text = ChainText(nodes)
      self.info = info
      reference = try? ReferenceChain(copies)
    }
  }

  private struct State {
    var kernels: [UInt: Kernel] = [:]
    /// What packed constants were made from. The host keeps those tensors as long as it hands the constants in.
    var constants: [UInt: dcn_tensor] = [:]
    var summary = VerifySummary()
  }

  /// Share of the calls of a kernel that are compared, 0...1, besides its first one.
  private let rate: Double
  private let state = Mutex(State())

  init(rate: Double) { self.rate = rate }

  var summary: VerifySummary { state.withLock { $0.summary } }

  func change(_ body: (inout VerifySummary) -> Void) { state.withLock { body(&$0.summary) } }

  /// Performs a call, with `reference` beside it where it is due.
  func perform(_ call: TableCall, backend: String) -> CallSpan {
    if call.signature.name == "run", let kernel = chosen(call) { return run(kernel, call, backend) }
    let span = call.perform()
    if call.status == Int32(DCN_STATUS_OK) { note(call) }
    return span
  }

  /// The kernel of a run that is to be compared.
  private func chosen(_ call: TableCall) -> Kernel? {
    let handle = UInt(bitPattern: call.argument(0, as: UnsafeRawPointer?.self))
    return state.withLock { state in
      state.summary.callCount += 1
      guard let kernel = state.kernels[handle], kernel.reference != nil else { return nil }
      let number = Double(kernel.callCount)
      kernel.callCount += 1
      return number == 0 || (number * rate).rounded(.down) > ((number - 1) * rate).rounded(.down) ? kernel : nil
    }
  }

  /// Remembers what later runs refer to.
  private func note(_ call: TableCall) {
    func made() -> UInt? {
      guard let place = call.signature.first(\.isCreated) else { return nil }
      return call.argument(place, as: UnsafePointer<UnsafeRawPointer?>?.self)?.pointee.map { UInt(bitPattern: $0) }
    }
    func tensor() -> dcn_tensor? {
      guard let place = call.signature.first({ $0 == .records("dcn_tensor") }) else { return nil }
      return call.argument(place, as: UnsafePointer<dcn_tensor>?.self)?.pointee
    }
    let subject = call.signature.first(\.isHandle).map {
      UInt(bitPattern: call.argument($0, as: UnsafeRawPointer?.self))
    }
    switch call.signature.name {
    case "kernel_create":
      guard let handle = made(), let nodes: UnsafePointer<dcn_node> = call.argument(1),
        let info: UnsafePointer<dcn_kernel_info> = call.argument(4)
      else { return }
      let kernel = Kernel(Chain(start: nodes, count: Int(call.argument(2, as: Int32.self))), info.pointee)
      state.withLock { state in
        state.kernels[handle] = kernel
        state.summary.kernelCount += 1
        if kernel.reference == nil { state.summary.unknown.insert(kernel.text.operators) }
      }
    case "kernel_destroy": state.withLock { state in subject.map { state.kernels[$0] = nil } }
    case "constant_create":
      if let handle = made(), let tensor = tensor() { state.withLock { $0.constants[handle] = tensor } }
    case "constant_update":
      if let subject, let tensor = tensor() { state.withLock { $0.constants[subject] = tensor } }
    case "constant_destroy": state.withLock { state in subject.map { state.constants[$0] = nil } }
    default: break
    }
  }

  /// The tensor behind an operand that may be packed; nil when its origin is not known.
  func unpacked(_ tensor: dcn_tensor) -> dcn_tensor? {
    guard tensor.isPresent, tensor.layout == Int32(DCN_LAYOUT_PACKED) else { return tensor }
    return state.withLock { $0.constants[UInt(bitPattern: tensor.buffer)] }
  }
}

/// What verifying found.
public struct VerifySummary: Sendable {
  public internal(set) var kernelCount = 0
  public internal(set) var callCount = 0
  public internal(set) var comparedCount = 0
  /// Largest error that was allowed, of the largest value of its result, and the layer where it was.
  public internal(set) var largestError = (value: 0.0, layer: "")
  /// Operators that `reference` does not run, and results in layouts that only the backend reads.
  public internal(set) var unknown: Set<String> = []
  /// The first operator that differed.
  public internal(set) var firstDifference: String?

  /// For people.
  public var text: String {
    if let firstDifference { return firstDifference }
    var text =
      "verify: \(comparedCount) of \(callCount) calls of \(kernelCount) kernels were compared with 'reference' and agree"
    if comparedCount > 0 {
      text +=
        "; largest error \(NumberText.short(largestError.value, digits: 2)) of the largest value, in \(largestError.layer)"
    }
    if !unknown.isEmpty { text += "; not compared: \(unknown.sorted().joined(separator: ", "))" }
    return text + "."
  }
}
