import DecoupledCore

/// The tensors of a batch while they are filled.
struct BatchTensors {
  let image: Tensor
  let labels: Tensor
  let mask: Tensor?

  init(count: Int, classes: Int, size: Int, masks: Bool) throws {
    image = try Tensor(zeros: [count, 3, size, size])
    labels = try Tensor(zeros: [count, classes])
    mask = masks ? try Tensor(zeros: [count, size, size], .int32) : nil
  }

  func set(image values: [Float], at index: Int) throws {
    let target = try image.elements(Float.self)
    for (i, value) in values.enumerated() { target[index * values.count + i] = value }
  }

  func set(label: Int, at index: Int) throws { try labels.elements(Float.self)[index * labels.shape[1] + label] = 1 }

  func set(mask values: [UInt8], at index: Int) throws {
    guard let mask else { return }
    let target = try mask.elements(Int32.self)
    for (i, value) in values.enumerated() { target[index * values.count + i] = Int32(value) }
  }

  var batch: TrainingBatch { TrainingBatch(image: image, labels: labels, mask: mask) }
}
