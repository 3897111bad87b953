import DecoupledCore

/// The inputs of one forward and backward pass.
public struct TrainingBatch: Sendable {
  /// [images, 3, S, S], preprocessed.
  public let image: Tensor
  /// [images, L]: image-level labels in phase 1, the classes of the selected subset in phase 2; nil in phases that read
  /// none.
  public let labels: Tensor?
  /// int32 [images, S, S] of pixel labels, 255 ignored; nil in phases without masks.
  public let mask: Tensor?

  public init(image: Tensor, labels: Tensor?, mask: Tensor? = nil) {
    self.image = image
    self.labels = labels
    self.mask = mask
  }

  /// The tensors by the graph's inputs. Labels are viewed in the shape the graph asks for.
  func feeds(for graph: TrainingGraph) throws -> [ValueID: Tensor] {
    var feeds = [graph.image: image]
    if let id = graph.labels {
      guard let labels else { throw EngineError(.invalidArgument, "The batches of this phase need labels.") }
      feeds[id] = try labels.reshaped(graph.graph[id].type.shape)
    }
    if let id = graph.mask {
      guard let mask else { throw EngineError(.invalidArgument, "The batches of this phase need masks.") }
      feeds[id] = mask
    }
    return feeds
  }
}

/// Gives the batches of a run by number. Batch n is a pure function of the source's settings and n: it does not matter who
/// makes it, when, or what was made before.
public protocol BatchSource: Sendable {
  /// Images of a batch.
  var batchSize: Int { get }
  /// Number `number` of the run, from 0.
  func batch(_ number: Int) throws -> TrainingBatch
}

/// What the random numbers of a run are for, so that uses do not share numbers.
enum RandomStream: UInt64 {
  case shuffle = 1
  case crop = 2
  case window = 3
  case dropout = 4
}

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
