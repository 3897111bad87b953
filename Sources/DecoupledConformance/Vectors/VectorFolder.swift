import DecoupledBackendKit
import DecoupledBase

/// The folder of ONNX's published node tests.
enum VectorFolder {
  /// Names of the cases with one node whose operator the contract has, sorted.
  static func names(in folder: String) throws -> [String] {
    guard FileAccess.isFolder(folder) else {
      throw EngineError(
        .notFound,
        "There is no folder '\(folder)'; give backend/test/data/node of ONNX's Python package (pip install onnx).")
    }
    return try FileAccess.names(in: folder).filter { name in
      let path = "\(folder)/\(name)/model.onnx"
      guard name.hasPrefix("test_"), FileAccess.isFile(path), let node = try OnnxNode(path: path) else { return false }
      return OperatorKind(name: node.operation) != nil
    }
  }
}
