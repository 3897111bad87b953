import DecoupledBackendKit
import DecoupledBase

/// Runs published cases on a backend.
final class VectorCheck {
  private let check: CaseCheck?
  private let folder: String

  init(_ backend: OpenBackend, folder: String) {
    check = (try? Judge(threads: 1)).map { CaseCheck(backend, judge: $0) }
    self.folder = folder
  }

  func check(_ name: String) -> CaseResult {
    var result = CaseResult(verdict: .declined)
    do {
      let vector = try read(name)
      guard let check, let kernel = try check.offer(vector.subject.withoutConstants) else {
        result.note = "declined"
        return result
      }
      result.verdict = .passed
      result.tolerance = Tolerance.of(vector.subject, nodes: 1) + 0x1p-22
      let found = try check.results(kernel, CaseValues(given: [vector.inputs]))
      for (output, expected) in vector.expected.enumerated() {
        guard let expected, output < found.count, let own = found[output] else { continue }
        guard own.count == expected.count else {
          throw Fault("gives \(own.count) elements where ONNX has \(expected.count)")
        }
        let scale = expected.reduce(1e-30) { $1.isFinite ? max($0, abs($1)) : $0 }
        for (index, (own, expected)) in zip(own, expected).enumerated() where own != expected {
          if own.isNaN && expected.isNaN { continue }
          let error = abs(own - expected) / scale
          guard error <= result.tolerance else {
            throw Fault(
              "gives \(NumberText.short(own)) where ONNX has \(NumberText.short(expected)) at element \(index) of output \(output)"
            )
          }
          result.error = max(result.error, error)
        }
      }
    } catch let excluded as OnnxVector.Excluded {
      result.note = "excluded: \(excluded.reason)"
    } catch let fault as Fault {
      result.verdict = .failed(fault.clause)
    } catch {
      result.verdict = .failed("cannot be judged: \(error)")
    }
    return result
  }

  private func read(_ name: String) throws -> OnnxVector {
    let path = "\(folder)/\(name)"
    guard let node = try OnnxNode(path: "\(path)/model.onnx") else {
      throw EngineError(.format, "\(name) has more than one node.")
    }
    func tensors(_ role: String, _ count: Int) throws -> [OnnxTensor] {
      try (0..<count).map { try OnnxTensor(path: "\(path)/test_data_set_0/\(role)_\($0).pb") }
    }
    let given = try tensors("input", node.graphInputs.count)
    let outputs = try tensors("output", node.graphOutputs.count)
    let inputs = node.inputs.map { name in node.graphInputs.firstIndex(of: name).map { given[$0] } }
    let made = node.outputs.compactMap { name in node.graphOutputs.firstIndex(of: name).map { outputs[$0] } }
    return try OnnxVector(node, inputs: inputs, outputs: made)
  }
}

extension Case {
  /// The same with tensors in place of packed parameters.
  fileprivate var withoutConstants: Case {
    var other = self
    other.hasConstants = false
    return other
  }
}
