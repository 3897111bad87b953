import DecoupledBase

/// Everything that fixes the bits of a run, kept in its state: a run resumes only with the same.
struct TrainingIdentity<Settings: Codable>: Codable {
  var phase: String
  var network: NetworkDescription
  var class_names: [String]
  var settings: Settings
  /// Of the data set's ids, labels and masks.
  var data: String
  /// Of the weights that the phase reads and does not train.
  var fixed_weights: String
  /// What the weights were before the first iteration, nil when the caller made the model.
  var origin: TrainingOrigin?

  func json() throws -> String {
    try JSONText.of(self, pretty: true)
  }
}
