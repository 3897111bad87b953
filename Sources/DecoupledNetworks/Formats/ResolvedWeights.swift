/// Tensors of a weight file under the names that our networks use.
struct ResolvedWeights {
  struct Weight {
    let tensor: StoredTensor
    /// "LAYER.weight" and so on.
    let name: String
    /// Whether the file has it under another name than ours.
    let isForeign: Bool
  }

  var weights: [Weight] = []
  /// Tensors without a place in any of our networks.
  var unused: [String] = []
  /// Copies that were compared with their originals and left out.
  var dropped: [String] = []
  /// What was done to the weights, for the reader of the report.
  var notes: [String] = []

  mutating func add(_ tensor: StoredTensor, _ name: String, isForeign: Bool = false) {
    weights.append(Weight(tensor: tensor, name: name, isForeign: isForeign))
  }
}
