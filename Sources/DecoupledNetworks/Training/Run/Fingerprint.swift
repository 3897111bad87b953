import DecoupledBase
import DecoupledCore
import DecoupledVision

/// Short texts that change when what they are made of changes.
enum Fingerprint {
  /// Of a data set: ids, labels, which items have a mask, and the windows of a list. Not of the pixels.
  static func of(_ dataset: Dataset) -> String {
    var hash: UInt64 = 0
    for item in dataset.items {
      let labels = item.imageLabels.map { $0.map { $0 ? "1" : "0" }.joined() } ?? "-"
      hash = CounterRandom.hash("\(item.id)\n\(labels)\n\(item.maskPath == nil ? 0 : 1)", seed: hash)
    }
    if let crops = dataset.crops {
      for number in 0..<crops.count { hash = CounterRandom.hash("\(crops[number])", seed: hash) }
    }
    return String(CounterRandom.hash(dataset.classes.names.joined(separator: "\n"), seed: hash), radix: 16)
  }

  /// Of weights: names, shapes and all values.
  static func of(_ tensors: [(name: String, tensor: Tensor)]) -> String {
    var hash: UInt64 = 0
    for (name, tensor) in tensors {
      hash = CounterRandom.hash("\(name) \(tensor.shape)", seed: hash)
      let words = UnsafeRawBufferPointer(start: tensor.bytes, count: tensor.byteCount)
      for offset in stride(from: 0, to: words.count - words.count % 4, by: 4) {
        hash = (hash ^ UInt64(words.loadUnaligned(fromByteOffset: offset, as: UInt32.self))) &* 0x100_0000_01B3
      }
    }
    return String(hash, radix: 16)
  }
}
