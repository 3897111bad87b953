import DecoupledBase

extension ProtobufMessage {
  /// The values of a tensor as little-endian float32: packed floats, or ONNX's raw data. They are read when the message is
  /// written.
  mutating func floats(_ field: Int, _ tensor: StoredTensor) {
    bytes(field, count: tensor.elementCount * MemoryLayout<Float>.size) { sink in
      try tensor.forEachFloats { try sink.put(UnsafeRawBufferPointer($0)) }
    }
  }
}
