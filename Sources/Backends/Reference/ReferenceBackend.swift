public import CDecoupled
import DecoupledBackendKit

/// The `reference` backend: every operator of `backend.h` as plain scalar code, one file a family, sums in Double.
///
/// It is the executable specification of the operators: other backends are compared with it, and it runs whatever they
/// decline. Elements are float32 or float64. One node makes one kernel, and nothing is fused.
public enum ReferenceBackend {
  /// The backend's functions.
  public static let table = BackendTable.make(
    name: "reference", variant: "scalar", version: "0.1.0", score: { 1 },
    create: { device, backend, message, capacity in
      if let failure = PluginChecks.opening("reference", device: device) {
        return failure.report(to: message, capacity)
      }
      return BackendTable.open(Backend(), into: backend)
    })
}

private final class Backend: SwiftBackend {
  func supports(_ chain: Chain) -> Int {
    guard let node = chain.first, let kind = node.operatorKind, Vocabulary.knowsAttributes(node) else { return 0 }
    let type = kind.reference
    let operands = Array(node.inputOperands) + Array(node.outputOperands)
    guard let first = operands.first, type.elementTypes.contains(first.tensor.element_type) else { return 0 }
    let halves = [Int32(DCN_ELEMENT_F16), Int32(DCN_ELEMENT_BF16)]
    guard !operands.contains(where: { !$0.isAbsent && halves.contains($0.tensor.element_type) }) else { return 0 }
    let known = operands.allSatisfy { $0.isAbsent || type.layouts.contains($0.tensor.layout) }
    return known && (try? planned(node, kind)) != nil ? 1 : 0
  }

  func makeKernel(_ chain: Chain) throws -> any SwiftKernel {
    guard chain.count == 1, let node = chain.first else {
      throw BackendFailure(
        status: Int32(DCN_STATUS_UNSUPPORTED),
        "the reference backend makes one kernel of one node, not of \(chain.count)")
    }
    guard let kind = node.operatorKind, Vocabulary.knowsAttributes(node) else {
      throw BackendFailure(
        status: Int32(DCN_STATUS_UNSUPPORTED),
        "layer \(node.layerName): the reference backend does not know operator kind \(node.kind) with these attributes")
    }
    return try planned(node, kind)
  }

  /// - Throws: `BackendFailure` when attributes or shapes do not belong together.
  private func planned(_ node: dcn_node, _ kind: OperatorKind) throws -> Kernel {
    let computation = try kind.reference.init(Attributes(node))
    let kernel = Kernel(computation, kind.signature, Operands(planned: node))
    try kernel.check(kernel.planned)
    return kernel
  }
}

/// A node's operator with its attributes. Shapes are checked again at each run, for the batch may differ.
private final class Kernel: SwiftKernel {
  private let computation: any Operator
  private let signature: OperatorSignature
  let planned: Operands

  init(_ computation: any Operator, _ signature: OperatorSignature, _ planned: Operands) {
    self.computation = computation
    self.signature = signature
    self.planned = planned
  }

  func check(_ operands: Operands) throws {
    try operands.checkOperands(of: type(of: computation), signature)
    try computation.check(operands)
  }

  func run(_ call: KernelCall) throws {
    let operands = try planned.bound(to: call)
    try check(operands)
    try computation.run(operands)
  }
}
