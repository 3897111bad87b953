import DecoupledBase
import DecoupledCore

/// The tensors of a safetensors file, which view the mapped file, and its metadata.
public struct SafetensorsReader: Sendable {
  public let path: String
  public let metadata: [String: String]
  public let tensors: [String: Tensor]

  /// - Throws: `EngineError` as `SafetensorsFile`.
  public init(path: String) throws {
    let contents = try SafetensorsFile(path: path)
    let file = contents.file
    let storage = TensorStorage(base: file.base, byteCount: file.byteCount, mapsFile: true) { _ = file }
    self.path = path
    metadata = contents.metadata
    tensors = try contents.entries.mapValues { entry in
      let view = Tensor(
        elementType: ElementType(entry.type), shape: entry.shape, storage: storage, byteOffset: entry.range.lowerBound)
      return entry.range.lowerBound % entry.type.byteCount == 0 ? view : try Self.alignedCopy(view)
    }
  }

  private static func alignedCopy(_ view: Tensor) throws -> Tensor {
    let copy = try Tensor(zeros: view.shape, view.elementType)
    copy.bytes.copyMemory(from: view.bytes, byteCount: view.byteCount)
    return copy
  }
}
