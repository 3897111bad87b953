import DecoupledBase
import DecoupledCore

/// The inputs of one forward and backward pass.
public struct TrainingBatch: Sendable {
  /// [images, 3, S, S], preprocessed.
  public let image: Tensor
  /// [images, L]: image-level labels in phase 1, the classes of the selected subset in phase 2.
  public let labels: Tensor
  /// Phase 2: int32 [images, S, S], 0 background, 1 foreground, 255 ignored.
  public let mask: Tensor?

  public init(image: Tensor, labels: Tensor, mask: Tensor? = nil) {
    self.image = image
    self.labels = labels
    self.mask = mask
  }

  /// The tensors by the graph's inputs. Labels are viewed in the shape the graph asks for.
  func feeds(for graph: TrainingGraph) throws -> [ValueID: Tensor] {
    var feeds = [graph.image: image, graph.labels: try labels.reshaped(graph.graph[graph.labels].type.shape)]
    if let id = graph.mask {
      guard let mask else { throw EngineError(.invalidArgument, "A phase 2 batch needs masks.") }
      feeds[id] = mask
    }
    return feeds
  }
}
