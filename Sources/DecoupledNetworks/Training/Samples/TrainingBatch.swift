import DecoupledBase
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
