import DecoupledBase
import DecoupledCore

/// Writes tensors as a safetensors file.
public enum SafetensorsWriter {
  /// Writes all tensors, contiguous ones only; either the whole file is there afterwards or nothing new.
  /// - Throws: when the folder is missing, the disk is full or writing is not allowed.
  public static func write(_ tensors: [String: Tensor], metadata: [String: String], to path: String) throws {
    let parts = tensors.map {
      Part(name: $0.key, tensor: StoredTensor($0.key, $0.value), elementType: $0.value.elementType)
    }
    try write(parts, metadata: metadata, to: path)
  }

  /// A tensor to be written, and the type it gets in the file.
  struct Part {
    let name: String
    let tensor: StoredTensor
    /// The tensor's own, or for real numbers float32 or float16.
    let elementType: ElementType
  }

  /// Writes tensors piece by piece, which need not be in memory.
  static func write(_ tensors: [Part], metadata: [String: String], to path: String) throws {
    let parts = tensors.map { part in
      SafetensorsFile.Part(part.name, part.elementType.safetensors, shape: part.tensor.shape) { sink in
        try put(part, to: sink)
      }
    }
    try SafetensorsFile.write(parts, metadata: metadata, to: path)
  }

  private static func put(_ part: Part, to sink: FileSink) throws {
    try part.tensor.forEachPiece { piece in
      let converted: Tensor
      if part.elementType == piece.elementType {
        converted = piece
      } else {
        converted = part.elementType == .float16 ? try piece.asFloat16() : try piece.asFloat32()
      }
      try sink.put(UnsafeRawBufferPointer(start: converted.bytes, count: converted.byteCount))
      withExtendedLifetime(converted) {}
    }
  }
}
